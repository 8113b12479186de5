/** What the parts of the IPVS keeper tell people: once for each thing, however often it is tried. */
import type { Logger } from 'pino';

export class IpvsLog {
  readonly #logger: Logger;
  readonly #standing = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  info(code: string, message: string): void {
    this.#logger.info({ code }, message);
  }

  warn(code: string, message: string): void {
    this.#logger.warn({ code }, message);
  }

  /** A trouble that stands until it is `settled`: said again only when it has changed. */
  trouble(subject: string, code: string, message: string): void {
    if (this.#standing.get(subject) === message) return;
    this.#standing.set(subject, message);
    this.#logger.error({ code }, message);
  }

  settled(subject: string): void {
    this.#standing.delete(subject);
  }

  /** Everything that is wrong now. */
  troubles(): string[] {
    return [...this.#standing.values()];
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
