/** The HTTP listener of an agent that may never have one: its modules are loaded when it is asked for. */
import type { Endpoint } from '../net/endpoint.ts';
import type { AgentHttp, AgentHttpOptions } from './http.ts';

export class LazyHttp {
  readonly #options: AgentHttpOptions;
  #http: AgentHttp | undefined;

  constructor(options: AgentHttpOptions) {
    this.#options = options;
  }

  /** Undefined: nowhere. Throws `HttpListenError` when the port is not to be had. */
  async move(listen: Endpoint | undefined): Promise<void> {
    if (this.#http === undefined) {
      if (listen === undefined) return;
      const { AgentHttp } = await import('./http.ts');
      this.#http = new AgentHttp(this.#options);
    }
    await this.#http.move(listen);
  }

  async close(): Promise<void> {
    await this.#http?.close();
  }
}
