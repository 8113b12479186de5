/** Delta debugging (Zeller and Hildebrandt, 2002): leaves out parts while the rest still fails. */

/**
 * The shortest list found within `tries` calls of `fails`, which is called with parts of the list only
 * and must have failed for the whole list.
 */
export async function shrink<Part>(
  parts: readonly Part[],
  fails: (parts: readonly Part[]) => Promise<boolean>,
  tries: number,
): Promise<readonly Part[]> {
  let shortest = parts;
  let pieces = 2;
  let left = tries;
  while (shortest.length > 1 && left > 0) {
    const size = Math.ceil(shortest.length / pieces);
    let smaller: readonly Part[] | undefined;
    for (let start = 0; start < shortest.length && left > 0; start += size) {
      const rest = [...shortest.slice(0, start), ...shortest.slice(start + size)];
      left -= 1;
      if (rest.length > 0 && (await fails(rest))) {
        smaller = rest;
        break;
      }
    }
    if (smaller !== undefined) {
      shortest = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (size === 1) {
      break;
    } else {
      pieces = Math.min(shortest.length, pieces * 2);
    }
  }
  return shortest;
}
