/** One part of the agent to be closed; may do nothing. */
export type Closer = () => void | Promise<void>;

/** Runs all of them, one after the other; an error in one does not keep the others from running. */
export async function closeInOrder(
  closers: readonly Closer[],
  onError: (error: unknown) => void,
): Promise<void> {
  for (const close of closers) {
    try {
      await close();
    } catch (error) {
      onError(error);
    }
  }
}
