/** Real-time scheduling of the calling thread (sched(7)). */
import { SCHED_RESET_ON_FORK, SCHED_RR } from '../ffi/constants.ts';
import { errnoName } from '../ffi/errno.ts';
import { libc } from '../ffi/libc.ts';

const THIS_THREAD = 0;

/**
 * Sets SCHED_RR for this thread, but not for processes it starts. Returns the errno name if the kernel
 * refuses: EPERM without CAP_SYS_NICE and RLIMIT_RTPRIO, or in a control group without real-time run time.
 */
export function enterRealtime(priority: number): string | undefined {
  // `struct sched_param` is the priority alone.
  const parameters = new Uint8Array(4);
  new DataView(parameters.buffer).setInt32(0, priority, true);
  const policy = SCHED_RR | SCHED_RESET_ON_FORK;
  const failed = libc().sched_setscheduler(THIS_THREAD, policy, parameters) < 0;
  return failed ? errnoName(libc().errno()) : undefined;
}
