/** A log that keeps its lines for a test. */
import type { Logger } from 'pino';
import { IpvsLog } from '../../../src/ipvs/keep/ipvs-log.ts';
import type { Instant } from '../../../src/net/time.ts';

export class QuietLog {
  readonly lines: string[] = [];
  readonly log: IpvsLog;

  /** `now`: for the pauses between repairs. */
  constructor(now?: () => Instant) {
    const keep = ({ code }: { readonly code: string }, message: string) => {
      this.lines.push(`${code}: ${message}`);
    };
    this.log = new IpvsLog({ info: keep, warn: keep, error: keep } as unknown as Logger, now);
  }
}
