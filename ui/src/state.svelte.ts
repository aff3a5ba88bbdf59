// What the page knows: a snapshot first, then changes. One reducer, nothing else writes here.
import { commands, isFailure, listen } from "./backend";
import type {
  Error as Failure,
  Event,
  FolderView,
  JobView,
  Overall,
  Part,
  Profile,
  Provider,
  Settings,
  Snapshot,
  Trouble,
} from "./bindings";

export type View = "library" | "folders" | "buckets";
export type Notice = { id: number; failure: Failure | null; text: string };

const NOTHING: Overall = { unfinished: 0, waiting: 0, done: 0, failed: 0, waiting_for: null };

export class AppState {
  /** Those that are on their way, or failed; newest first. What is done is the library's. */
  jobs = $state.raw<JobView[]>([]);
  /** Goes up whenever something is done that was not, or left the list. */
  done = $state(0);
  /** Those that left the list last. */
  gone = $state.raw<string[]>([]);
  overall = $state.raw<Overall>(NOTHING);
  settings = $state.raw<Settings | null>(null);
  folders = $state.raw<FolderView[]>([]);
  providers = $state.raw<Provider[]>([]);
  /** A profile before anything is filled in. */
  blank = $state.raw<Profile | null>(null);
  standby = $state(false);
  /** What cannot be done for the moment. */
  health = $state.raw<Trouble[]>([]);
  view = $state<View>("library");
  /** What of the library is shown. */
  part = $state.raw<Part>({ kind: "all" });
  /** The job whose details are shown. */
  selected = $state<string | null>(null);
  /** Why there is no engine at all. */
  broken = $state.raw<Failure | null>(null);
  notices = $state<Notice[]>([]);
  private nextNotice = 1;

  readonly firstRun = $derived(this.settings !== null && this.settings.profiles.length === 0);

  /** A snapshot, and what is on its way or failed longer ago than that reaches. */
  begin(snapshot: Snapshot, older: JobView[] = []): void {
    const known = new Set(snapshot.jobs.map((job) => job.id));
    const all = [...snapshot.jobs, ...older.filter((job) => !known.has(job.id))];
    this.jobs = all.filter((job) => job.stage !== "done").sort((a, b) => b.order - a.order);
    this.done += 1;
    this.overall = snapshot.overall;
    this.settings = snapshot.settings;
    this.folders = snapshot.folders;
    this.standby = snapshot.standby;
    this.health = snapshot.health;
    this.broken = null;
  }

  apply(changes: Event[]): void {
    for (const change of changes) {
      switch (change.kind) {
        case "jobs":
          this.news(change.value);
          break;
        case "forgotten":
          this.drop(change.value);
          break;
        case "overall":
          this.overall = change.value;
          break;
        case "settings":
          this.settings = change.value;
          break;
        case "folders":
          this.folders = change.value;
          break;
        case "health":
          this.health = change.value;
          break;
      }
    }
  }

  private news(fresh: JobView[]): void {
    const done = new Set(fresh.filter((job) => job.stage === "done").map((job) => job.id));
    const known = done.size > 0 ? this.jobs.filter((job) => !done.has(job.id)) : this.jobs;
    this.jobs = merge(
      known,
      fresh.filter((job) => !done.has(job.id)),
    );
    if (done.size > 0) this.done += 1;
  }

  private drop(ids: string[]): void {
    const gone = new Set(ids);
    this.gone = ids;
    this.done += 1;
    this.jobs = this.jobs.filter((job) => !gone.has(job.id));
    if (this.selected && gone.has(this.selected)) this.selected = null;
  }

  /** Says a word in passing. */
  say(text: string): void {
    this.post({ id: this.nextNotice++, failure: null, text }, 2500);
  }

  /** Says what went wrong, until it is dismissed. */
  fail(thrown: unknown): void {
    const failure = isFailure(thrown) ? thrown : { code: "internal" as const, message: String(thrown), hint: null };
    this.post({ id: this.nextNotice++, failure, text: failure.message }, 12_000);
  }

  private post(notice: Notice, ms: number): void {
    this.notices = [...this.notices.filter((known) => known.text !== notice.text), notice].slice(-3);
    setTimeout(() => this.dismiss(notice.id), ms);
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }

  /** Does something that may fail, and says so if it does. Tells whether it worked. */
  async attempt(work: () => Promise<unknown>): Promise<boolean> {
    return (await this.ask(async () => [await work()])) !== null;
  }

  /** The same for something with an answer; nothing if it failed. */
  async ask<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (thrown) {
      this.fail(thrown);
      return null;
    }
  }
}

/** Newer states take the place of older ones; new jobs come first. */
export function merge(known: JobView[], fresh: JobView[]): JobView[] {
  const byId = new Map(fresh.map((job) => [job.id, job]));
  const kept = known.map((job) => {
    const newer = byId.get(job.id);
    byId.delete(job.id);
    return newer ?? job;
  });
  const added = [...byId.values()].sort((a, b) => b.order - a.order);
  return added.length === 0 ? kept : [...added, ...kept].sort((a, b) => b.order - a.order);
}

export const app = new AppState();

/** Takes a new snapshot; what is missing for one is said in the whole window. */
export async function refresh(): Promise<void> {
  try {
    const [failed, upcoming] = [await commands.failed(null), await commands.upcoming()];
    app.begin(await commands.snapshot(), [...failed, ...upcoming]);
  } catch (thrown) {
    app.broken = isFailure(thrown) ? thrown : { code: "internal", message: String(thrown), hint: null };
  }
}

/** Connects the page to the engine. Listening begins before the snapshot, so that nothing falls between. */
export async function connect(): Promise<void> {
  await listen((changes) => app.apply(changes), refresh);
  app.providers = await commands.providers();
  app.blank = await commands.blankProfile();
  await refresh();
}
