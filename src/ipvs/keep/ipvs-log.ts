/** The log of the IPVS keepers: a problem is logged once, however often the attempt is repeated. */
import type { Logger } from 'pino';

export class IpvsLog {
  readonly #logger: Logger;
  readonly #unsettled = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  info(code: string, message: string): void {
    this.#logger.info({ code }, message);
  }

  warn(code: string, message: string): void {
    this.#logger.warn({ code }, message);
  }

  /** A problem that lasts until it is `settled`; it is logged again only if its message changes. */
  trouble(subject: string, code: string, message: string): void {
    if (this.#unsettled.get(subject) === message) return;
    this.#unsettled.set(subject, message);
    this.#logger.error({ code }, message);
  }

  settled(subject: string): void {
    this.#unsettled.delete(subject);
  }

  /** Messages of all problems that are not settled. */
  troubles(): string[] {
    return [...this.#unsettled.values()];
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
