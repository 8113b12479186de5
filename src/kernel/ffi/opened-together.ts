/** Objects that own descriptors and are of use only together: all of them are open, or none. */

interface Closable {
  close(): void;
}

/** Keeps an object open as long as `open` succeeds. */
type Own = <Part extends Closable>(part: Part) => Part;

/** What `open` has given to `own` is closed if it throws. */
export function openedTogether<Value>(open: (own: Own) => Value): Value {
  const parts: Closable[] = [];
  try {
    return open((part) => {
      parts.push(part);
      return part;
    });
  } catch (error) {
    for (const part of parts.reverse()) part.close();
    throw error;
  }
}
