/** The listeners of a running agent: its control socket and, if configured, HTTP. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { SerialQueue } from '../../async/serial-queue.ts';
import type { AgentSettings, ControlSettings } from '../../config/agent-settings.ts';
import type { ControlCommands } from '../../control/commands.ts';
import { ControlError } from '../../control/control-error.ts';
import type { OperatorAccess } from '../../control/operator-commands.ts';
import { ControlServer } from '../../control/server.ts';
import { Backoff } from '../../net/backoff.ts';
import type { Endpoint } from '../../net/endpoint.ts';
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import { type Instant, milliseconds, seconds } from '../../net/time.ts';
import type { ProtocolWorker } from '../../protocol/thread/protocol-worker.ts';
import { accessOf, GroupMissing } from './control-access.ts';
import type { AgentHttp, AgentSource } from './http.ts';

/** How often to look whether the control socket is still there, in milliseconds. */
const LOOK_MS = 1_000;

const BACKOFF = { least: seconds(1), most: seconds(60), calm: seconds(600) } as const;

/** A predecessor that delivers its last notifications first, as older ones do, closes its HTTP port within this time. */
const ATTEMPTS = 150;
const PAUSE_MS = 100;

interface ListenersOptions {
  readonly source: AgentSource;
  /** DNS names under which HTTP may be addressed. */
  readonly names: () => readonly string[];
  readonly commands: ControlCommands;
  readonly operators: OperatorAccess;
  readonly protocol: ProtocolWorker;
  readonly logger: Logger;
}

export class Listeners {
  readonly #options: ListenersOptions;
  #control: ControlServer | undefined;
  #http: AgentHttp | undefined;
  readonly #httpMoves = new SerialQueue();
  readonly #looks = new SerialQueue();
  readonly #backoff = new Backoff(BACKOFF);
  #looking: NodeJS.Timeout | undefined;
  /** The last attempt to make the socket again has failed, which has been logged. */
  #isLost = false;

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /**
   * False: a listener could not be opened, which has been logged, and none is open. `inherits`: the
   * predecessor still has the socket and the port, and is about to close them.
   */
  async open(agent: AgentSettings, inherits: boolean): Promise<boolean> {
    this.#control = await this.#openControl(agent, inherits);
    if (this.#control === undefined) return false;
    this.#looking = setInterval(() => {
      if (now() >= this.#backoff.until) void this.restoreControl();
    }, LOOK_MS).unref();
    if ((await this.#openHttp(agent, inherits)) || inherits) return true;
    clearInterval(this.#looking);
    await this.#control.close();
    this.#control = undefined;
    return false;
  }

  /** Makes the control socket again if its file has vanished; a failure is logged. */
  restoreControl(): Promise<void> {
    return this.#looks.run(() => this.#restoreControl());
  }

  /** Undefined: closes it. Rejects with `HttpListenError` if the address is unavailable. */
  moveHttp(listen: Endpoint | undefined): Promise<void> {
    return this.#httpMoves.run(() => this.#moveHttp(listen));
  }

  /** Changes the group and the permissions of the control socket. */
  async setAccess(control: ControlSettings): Promise<void> {
    try {
      const { mode, gid } = accessOf(control);
      // A socket whose group is no longer configured is that of the agent again.
      await this.#control?.setAccess({ mode, gid: gid ?? process.getegid?.() });
    } catch (error) {
      this.#options.logger.error(
        { code: 'control-mode-failed', err: error },
        'group or mode of the control socket could not be changed',
      );
    }
  }

  /** Keeps the socket file if another process has taken it over. */
  async close(isHandedOver: boolean): Promise<void> {
    clearInterval(this.#looking);
    await Promise.all([this.#httpMoves.idle(), this.#looks.idle()]);
    await Promise.all([this.#control?.close(isHandedOver), this.#http?.close()]);
  }

  async #restoreControl(): Promise<void> {
    const { logger } = this.#options;
    try {
      if ((await this.#control?.restore()) !== true) return;
      this.#isLost = false;
      const count = this.#backoff.repaired(now());
      if (!isPowerOfTwo(count)) return;
      const message = 'another program removed the control socket; it has been made again';
      logger.warn({ code: 'control-socket-restored', count }, message);
    } catch (error) {
      if (this.#isLost) return;
      this.#isLost = true;
      const message = `the control socket has vanished and cannot be made again: ${messageOf(error)}`;
      logger.error({ code: 'control-socket-lost' }, message);
    }
  }

  async #openControl(
    { control }: AgentSettings,
    inherits: boolean,
  ): Promise<ControlServer | undefined> {
    const { source, commands, operators, logger } = this.#options;
    try {
      return await ControlServer.listen({
        ...{ source, commands, operators, inherits },
        socket: control.socket,
        access: accessOf(control),
        onError: (error) =>
          logger.error({ code: 'control-error', err: error }, 'a request could not be answered'),
      });
    } catch (error) {
      const isKnown = error instanceof ControlError || error instanceof GroupMissing;
      logger.fatal({ code: isKnown ? error.code : 'control-socket-failed' }, messageOf(error));
      return undefined;
    }
  }

  async #openHttp({ httpListen }: AgentSettings, inherits: boolean): Promise<boolean> {
    const open = () => this.moveHttp(httpListen);
    try {
      await (inherits ? retrying(open) : open());
      return true;
    } catch (error) {
      this.#options.logger.fatal({ code: 'http-listen-failed' }, messageOf(error));
      return false;
    }
  }

  /** Loads the modules that serve HTTP with the first listener. */
  async #moveHttp(listen: Endpoint | undefined): Promise<void> {
    if (this.#http === undefined) {
      if (listen === undefined) return;
      const { AgentHttp: Http } = await import('./http.ts');
      const { source, names, protocol, logger } = this.#options;
      const onError = (error: unknown) =>
        logger.error({ code: 'http-error', err: error }, 'a request could not be answered');
      this.#http = new Http({ source, names, protocol, onError });
    }
    await this.#http.move(listen);
  }
}

async function retrying(open: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await open();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

function now(): Instant {
  return milliseconds(performance.now()) as number as Instant;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
