// The library: which part of it is shown, its days, and those of its entries that are in sight or near.
import { commands } from "../backend";
import type { DayView, JobView, Part } from "../bindings";

/** Entries are read so many at a time. */
export const PAGE = 100;
/** So many pages are kept: those in sight, and where one just was. */
const KEPT = 40;

type Page = { entries: JobView[]; version: number; asked: number; used: number };

export class Library {
  part = $state.raw<Part>({ kind: "all" });
  days = $state.raw<DayView[]>([]);
  /** Goes up whenever something that is read is not what it was. */
  version = $state(0);
  /** Goes up whenever entries have come. */
  arrived = $state(0);
  readonly total = $derived(this.days.reduce((sum, day) => sum + day.entries, 0));
  private readonly pages = new Map<string, Page>();
  private clock = 0;

  constructor(private readonly failed: (thrown: unknown) => void) {}

  /** Shows another part. */
  async show(part: Part): Promise<void> {
    this.part = part;
    this.pages.clear();
    await this.refresh();
  }

  /** Reads the days anew; entries are, too, where they are looked at. */
  async refresh(): Promise<void> {
    const part = this.part;
    try {
      const days = await commands.days(part);
      if (part !== this.part) return;
      this.days = days;
      this.version += 1;
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  /** The entry at a place of a day, if it is here; if not, it comes. */
  entry(day: number, place: number): JobView | null {
    const number = Math.floor(place / PAGE);
    const key = `${day}:${number}`;
    let page = this.pages.get(key);
    if (!page) {
      page = { entries: [], version: -1, asked: -1, used: 0 };
      this.pages.set(key, page);
      this.forget();
    }
    page.used = ++this.clock;
    if (page.version !== this.version && page.asked !== this.version) void this.read(key, page, day, number);
    return page.entries[place % PAGE] ?? null;
  }

  private async read(key: string, page: Page, day: number, number: number): Promise<void> {
    const [part, version] = [this.part, this.version];
    page.asked = version;
    try {
      const entries = await commands.entries(part, { day, behind: null, skip: number * PAGE, limit: PAGE });
      // A later question has been asked, or nobody looks any more.
      if (this.pages.get(key) !== page || page.asked !== version) return;
      page.entries = entries;
      page.version = version;
      this.arrived += 1;
    } catch (thrown) {
      page.asked = -1;
      this.failed(thrown);
    }
  }

  /** The entry at a place of a day, if it is here. */
  peek(day: number, place: number): JobView | null {
    return this.pages.get(`${day}:${Math.floor(place / PAGE)}`)?.entries[place % PAGE] ?? null;
  }

  private forget(): void {
    if (this.pages.size <= KEPT) return;
    const oldest = [...this.pages].sort(([, a], [, b]) => a.used - b.used).slice(0, this.pages.size - KEPT);
    for (const [key] of oldest) this.pages.delete(key);
  }
}
