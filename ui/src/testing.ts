// What tests of the page begin with.
import type { JobView } from "./bindings";

/** A job in the queue, or otherwise as is said. */
export const job = (order: number, over: Partial<JobView> = {}): JobView => ({
  id: `job${order}`,
  order,
  name: `${order}.jpg`,
  source: `/p/${order}.jpg`,
  profile: "demo",
  watched: false,
  stage: "queued",
  sent: 0,
  total: 0,
  size: null,
  present: false,
  url: null,
  preview: null,
  placeholder: null,
  error: null,
  created_at: 0,
  finished_at: null,
  ...over,
});
