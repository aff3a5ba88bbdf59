import { describe, expect, it } from "vitest";
import { HIGHEST, Sheet, Window, type Measure } from "./layout";

const measure: Measure = { width: 812, thumbnail: 152, gap: 12, head: 32, words: 38 };

describe("the sheet", () => {
  it("has as many columns as fit, and spreads the rest", () => {
    const sheet = new Sheet([], measure);
    expect(sheet.columns).toBe(5);
    expect(sheet.side * 5 + 12 * 4).toBeCloseTo(812);
    expect(new Sheet([], { ...measure, width: 100 }).columns).toBe(1);
  });

  it("knows where each day lies", () => {
    const sheet = new Sheet(
      [
        { day: 9, entries: 6 },
        { day: 8, entries: 1 },
      ],
      measure,
    );
    expect(sheet.topOf(1)).toBeCloseTo(32 + 2 * sheet.row + 16);
    expect(sheet.dayAt(sheet.topOf(1) - 1)).toBe(0);
    expect(sheet.dayAt(sheet.topOf(1))).toBe(1);
    expect(sheet.topOfEntry(0, 5)).toBeCloseTo(32 + sheet.row);
  });

  it("gives the rows in sight, and no others", () => {
    const days = Array.from({ length: 1429 }, (_, index) => ({ day: 2000 - index, entries: 700 }));
    const sheet = new Sheet(days, measure);
    const y = sheet.topOf(700) - 100;
    const rows = sheet.rowsBetween(y, y + 900);
    expect(rows.length).toBeLessThan(10);
    expect(rows.some((row) => row.kind === "head" && row.day === 2000 - 700)).toBe(true);
    expect(rows.every((row) => row.top <= y + 900 && row.top + sheet.row + 32 > y)).toBe(true);
  });

  it("ends with its last entry", () => {
    const sheet = new Sheet([{ day: 1, entries: 7 }], measure);
    const last = sheet.rowsBetween(0, sheet.height).at(-1);
    expect(last).toMatchObject({ kind: "entries", from: 5, until: 7 });
  });
});

describe("the window onto it", () => {
  it("stays where it is on a short paper", () => {
    expect(new Window(3000).at(2000)).toEqual({ y: 2000, moved: null });
  });

  it("comes to both ends of a long one", () => {
    const height = 40_000_000;
    let window = new Window(height);
    let [scrollTop, y] = [0, 0];
    for (let step = 0; step < 200 && y < height - 1000; step++) {
      scrollTop = Math.min(scrollTop + 400_000, HIGHEST - 1000);
      const { y: at, moved } = window.at(scrollTop);
      expect(at).toBeGreaterThanOrEqual(y);
      y = at;
      if (moved) {
        scrollTop = y - moved.base;
        window = moved;
      }
    }
    expect(y).toBeGreaterThanOrEqual(height - 401_000);
    expect(window.base + window.element).toBe(height);
  });
});
