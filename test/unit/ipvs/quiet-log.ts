/** A log that keeps its lines for a test. */
import type { Logger } from 'pino';
import { IpvsLog } from '../../../src/ipvs/keep/ipvs-log.ts';

export class QuietLog {
  readonly lines: string[] = [];
  readonly log: IpvsLog;

  constructor() {
    const keep = ({ code }: { readonly code: string }, message: string) => {
      this.lines.push(`${code}: ${message}`);
    };
    this.log = new IpvsLog({ info: keep, warn: keep, error: keep } as unknown as Logger);
  }
}
