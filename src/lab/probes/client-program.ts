/**
 * `node client-program.js FILE PLAN`: everything the client of a scenario does, until SIGTERM; then
 * what it has seen is in FILE. PLAN is JSON. It prints `ready` when it asks, and when its stream, if
 * it has one, is connected. What is asked by ICMP and ARP is not looked at here:
 * the capture has the kernel's time stamps.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { ip } from '../../net/address.ts';
import type { ProbeType } from '../scenario/scenario.ts';
import { arpProbe } from './arp-probe.ts';
import { askerOf } from './asker.ts';
import { echoProbe } from './echo-probe.ts';
import { keepPace, type Pace, sendInTime } from './pace.ts';
import type { ClientRecord } from './record.ts';
import { streamProbe, tcpProbe, udpProbe } from './socket-probes.ts';

export interface ClientPlan {
  /** Counted from 0. */
  readonly number: number;
  readonly probes: readonly {
    readonly type: ProbeType | 'arp';
    readonly address: string;
    readonly every: number;
  }[];
}

function ready(): void {
  process.stdout.write('ready\n');
}

function prepare({ number, probes }: ClientPlan) {
  const paces: Pace[] = [];
  const record: { -readonly [Key in keyof ClientRecord]: () => ClientRecord[Key] } = {
    tcp: () => [],
    udp: () => [],
    stream: () => null,
  };
  const join = <Value>({ pace, read }: { pace: Pace; read: () => Value }): (() => Value) => {
    paces.push(pace);
    return read;
  };
  for (const { type, address, every } of probes) {
    const to = ip(address);
    if (type === 'icmp') paces.push(echoProbe(to, every));
    if (type === 'arp') paces.push(arpProbe(to, every, askerOf(number)));
    if (type === 'tcp') record.tcp = join(tcpProbe(to, every));
    if (type === 'udp') record.udp = join(udpProbe(to, every));
    if (type === 'stream') record.stream = join(streamProbe(to, every, ready));
  }
  return { paces, record };
}

const [file = '', plan = '{"number":0,"probes":[]}'] = process.argv.slice(2);
sendInTime();
const { paces, record } = prepare(JSON.parse(plan) as ClientPlan);
process.once('SIGTERM', () => {
  const seen: ClientRecord = { tcp: record.tcp(), udp: record.udp(), stream: record.stream() };
  writeFileSync(`${file}.new`, JSON.stringify(seen));
  renameSync(`${file}.new`, file);
  process.exit(0);
});
keepPace(paces);
if (record.stream() === null) ready();
