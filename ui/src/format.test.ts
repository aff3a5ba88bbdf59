import { expect, test } from "vitest";
import { baseName, bytes, plural, when } from "./format";

test("bytes are shown as file managers show them", () => {
  expect([0, 999, 1000, 12_345, 2_560_000, 5_000_000_000].map(bytes)).toEqual(["0 B", "999 B", "1.0 kB", "12 kB", "2.6 MB", "5.0 GB"]);
  expect(bytes(null)).toBe("");
});

test("words follow their number", () => {
  expect([plural(1, "file"), plural(0, "file"), plural(2, "file")]).toEqual(["1 file", "0 files", "2 files"]);
});

test("today is a time, earlier is a date", () => {
  const now = new Date(2026, 10, 21, 12, 0).getTime();
  expect(when(now - 3_600_000, now)).toMatch(/11:00/);
  expect(when(now - 40 * 86_400_000, now)).not.toMatch(/:/);
});

test("the last part of any path", () => {
  expect([baseName("/a/b/"), baseName("C:\\x\\y.jpg"), baseName("z")]).toEqual(["b", "y.jpg", "z"]);
});
