/**
 * What is done for each of many events, and needs to be done once for all of them: 255 instances that
 * change their state do so in one turn of the event loop.
 */
export function onceATurn(act: () => void): () => void {
  let isComing = false;
  return () => {
    if (isComing) return;
    isComing = true;
    setImmediate(() => {
      isComing = false;
      act();
    });
  };
}
