/** The end of a process of which a thread is stuck in a system call. */
import { libc } from '../ffi/libc.ts';

/**
 * When this process exits, it does not wait for its threads (_exit(2)). An exit by Node.js does, also for one
 * whose write waits for a reader for ever. Handlers of `exit` that are there already run before.
 */
export function exitWithoutThreads(): void {
  process.once('exit', (code) => libc()._exit(code));
}
