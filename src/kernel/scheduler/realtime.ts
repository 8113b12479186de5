/** Real-time scheduling of the calling thread (sched(7)). */
import { SCHED_RESET_ON_FORK, SCHED_RR } from '../ffi/constants.ts';
import { errnoName } from '../ffi/errno.ts';
import { libc } from '../ffi/libc.ts';

const THIS_THREAD = 0;

/**
 * SCHED_RR for this thread, not for processes it starts. The name of the errno when that is refused:
 * EPERM without CAP_SYS_NICE and RLIMIT_RTPRIO, or in a control group without real-time run time.
 */
export function enterRealtime(priority: number): string | undefined {
  return setScheduler(SCHED_RR | SCHED_RESET_ON_FORK, priority);
}

export function isRealtime(): boolean {
  return (libc().sched_getscheduler(THIS_THREAD) & ~SCHED_RESET_ON_FORK) === SCHED_RR;
}

/** `struct sched_param` is the priority alone. */
function setScheduler(policy: number, priority: number): string | undefined {
  const parameters = new Uint8Array(4);
  new DataView(parameters.buffer).setInt32(0, priority, true);
  const failed = libc().sched_setscheduler(THIS_THREAD, policy, parameters) < 0;
  return failed ? errnoName(libc().errno()) : undefined;
}
