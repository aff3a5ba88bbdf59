import { expect, test } from "vitest";
import { job } from "../../testing";
import { byCause, nearest, said } from "./moving";

test("the nearest to done come first, and those that wait in the order in which they come", () => {
  const jobs = [
    job(9),
    job(4),
    job(3, { stage: "imaging" }),
    job(2, { stage: "sending", sent: 1, total: 9 }),
    job(1, { stage: "sending", sent: 8, total: 9 }),
    job(8, { stage: "failed" }),
  ];
  expect(nearest(jobs).map((known) => known.order)).toEqual([1, 2, 3, 4, 9]);
});

test("failures with one cause are one", () => {
  const failed = (order: number, code: "file-missing" | "access-denied") =>
    job(order, { stage: "failed", error: { code, message: `${order}.jpg does not exist`, hint: null } });
  const causes = byCause([failed(1, "file-missing"), failed(2, "file-missing"), failed(3, "access-denied"), job(4)]);
  expect(causes.map(({ jobs }) => jobs.map((known) => known.order))).toEqual([[1, 2], [3]]);
});

test("how far one is, is said in bytes or words", () => {
  expect(said(job(1, { stage: "sending", sent: 2_000_000, total: 9_000_000 }))).toBe("2.0 MB of 9.0 MB");
  expect(said(job(1))).toBe("Waits its turn");
});
