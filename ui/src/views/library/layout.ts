// Where everything of the sheet lies: known from how many entries each day has, before any of them is read.

export type Day = { day: number; entries: number };

/** How large things are. */
export type Measure = { width: number; thumbnail: number; gap: number; head: number; words: number };

/** A row on the paper: a day's head, or a row of entries. */
export type Row =
  { kind: "head"; day: number; entries: number; top: number } | { kind: "entries"; day: number; from: number; until: number; top: number };

/** The space between the rows of two days. */
const BETWEEN_DAYS = 16;
/** The space between two rows of one. */
const BETWEEN_ROWS = 16;

export class Sheet {
  readonly columns: number;
  /** Width, and height, of a thumbnail: what is left is spread evenly. */
  readonly side: number;
  readonly row: number;
  readonly height: number;
  private readonly tops: number[] = [];

  constructor(
    readonly days: Day[],
    readonly measure: Measure,
  ) {
    const { width, thumbnail, gap, words, head } = measure;
    this.columns = Math.max(1, Math.floor((width + gap) / (thumbnail + gap)));
    this.side = Math.max(1, (width - gap * (this.columns - 1)) / this.columns);
    this.row = this.side + words + BETWEEN_ROWS;
    let top = 0;
    for (const day of days) {
      this.tops.push(top);
      top += head + this.rows(day) * this.row + BETWEEN_DAYS;
    }
    this.height = top;
  }

  private rows(day: Day): number {
    return Math.ceil(day.entries / this.columns);
  }

  /** The day that reaches to that height, by its number in the list. */
  dayAt(y: number): number {
    let [low, high] = [0, this.tops.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.tops[middle] ?? 0) <= y) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** Where the head of a day lies. */
  topOf(index: number): number {
    return this.tops[index] ?? 0;
  }

  /** Where an entry of a day lies. */
  topOfEntry(index: number, place: number): number {
    return this.topOf(index) + this.measure.head + Math.floor(place / this.columns) * this.row;
  }

  /** All rows between two heights. */
  rowsBetween(from: number, until: number): Row[] {
    const found: Row[] = [];
    for (let index = this.dayAt(from); index < this.days.length; index++) {
      const day = this.days[index];
      if (!day) break;
      const top = this.topOf(index);
      if (top > until) break;
      if (top + this.measure.head > from) found.push({ kind: "head", ...day, top });
      const first = Math.max(0, Math.floor((from - top - this.measure.head) / this.row));
      for (let row = first; row < this.rows(day); row++) {
        const y = top + this.measure.head + row * this.row;
        if (y > until) break;
        found.push({
          kind: "entries",
          day: day.day,
          from: row * this.columns,
          until: Math.min(day.entries, (row + 1) * this.columns),
          top: y,
        });
      }
    }
    return found;
  }
}

/** Higher than this no element may be, in any webview. */
export const HIGHEST = 8_000_000;

/** A window onto a paper that may be higher than any element: what is scrolled is a part of it, which moves along. */
export class Window {
  constructor(
    readonly height: number,
    readonly base = 0,
  ) {}

  /** How high the element is that is scrolled. */
  get element(): number {
    return Math.min(this.height, HIGHEST);
  }

  /** What to do when so much was scrolled: where on the paper that is, and, near an end of the part, another part. */
  at(scrollTop: number): { y: number; moved: Window | null } {
    const y = this.base + scrollTop;
    const [least, most] = [0, Math.max(0, this.height - HIGHEST)];
    const isNearEnd = (scrollTop < HIGHEST / 8 && this.base > least) || (scrollTop > (HIGHEST * 7) / 8 && this.base < most);
    if (!isNearEnd) return { y, moved: null };
    const base = Math.min(most, Math.max(least, Math.round(y - HIGHEST / 2)));
    return { y, moved: base === this.base ? null : new Window(this.height, base) };
  }
}
