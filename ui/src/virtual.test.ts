import { expect, test } from "vitest";
import { slice } from "./virtual";

test("only what shows is drawn, with a few rows around it", () => {
  expect(slice(10_000, 80, 0, 600)).toEqual({ start: 0, end: 12 });
  expect(slice(10_000, 80, 8000, 600)).toEqual({ start: 96, end: 112 });
});

test("the ends of the list hold", () => {
  expect(slice(0, 80, 0, 600)).toEqual({ start: 0, end: 0 });
  expect(slice(3, 80, 0, 600)).toEqual({ start: 0, end: 3 });
  // Scrolled further than a list that has just become short.
  const { start, end } = slice(3, 80, 99_999, 600);
  expect(start).toBeLessThanOrEqual(3);
  expect(end).toBe(3);
});
