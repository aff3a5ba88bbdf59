// Days as people call them. A day is a number since 1970, as it was here.

const MS = 86_400_000;

/** Today, in days since 1970. */
export function today(now = new Date()): number {
  return Math.floor((now.getTime() - now.getTimezoneOffset() * 60_000) / MS);
}

/** "Today", "Yesterday", a weekday, or a date. */
export function named(day: number, now = today()): string {
  if (day === now) return "Today";
  if (day === now - 1) return "Yesterday";
  const date = new Date(day * MS);
  const year = new Date(now * MS).getUTCFullYear() === date.getUTCFullYear() ? undefined : "numeric";
  return date.toLocaleDateString(undefined, {
    timeZone: "UTC",
    weekday: now - day < 7 ? "long" : undefined,
    day: "numeric",
    month: "long",
    year,
  });
}
