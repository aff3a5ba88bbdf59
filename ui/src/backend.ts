// The only door to the desktop: everything the page asks for or hears comes through here.
import { convertFileSrc } from "@tauri-apps/api/core";
import { getCurrentWebview } from "@tauri-apps/api/webview";
import { commands, events, type Error as Failure, type Event } from "./bindings";

export { commands };

/** The address of a picture in the app's own scheme. */
export const previewUrl = (id: string): string => convertFileSrc(id, "tintype");

/** Whether something thrown is one of the engine's errors: code, sentence, hint. */
export function isFailure(thrown: unknown): thrown is Failure {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown;
}

/** What changed since the snapshot, in order. `resync`: too much was missed, take a new snapshot. */
export async function listen(changed: (changes: Event[]) => void, resync: () => void): Promise<void> {
  await events.changed.listen((event) => changed(event.payload));
  await events.resync.listen(() => resync());
}

/** Files dragged over the window and dropped on it. */
export async function listenForDrops(over: (inside: boolean) => void, dropped: (paths: string[]) => void): Promise<void> {
  await getCurrentWebview().onDragDropEvent(({ payload }) => over(payload.type === "enter" || payload.type === "over"));
  await events.dropped.listen((event) => dropped(event.payload));
}

/** Asks for files; nothing if the person changed their mind. */
export async function pickFiles(): Promise<string[]> {
  return await commands.pickFiles();
}

/** Asks for one folder. */
export async function pickFolder(): Promise<string | null> {
  return await commands.pickFolder();
}
