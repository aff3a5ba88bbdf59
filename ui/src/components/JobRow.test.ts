import { render, screen } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import type { JobView } from "../bindings";

vi.mock("../backend", () => ({ previewUrl: (id: string) => `tintype://localhost/${id}` }));
const { default: JobRow } = await import("./JobRow.svelte");

const base: JobView = {
  id: "a", order: 1, name: "<img src=x onerror=alert(1)>.jpg", source: "/p/a.jpg", profile: "demo", watched: false, stage: "failed", placeholder: null, sent: 0, total: 0,
  size: 10, present: false, url: null, preview: "p1", error: { code: "bucket-missing", message: "there is no bucket", hint: null }, created_at: 0, finished_at: 0,
};

test("a failed job shows its sentence and Retry, and its name is only text", async () => {
  const onretry = vi.fn();
  const { container } = render(JobRow, { job: base, selected: false, onopen: () => {}, onretry, onresume: () => {} });
  expect(screen.getByText("there is no bucket")).toBeTruthy();
  expect(screen.getByText(base.name)).toBeTruthy();
  expect(container.querySelectorAll("img").length).toBe(1);
  screen.getByTestId("retry").click();
  expect(onretry).toHaveBeenCalledOnce();
});

test("a job on its way shows how far it is", () => {
  render(JobRow, { job: { ...base, stage: "sending", error: null, sent: 250, total: 1000 }, selected: false, onopen: () => {}, onretry: () => {}, onresume: () => {} });
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("25");
});

test("a taken key is a choice", () => {
  const onretry = vi.fn();
  const error = { code: "key-taken" as const, message: "the key a.jpg is taken by other content", hint: null };
  render(JobRow, { job: { ...base, stage: "failed", error }, selected: false, onopen: () => {}, onretry, onresume: () => {} });
  for (const choice of ["keep-both", "overwrite", "skip"]) screen.getByTestId(choice).click();
  expect(onretry.mock.calls).toEqual([["keep-both"], ["overwrite"], ["skip"]]);
});

test("a resting upload can go on", () => {
  const onresume = vi.fn();
  render(JobRow, { job: { ...base, stage: "paused", error: null }, selected: false, onopen: () => {}, onretry: () => {}, onresume });
  screen.getByTestId("resume").click();
  expect(onresume).toHaveBeenCalledOnce();
});
