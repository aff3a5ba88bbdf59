// Only the rows that show are drawn.

/** Which rows of a list to draw: those in the window, and a few around it so that scrolling shows no gaps. */
export function slice(count: number, row: number, scrollTop: number, height: number, around = 4): { start: number; end: number } {
  const first = Math.floor(Math.max(0, scrollTop) / row);
  const start = Math.max(0, Math.min(first, count) - around);
  const end = Math.min(count, first + Math.ceil(height / row) + around);
  return { start, end: Math.max(start, end) };
}
