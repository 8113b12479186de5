/** Microseconds since 1970, comparable with the time stamps of captured frames. */
export function wallClock(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}
