/**
 * SIGUSR2: starts the process that takes over from this one, with the present program and file. If it
 * fails, this process continues. It knows who has started it, and takes over from that process or ends.
 *
 * It is not a child of this process, but of a process in between that ends at once, so that it belongs to
 * PID 1 before the service manager gets its PID. For a main process that is not its child, systemd never
 * learns the exit status, and ends each later stop with SIGKILL, without priority 0.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Logger } from 'pino';
import { NO_DEBUGGER } from '../../kernel/process/no-debugger.ts';
import { hasExited } from './process-end.ts';

const LOOK_MS = 200;

/** Starts its arguments as a program, writes the pid to descriptor 3, and ends. */
const STARTER = `
const { spawn } = require('node:child_process');
const [program, ...args] = process.argv.slice(1);
const next = spawn(program, args, { stdio: 'inherit' });
next.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
next.on('spawn', () => {
  require('node:fs').writeSync(3, String(next.pid));
  process.exit(0);
});
`;

interface RestartOptions {
  readonly file: string;
  /** The recording of this process, which the next one continues. */
  readonly record: string | undefined;
  readonly logger: Logger;
}

export class Restart {
  readonly #options: RestartOptions;
  #isUnderWay = false;
  #pid: number | undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(options: RestartOptions) {
    this.#options = options;
  }

  /** Undefined: no successor was started by this process. */
  get pid(): number | undefined {
    return this.#pid;
  }

  begin(): void {
    const { file, record, logger } = this.#options;
    const [, program] = process.argv;
    if (this.#isUnderWay || program === undefined) {
      logger.warn({ code: 'restart-under-way' }, 'SIGUSR2: a successor has already been started');
      return;
    }
    this.#isUnderWay = true;
    const flags = [...process.execArgv.filter((flag) => flag !== NO_DEBUGGER), NO_DEBUGGER];
    const parent = ['--successor-of', `${process.pid}`];
    const args = [...flags, program, 'run', '--takeover', ...parent, '--config', file];
    if (record !== undefined) args.push('--record', record);
    this.#start([process.execPath, ...args]);
  }

  #start(command: readonly string[]): void {
    const starter = this.#spawn(command);
    if (starter === undefined) return;
    let printed = '';
    // Without a descriptor for the pipe Node creates none, and reports the error later.
    const stdio: ChildProcess['stdio'] | undefined = starter.stdio;
    stdio?.[3]?.on('data', (text: Buffer) => {
      printed += text.toString('latin1');
    });
    starter.once('error', (error) => this.#failed(error.message));
    starter.once('close', () => {
      const pid = Number(printed);
      if (Number.isSafeInteger(pid) && pid > 1) this.#started(pid);
      else this.#failed('it could not be started');
    });
  }

  /** Undefined: the kernel has refused it. Node throws some errors, ENOMEM for one, and reports others later. */
  #spawn(command: readonly string[]): ChildProcess | undefined {
    try {
      return spawn(process.execPath, [NO_DEBUGGER, '--eval', STARTER, '--', ...command], {
        stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
        env: environment(),
      });
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** The process in between has ended: its child belongs to PID 1. */
  #started(pid: number): void {
    this.#pid = pid;
    this.#options.logger.info({ code: 'restarting', pid }, 'SIGUSR2: starting the successor');
    this.#look = setInterval(() => {
      if (hasExited(pid)) this.#failed(`pid ${pid} has ended`);
    }, LOOK_MS).unref();
  }

  #failed(why: string): void {
    // An error may be followed by the end of what could not be started.
    if (!this.#isUnderWay) return;
    clearInterval(this.#look);
    this.#isUnderWay = false;
    this.#pid = undefined;
    const message = `the successor did not take over; this process continues: ${why}`;
    this.#options.logger.error({ code: 'restart-failed' }, message);
  }
}

/** Without WATCHDOG_PID, which names this process, the successor feeds the watchdog (sd_watchdog_enabled(3)). */
function environment(): NodeJS.ProcessEnv {
  const { WATCHDOG_PID: _, ...others } = process.env;
  return others;
}
