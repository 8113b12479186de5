/** What the parts of IPVS say, kept for a test. */
import type { Logger } from 'pino';
import { IpvsLog } from '../../../src/ipvs/keep/ipvs-log.ts';

export class QuietLog {
  readonly lines: string[] = [];
  readonly log: IpvsLog;

  constructor() {
    const note = ({ code }: { readonly code: string }, message: string) => {
      this.lines.push(`${code}: ${message}`);
    };
    this.log = new IpvsLog({ info: note, warn: note, error: note } as unknown as Logger);
  }
}
