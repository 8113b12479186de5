/** Where a running agent is asked: its control socket, and HTTP where the configuration wants it. */
import type { Logger } from 'pino';
import type { AgentSettings } from '../config/agent-settings.ts';
import type { ControlCommands } from '../control/commands.ts';
import { ControlError } from '../control/control-error.ts';
import type { OperatorAccess } from '../control/operator-commands.ts';
import { ControlServer } from '../control/server.ts';
import type { Endpoint } from '../net/endpoint.ts';
import type { ProtocolWorker } from '../protocol/thread/protocol-worker.ts';
import type { AgentHttp, AgentSource } from './http.ts';
import { patiently } from './takeover/arrival.ts';

export interface ListenersOptions {
  readonly source: AgentSource;
  readonly commands: ControlCommands;
  readonly operators: OperatorAccess;
  readonly protocol: ProtocolWorker;
  readonly logger: Logger;
}

export class Listeners {
  readonly #options: ListenersOptions;
  #control: ControlServer | undefined;
  #http: AgentHttp | undefined;
  /** One move of the HTTP listener at a time. */
  #moving: Promise<void> = Promise.resolve();

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /**
   * False: the agent cannot be asked, which has been logged, and nothing is open. `inherits`: the
   * process before this one still has the socket and the port, and is about to close them.
   */
  async open(agent: AgentSettings, inherits: boolean): Promise<boolean> {
    this.#control = await this.#openControl(agent, inherits);
    if (this.#control === undefined) return false;
    if ((await this.#openHttp(agent, inherits)) || inherits) return true;
    await this.#control.close();
    this.#control = undefined;
    return false;
  }

  /** Undefined: nowhere. Rejects with `HttpListenError` when the port cannot be had. */
  moveHttp(listen: Endpoint | undefined): Promise<void> {
    const moved = this.#moving.then(() => this.#moveHttp(listen));
    this.#moving = moved.catch(() => undefined);
    return moved;
  }

  /** Who may connect to the control socket from now on. */
  setMode(mode: number): void {
    this.#control?.setMode(mode).catch((error: unknown) => {
      const { logger } = this.#options;
      logger.error({ code: 'control-mode-failed', err: error }, 'the socket keeps its mode');
    });
  }

  /** The socket file stays where another process has taken it over. */
  async close(isHandedOver: boolean): Promise<void> {
    await this.#moving;
    await Promise.all([this.#control?.close(isHandedOver), this.#http?.close()]);
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
        mode: control.mode,
        onError: (error) => logger.error({ code: 'control-error', err: error }, 'no answer made'),
      });
    } catch (error) {
      const code = error instanceof ControlError ? error.code : 'control-socket-failed';
      logger.fatal({ code }, messageOf(error));
      return undefined;
    }
  }

  async #openHttp({ httpListen }: AgentSettings, inherits: boolean): Promise<boolean> {
    const open = () => this.moveHttp(httpListen);
    try {
      await (inherits ? patiently(open) : open());
      return true;
    } catch (error) {
      this.#options.logger.fatal({ code: 'http-listen-failed' }, messageOf(error));
      return false;
    }
  }

  /** The modules that serve HTTP are loaded when a listener is wanted for the first time. */
  async #moveHttp(listen: Endpoint | undefined): Promise<void> {
    if (this.#http === undefined) {
      if (listen === undefined) return;
      const { AgentHttp: Http } = await import('./http.ts');
      const { source, protocol, logger } = this.#options;
      const onError = (error: unknown) =>
        logger.error({ code: 'http-error', err: error }, 'no answer made');
      this.#http = new Http({ source, protocol, onError });
    }
    await this.#http.move(listen);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
