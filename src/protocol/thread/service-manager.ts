/**
 * What the service manager is told (sd_notify(3)): ready, reloading, stopping, and the state in a
 * few words. The watchdog is not fed here: the protocol thread does that (`watchdog.ts`), so that a
 * protocol that hangs is found out.
 */
import type { Logger } from 'pino';
import { NotifySocket } from '../../kernel/service-manager/notify-socket.ts';
import type { StateName } from '../engine/reports.ts';

export interface ServiceManagerPort {
  send(message: string): boolean;
}

export interface WatchdogSettings {
  /** As in `NOTIFY_SOCKET`. */
  readonly socket: string;
  /** How often it is fed. */
  readonly everyMs: number;
}

const SHOWN: readonly StateName[] = ['MASTER', 'BACKUP', 'FAULT', 'INIT'];

export class ServiceManager {
  readonly #port: ServiceManagerPort | undefined;
  readonly #monotonic: () => bigint;
  #isReady = false;

  /** Without a port, nobody manages this process. */
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

  /** `ready` follows when it is done, however it went. */
  reloading(): void {
    const microseconds = this.#monotonic() / 1_000n;
    this.#port?.send(`RELOADING=1\nMONOTONIC_USEC=${microseconds}`);
  }

  stopping(): void {
    this.#port?.send('STOPPING=1\nSTATUS=letting go');
  }

  /** From now on the service is another process, which this one has started. */
  handOver(pid: number): void {
    this.#port?.send(`MAINPID=${pid}`);
  }

  /** How many instances are in which state. */
  states(states: readonly StateName[]): void {
    if (!this.#isReady) return;
    const parts = SHOWN.flatMap((state) => {
      const count = states.filter((one) => one === state).length;
      return count === 0 ? [] : [`${count} ${state}`];
    });
    this.#port?.send(`STATUS=${parts.join(', ')}`);
  }
}

/** From the environment. Where the manager does not listen, a warning is logged and the agent runs without. */
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

/** From the environment (sd_watchdog_enabled(3)); undefined: nobody waits for a sign of life. */
export function watchdogOf(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): WatchdogSettings | undefined {
  const socket = environment['NOTIFY_SOCKET'];
  const limit = Number(environment['WATCHDOG_USEC']);
  const whose = environment['WATCHDOG_PID'];
  if (socket === undefined || !Number.isSafeInteger(limit) || limit <= 0) return undefined;
  if (whose !== undefined && whose !== String(pid)) return undefined;
  // The manual recommends half of it; a third survives a sign that comes late.
  return { socket, everyMs: Math.max(1, Math.floor(limit / 3_000)) };
}
