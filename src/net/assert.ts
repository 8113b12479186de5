/** An assertion that failed: a bug here or a breach of the kernel's contract, never caused by input. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** The element at an index that must exist. */
export function at<Element>(array: ArrayLike<Element>, index: number): Element {
  const element = array[index];
  // The sentence is made only when it is needed: this is called for each field of each packet.
  if (element === undefined) assert(false, `no element ${index} of ${array.length}`);
  return element;
}
