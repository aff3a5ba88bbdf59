// Numbers and times as people read them.

/** Bytes, in the units file managers use. */
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return "";
  if (count < 1000) return `${count} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = count;
  let unit = -1;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** "1 file", "2 files" */
export const plural = (count: number, word: string): string => `${count.toLocaleString()} ${word}${count === 1 ? "" : "s"}`;

/** Time of day for today, the date otherwise. */
export function when(ms: number, now = Date.now()): string {
  const [then, today] = [new Date(ms), new Date(now)];
  return then.toDateString() === today.toDateString()
    ? then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : then.toLocaleDateString([], {
        day: "numeric",
        month: "short",
        year: then.getFullYear() === today.getFullYear() ? undefined : "numeric",
      });
}

/** Whether a person only should know it: nothing failed, and nothing is missing. */
export const isNote = (error: { code: string }): boolean =>
  ["image-flattened", "left-behind", "skipped", "link-closed"].includes(error.code);

/** The last part of a path of any system. */
export const baseName = (path: string): string => path.split(/[\\/]/).filter(Boolean).pop() ?? path;

/** A file's content as base64. */
export function base64(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error ?? new Error("unreadable"));
    reader.readAsDataURL(file);
  });
}

/** A camera's own time, `2024-05-31T12:34:56`, as people write it here. */
export function taken(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
