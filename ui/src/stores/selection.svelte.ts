// What is chosen in the sheet, in the order in which it lies there.

/** Where an entry lies: its day, and its number in it. */
export type Spot = { day: number; place: number };

export class Selection {
  ids = $state.raw<ReadonlySet<string>>(new Set());
  /** Where a range begins. */
  anchor: Spot | null = null;

  get size(): number {
    return this.ids.size;
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** This one alone. */
  only(id: string, spot: Spot): void {
    this.ids = new Set([id]);
    this.anchor = spot;
  }

  /** With it, or without it. */
  toggle(id: string, spot: Spot): void {
    const ids = new Set(this.ids);
    if (!ids.delete(id)) ids.add(id);
    this.ids = ids;
    this.anchor = spot;
  }

  /** All of these, too. */
  extend(ids: string[]): void {
    this.ids = new Set([...this.ids, ...ids]);
  }

  clear(): void {
    this.ids = new Set();
    this.anchor = null;
  }

  /** Those that are gone are not chosen any more. */
  drop(gone: Iterable<string>): void {
    const ids = new Set(this.ids);
    for (const id of gone) ids.delete(id);
    if (ids.size !== this.ids.size) this.ids = ids;
  }
}
