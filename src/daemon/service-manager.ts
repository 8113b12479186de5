/**
 * Notifications to the service manager (sd_notify(3)): ready, reloading, stopping, and a summary of
 * the states. The watchdog is not among them: the protocol thread feeds it
 * (`protocol/thread/watchdog.ts`), so that a protocol that hangs is noticed.
 */
import type { Logger } from 'pino';
import { NotifySocket } from '../kernel/service-manager/notify-socket.ts';
import type { StateName } from '../protocol/engine/reports.ts';

interface ServiceManagerPort {
  send(message: string): boolean;
}

const SHOWN: readonly StateName[] = ['MASTER', 'BACKUP', 'FAULT', 'INIT'];

export class ServiceManager {
  readonly #port: ServiceManagerPort | undefined;
  readonly #monotonic: () => bigint;
  #isReady = false;

  /** Without a port, no service manager started this process. */
  constructor(
    port: ServiceManagerPort | undefined,
    monotonic: () => bigint = () => process.hrtime.bigint(),
  ) {
    this.#port = port;
    this.#monotonic = monotonic;
  }

  ready(): void {
    this.#isReady = true;
    this.#port?.send('READY=1');
  }

  /** `ready` ends the reload, whether it succeeded or not. */
  reloading(): void {
    const microseconds = this.#monotonic() / 1_000n;
    this.#port?.send(`RELOADING=1\nMONOTONIC_USEC=${microseconds}`);
  }

  stopping(): void {
    this.#port?.send('STOPPING=1\nSTATUS=releasing');
  }

  /** Names the process that replaces this one as the service. */
  handOver(pid: number): void {
    this.#port?.send(`MAINPID=${pid}`);
  }

  /** Sends how many instances are in each state. */
  states(states: readonly StateName[]): void {
    if (!this.#isReady) return;
    const parts = SHOWN.flatMap((state) => {
      const count = states.filter((one) => one === state).length;
      return count === 0 ? [] : [`${count} ${state}`];
    });
    this.#port?.send(`STATUS=${parts.join(', ')}`);
  }
}

/** From the environment. If the manager cannot be reached, logs a warning and runs without it. */
export function openServiceManager(logger: Logger): ServiceManager {
  const path = process.env['NOTIFY_SOCKET'];
  if (path === undefined) return new ServiceManager(undefined);
  try {
    return new ServiceManager(new NotifySocket(path));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    logger.warn({ code: 'no-service-manager' }, message);
    return new ServiceManager(undefined);
  }
}
