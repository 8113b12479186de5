/** When addresses appeared on a director and disappeared: `ip monitor` with time stamps. */
import { readFileSync } from 'node:fs';
import { type IpAddress, parseIp } from '../../net/address.ts';
import type { Lab } from '../topology/lab.ts';
import type { LabHost } from '../topology/layout.ts';

export interface AddressChange {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly address: IpAddress;
  readonly interfaceName: string;
  readonly isPresent: boolean;
}

export class AddressMonitor {
  readonly host: LabHost;
  readonly #file: string;

  private constructor(host: LabHost, file: string) {
    this.host = host;
    this.#file = file;
  }

  /** Start it before anything runs on the host: `ip monitor` reports changes only. */
  static async start(lab: Lab, host: LabHost): Promise<AddressMonitor> {
    const label = `${host.name}-addresses`;
    const monitor = ['TZ=UTC', 'ip', '-o', '-ts', 'monitor', 'address'];
    await lab.spawn(host, 'env', monitor, { label, log: true });
    return new AddressMonitor(host, lab.path(`${label}.log`));
  }

  changes(): AddressChange[] {
    return parseMonitor(readFileSync(this.#file, 'latin1'));
  }
}

/** `[2026-11-21T12:39:43.114330] Deleted 2: eth0    inet 192.0.2.100/32 scope global eth0\ …` */
const LINE = /^\[([0-9T:.-]+)\] (Deleted )?\d+: (\S+)\s+inet6? ([^/ ]+)/;

export function parseMonitor(text: string): AddressChange[] {
  return text.split('\n').flatMap((line): AddressChange[] => {
    const [, time = '', deleted, interfaceName = '', plain = ''] = LINE.exec(line) ?? [];
    const address = parseIp(plain);
    if (address === undefined) return [];
    return [{ at: instantOf(time), address, interfaceName, isPresent: deleted === undefined }];
  });
}

/** Microseconds: `Date` has milliseconds, so the fraction is added by hand. */
function instantOf(time: string): number {
  const [seconds = '', fraction = ''] = time.split('.');
  return Date.parse(`${seconds}Z`) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
