/**
 * SIGUSR2: starts the process that takes over from this one, with the present program and file. It is
 * a child, so that it belongs to the same service; the service manager then gets its PID. If it fails,
 * this process continues. It knows its parent, and takes over from it or ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Logger } from 'pino';
import { NO_DEBUGGER } from '../../kernel/process/no-debugger.ts';

interface RestartOptions {
  readonly file: string;
  /** The recording of this process, which the next one continues. */
  readonly record: string | undefined;
  readonly logger: Logger;
}

export class Restart {
  readonly #options: RestartOptions;
  #next: ChildProcess | undefined;

  constructor(options: RestartOptions) {
    this.#options = options;
  }

  /** Undefined: no successor was started by this process. */
  get pid(): number | undefined {
    return this.#next?.pid;
  }

  begin(): void {
    const { file, record, logger } = this.#options;
    const [, program] = process.argv;
    if (this.#next !== undefined || program === undefined) {
      logger.warn({ code: 'restart-under-way' }, 'SIGUSR2: a successor has already been started');
      return;
    }
    const flags = [...process.execArgv.filter((flag) => flag !== NO_DEBUGGER), NO_DEBUGGER];
    const parent = ['--successor-of', `${process.pid}`];
    const args = [...flags, program, 'run', '--takeover', ...parent, '--config', file];
    if (record !== undefined) args.push('--record', record);
    const next = spawn(process.execPath, args, { stdio: 'inherit', env: environment() });
    this.#next = next;
    logger.info({ code: 'restarting', pid: next.pid }, 'SIGUSR2: starting the successor');
    next.once('error', (error) => this.#failed(error.message));
    next.once('exit', (status, signal) => this.#failed(`it ended with ${signal ?? status}`));
    // The successor outlives this process.
    next.unref();
  }

  #failed(why: string): void {
    this.#next = undefined;
    const message = `the successor did not take over; this process continues: ${why}`;
    this.#options.logger.error({ code: 'restart-failed' }, message);
  }
}

/** Without WATCHDOG_PID, which names this process, the successor feeds the watchdog (sd_watchdog_enabled(3)). */
function environment(): NodeJS.ProcessEnv {
  const { WATCHDOG_PID: _, ...others } = process.env;
  return others;
}
