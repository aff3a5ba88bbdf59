// What is on its way, and what failed, as the strip shows it.
import type { JobView } from "../../bindings";
import { bytes } from "../../format";

const NEARNESS: Partial<Record<JobView["stage"], number>> = {
  sending: 3,
  imaging: 2,
  reading: 1,
  waiting: 0,
  paused: 0,
  queued: 0,
  asks: -1,
};

/** Those that are not done, the nearest to it first. */
export function nearest(jobs: JobView[]): JobView[] {
  const share = (job: JobView) => (job.total > 0 ? job.sent / job.total : 0);
  const moving = jobs.filter((job) => NEARNESS[job.stage] !== undefined);
  return moving.sort((a, b) => (NEARNESS[b.stage] ?? 0) - (NEARNESS[a.stage] ?? 0) || share(b) - share(a) || a.order - b.order);
}

/** How far one is, in words. */
export function said(job: JobView): string {
  switch (job.stage) {
    case "sending":
      return job.total > 0 ? `${bytes(job.sent)} of ${bytes(job.total)}` : "Uploading";
    case "imaging":
      return "Making variants";
    case "reading":
      return "Reading";
    case "asks":
      return "Waits for your word";
    case "paused":
      return "Paused";
    case "waiting":
      return job.error?.message ?? "Waiting";
    default:
      return "Waits its turn";
  }
}

/** Failed ones by what is the matter: one sentence, and one remedy for all. */
export function byCause(jobs: JobView[]): { cause: string; jobs: JobView[] }[] {
  const causes = new Map<string, JobView[]>();
  for (const job of jobs) {
    if (job.stage !== "failed" || !job.error) continue;
    // Sentences name their file: without its name they are the same. What to do with a taken key is each file's own.
    const cause = job.error.code === "key-taken" ? job.id : `${job.error.code} ${job.error.message.replaceAll(job.name, "")}`;
    const alike = causes.get(cause);
    if (alike) alike.push(job);
    else causes.set(cause, [job]);
  }
  return [...causes].map(([cause, failed]) => ({ cause, jobs: failed }));
}
