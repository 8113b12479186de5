/**
 * SIGUSR2: this process starts the one that takes its place, with the program and the file as they
 * are now. It is a child, so that it lives in the same service: whoever manages that is told which
 * process it is from then on. If it fails, this process goes on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Logger } from 'pino';
import { NO_DEBUGGER } from '../../kernel/process/no-debugger.ts';

export interface RestartOptions {
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

  /** Of the next process; undefined: this one has started none. */
  get pid(): number | undefined {
    return this.#next?.pid;
  }

  begin(): void {
    const { file, record, logger } = this.#options;
    const [, program] = process.argv;
    if (this.#next !== undefined || program === undefined) {
      logger.warn(
        { code: 'restart-under-way' },
        'SIGUSR2: the next process has been started already',
      );
      return;
    }
    const flags = [...process.execArgv.filter((flag) => flag !== NO_DEBUGGER), NO_DEBUGGER];
    const args = [...flags, program, 'run', '--takeover', '--config', file];
    if (record !== undefined) args.push('--record', record);
    const next = spawn(process.execPath, args, { stdio: 'inherit', env: environment() });
    this.#next = next;
    logger.info({ code: 'restarting', pid: next.pid }, 'SIGUSR2: starting the next process');
    next.once('error', (error) => this.#failed(error.message));
    next.once('exit', (status, signal) => this.#failed(`it ended with ${signal ?? status}`));
    // It outlives this process.
    next.unref();
  }

  #failed(why: string): void {
    this.#next = undefined;
    const message = `the next process has not taken over, this one goes on: ${why}`;
    this.#options.logger.error({ code: 'restart-failed' }, message);
  }
}

/** The watchdog is to be fed by whichever process is the service (sd_watchdog_enabled(3)). */
function environment(): NodeJS.ProcessEnv {
  const { WATCHDOG_PID: _, ...others } = process.env;
  return others;
}
