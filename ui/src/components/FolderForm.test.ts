import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { beforeEach, expect, test, vi } from "vitest";
import type { WatchedFolder } from "../bindings";

const commands = { variantSpecs: vi.fn(), parseVariants: vi.fn(), addFolder: vi.fn(), changeFolder: vi.fn() };
vi.mock("../backend", () => ({ commands, pickFolder: async () => "/sent", isFailure: () => true }));
const { default: FolderForm } = await import("./FolderForm.svelte");

const folder: WatchedFolder = {
  path: "/w",
  profile: "demo",
  paused: false,
  variants: null,
  original_key: "",
  variant_key: "",
  patterns: [],
  recursive: true,
  follow_links: false,
  all_files: false,
  existing: "upload",
  changed: "profile",
  after_upload: "leave",
  deleted: "keep",
  grace_minutes: 60,
};
const thumb = { name: "thumb" };

beforeEach(() => {
  for (const command of Object.values(commands)) command.mockReset().mockResolvedValue([]);
});

const choose = (field: string, value: string) => fireEvent.change(screen.getByTestId(field), { target: { value } });

test("a new folder is asked what becomes of what is in it, and goes to the engine as it is meant", async () => {
  commands.parseVariants.mockResolvedValue([thumb]);
  const done = vi.fn();
  render(FolderForm, { folder, fresh: true, done });
  await choose("existing", "ignore");
  await choose("after-upload", "move");
  await fireEvent.click(screen.getByText("Choose…"));
  await choose("making", "own");
  await fireEvent.input(screen.getByTestId("specs"), { target: { value: " thumb=400x300:cover:jpeg:80 \n\n" } });
  await fireEvent.submit(screen.getByTestId("folder-form"));
  await waitFor(() => expect(done).toHaveBeenCalledOnce());
  expect(commands.parseVariants).toHaveBeenCalledWith(["thumb=400x300:cover:jpeg:80"]);
  expect(commands.addFolder).toHaveBeenCalledWith({ ...folder, existing: "ignore", after_upload: { move: "/sent" }, variants: [thumb] });
});

test("what cannot be understood keeps the form open", async () => {
  commands.parseVariants.mockRejectedValue({ code: "variant-invalid", message: "no variant", hint: null });
  const done = vi.fn();
  render(FolderForm, { folder: { ...folder, variants: [thumb as never] }, done });
  await fireEvent.submit(screen.getByTestId("folder-form"));
  await waitFor(() => expect(commands.parseVariants).toHaveBeenCalled());
  expect(commands.changeFolder).not.toHaveBeenCalled();
  expect(done).not.toHaveBeenCalled();
});

test("a known folder is changed, and what is in it is not asked for again", async () => {
  const done = vi.fn();
  render(FolderForm, { folder: { ...folder, after_upload: { move: "/old" } }, done });
  expect(screen.queryByTestId("existing")).toBeNull();
  await choose("after-upload", "trash");
  await fireEvent.submit(screen.getByTestId("folder-form"));
  await waitFor(() => expect(done).toHaveBeenCalledOnce());
  expect(commands.changeFolder).toHaveBeenCalledWith({ ...folder, after_upload: "trash" });
});
