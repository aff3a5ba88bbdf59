import { beforeEach, expect, test, vi } from "vitest";
import type { JobView, Snapshot } from "./bindings";
import { job } from "./testing";

vi.mock("./backend", () => ({ commands: {}, listen: vi.fn(), isFailure: (thrown: object) => "code" in thrown }));
const { AppState, merge } = await import("./state.svelte");

const ids = (jobs: JobView[]) => jobs.map((known) => known.order);

let app: InstanceType<typeof AppState>;
beforeEach(() => {
  app = new AppState();
  const settings = {
    version: 1,
    default_profile: "",
    memory_mib: 64,
    bandwidth: { kib_per_second: 0, hours: [] },
    paused: false,
    link_template: "",
    uploads_at_once: 16,
    variants: [],
    limits: { megapixels: 268, decode_mib: 512, seconds: 20, memory_mib: 512 },
    profiles: [],
    folders: [],
  };
  const overall = { unfinished: 0, waiting: 0, done: 0, failed: 0, waiting_for: null };
  app.begin({ jobs: [job(1), job(2)], overall, settings, folders: [], standby: false, health: [] } satisfies Snapshot);
});

test("a snapshot is shown newest first", () => {
  expect(ids(app.jobs)).toEqual([2, 1]);
  expect(app.firstRun).toBe(true);
});

test("changes take the place of what they change, and new jobs come first", () => {
  app.apply([{ kind: "jobs", value: [job(1, { stage: "sending" }), job(3)] }]);
  expect(ids(app.jobs)).toEqual([3, 2, 1]);
  expect(app.jobs[2]?.stage).toBe("sending");
});

test("what is done is the library's", () => {
  const before = app.done;
  app.apply([{ kind: "jobs", value: [job(1, { stage: "done" })] }]);
  expect(ids(app.jobs)).toEqual([2]);
  expect(app.done).toBe(before + 1);
});

test("a forgotten job leaves the list and its details close", () => {
  app.selected = "job2";
  app.apply([{ kind: "forgotten", value: ["job2"] }]);
  expect(ids(app.jobs)).toEqual([1]);
  expect(app.selected).toBeNull();
});

test("a failure is said with its hint, and told apart from success", async () => {
  const worked = await app.attempt(async () => {
    throw { code: "bucket-missing", message: "there is no bucket", hint: "create it" };
  });
  expect(worked).toBe(false);
  expect(app.notices[0]?.failure?.hint).toBe("create it");
});

test("merging keeps ten thousand jobs in order", () => {
  const known = Array.from({ length: 10_000 }, (_, index) => job(10_000 - index));
  const merged = merge(known, [job(5000, { stage: "failed" }), job(10_001)]);
  expect(merged.length).toBe(10_001);
  expect(merged[0]?.order).toBe(10_001);
  expect(merged.find((found) => found.order === 5000)?.stage).toBe("failed");
});
