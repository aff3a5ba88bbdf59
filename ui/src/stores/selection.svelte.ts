// What is chosen in the sheet.

/** An entry, by its day and the journal's order: it stays the same wherever it comes to lie. */
export type Anchor = { day: number; order: number };

export class Selection {
  ids = $state.raw<ReadonlySet<string>>(new Set());
  /** Where a range begins. */
  anchor: Anchor | null = null;

  get size(): number {
    return this.ids.size;
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** This one alone. */
  only(id: string, anchor: Anchor | null): void {
    this.ids = new Set([id]);
    this.anchor = anchor;
  }

  /** With it, or without it. */
  toggle(id: string, anchor: Anchor | null): void {
    const ids = new Set(this.ids);
    if (!ids.delete(id)) ids.add(id);
    this.ids = ids;
    this.anchor = anchor;
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
