/**
 * `node client-program.js FILE PLAN`: the probes of one client, until SIGTERM; then it writes its
 * record to FILE. PLAN is JSON. It prints `ready` when the probes run and the stream, if there is one,
 * is connected. Answers to ICMP and ARP come from the capture, which has the kernel's time stamps.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { ip } from '../../net/address.ts';
import type { ProbeType } from '../scenario/inventory.ts';
import { arpRequesterOf } from '../topology/layout.ts';
import { arpProbe } from './arp-probe.ts';
import { echoProbe } from './echo-probe.ts';
import { keepPace, type Pace, useRealtimePriority } from './pace.ts';
import type { ClientRecord } from './record.ts';
import { streamProbe, tcpProbe, udpProbe } from './socket-probes.ts';

export interface ClientPlan {
  /** Clients count from 0. */
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
    if (type === 'arp') paces.push(arpProbe(to, every, arpRequesterOf(number)));
    if (type === 'tcp') record.tcp = join(tcpProbe(to, every));
    if (type === 'udp') record.udp = join(udpProbe(to, every));
    if (type === 'stream') record.stream = join(streamProbe(to, every, ready));
  }
  return { paces, record };
}

const [file = '', plan = '{"number":0,"probes":[]}'] = process.argv.slice(2);
useRealtimePriority();
const { paces, record } = prepare(JSON.parse(plan) as ClientPlan);
process.once('SIGTERM', () => {
  const seen: ClientRecord = { tcp: record.tcp(), udp: record.udp(), stream: record.stream() };
  writeFileSync(`${file}.new`, JSON.stringify(seen));
  renameSync(`${file}.new`, file);
  process.exit(0);
});
keepPace(paces);
if (record.stream() === null) ready();
