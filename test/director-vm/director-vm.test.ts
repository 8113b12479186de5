/**
 * Two directors as operators have them: Debian 13 with its kernel, systemd and the package, on a VLAN over a bond of two
 * links, with IPVS, a client and two real servers. Each test is one thing that happens to the pair; they follow each
 * other, and what a client lost is printed.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StatusDocument } from '../../src/control/protocol.ts';
import { ipBatch, run } from '../../src/lab/command.ts';
import { advertisementsIn, Capture } from '../../src/lab/packets/capture.ts';
import type { ClientPlan } from '../../src/lab/probes/client-program.ts';
import { type ClientRecord, ECHO_PORT, type ProbeRecord } from '../../src/lab/probes/record.ts';
import { nodeProgram } from '../../src/lab/program.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { sleep, waitFor, wallClock } from '../../src/lab/wait.ts';
import { ip } from '../../src/net/address.ts';
import { lacks } from '../interop/harness/requirements.ts';
import { buildPackages, NEXT_VERSION, type Packages } from '../machine/harness/packages.ts';
import { segmentUp } from './harness/segment.ts';
import { buildImage, INTERFACE, VirtualMachine } from './harness/virtual-machine.ts';

const VIP = ip('192.0.2.100');
const FILE = '/etc/vrrp-agent/vrrp-agent.yaml';
const PROBE_EVERY_US = 20_000;

/** Emulated processors share those of the host. */
const PATIENT = { milliseconds: 120_000, everyMilliseconds: 500 };

/** Emulated processors are some ten times slower than real ones, as is the start of the next process. */
const INTERVAL = '3s';

/** As the guide for a new pair has it, with IPVS in direct routing. */
function configOf(director: number, servers: readonly string[]): string {
  return `instances:
  - name: web
    interface: ${INTERFACE}
    vrid: 55
    priority: ${director === 1 ? 150 : 100}
    advertisement_interval: ${INTERVAL}
    addresses: [${VIP}/32]
ipvs:
  sync: { interface: ${INTERFACE} }
  sysctl: { sync_threshold: "1 2", sync_refresh_period: 10, sync_retries: 2 }
  services:
    - name: echo
      address: ${VIP}:${ECHO_PORT}
      scheduler: rr
      forwarding: dr
      servers: [${servers.join(', ')}]
`;
}

interface Loss {
  readonly connections: number;
  readonly lost: number;
  /** From the last connection before it to the first one after it. */
  readonly outageMilliseconds: number;
  /** Of the connection that was open all the time. */
  readonly stream: string;
}

const skipped = lacks('qemu-system-x86_64', 'mmdebstrap', 'mke2fs', 'ssh', 'ssh-keygen', 'python3');

describe.skipIf(skipped)('two virtual machines', () => {
  let built: Packages;
  let lab: Lab;
  let first: VirtualMachine;
  let second: VirtualMachine;

  const states = async (machine: VirtualMachine) => {
    const { status, output } = await machine.run('vrrp-agent', 'status', '--json');
    if (status !== 0) return undefined;
    return (JSON.parse(output) as StatusDocument).instances[0];
  };

  const reaches = (machine: VirtualMachine, state: string) =>
    waitFor(state, async () => (await states(machine))?.state === state, PATIENT);

  const transitions = async (machine: VirtualMachine) =>
    (await states(machine))?.last_transition?.at ?? 'none';

  /** What a client loses until the story has ended and it is served again. */
  const watched = async (what: string, story: () => Promise<unknown>): Promise<Loss> => {
    const file = lab.path('client.json');
    const plan: ClientPlan = {
      number: 0,
      probes: [
        { type: 'tcp', address: VIP, every: PROBE_EVERY_US },
        { type: 'stream', address: VIP, every: PROBE_EVERY_US },
      ],
    };
    const program = [
      ...nodeProgram('src/lab/probes/client-program.js'),
      file,
      JSON.stringify(plan),
    ];
    const probes = await lab.spawn(lab.client, process.execPath, program, {
      label: `client-${what.replaceAll(' ', '-')}`,
      log: true,
    });
    const log = lab.path(`client-${what.replaceAll(' ', '-')}.log`);
    await waitFor('the stream', () => readFileSync(log, 'latin1').includes('ready'), PATIENT);
    await sleep(1_000);
    await story();
    await waitFor('service', () => isServed(lab), PATIENT);
    await sleep(2_000);
    probes.signal('SIGTERM');
    await probes.ended;
    const loss = lossIn(JSON.parse(readFileSync(file, 'utf8')) as ClientRecord);
    console.log(`${what}: ${JSON.stringify(loss)}`);
    return loss;
  };

  beforeEach(async ({ onTestFailed }) => {
    onTestFailed(async () => {
      for (const machine of [first, second]) {
        const journal = ['journalctl', '-u', 'vrrp-agent', '-o', 'short-precise', '-n', '60'];
        console.log((await machine.run(...journal)).output);
      }
    });
    await reaches(first, 'MASTER');
    await reaches(second, 'BACKUP');
  }, 300_000);

  beforeAll(async () => {
    const image = buildImage();
    built = buildPackages();
    await image;
    lab = await segmentUp(`vm${process.pid.toString(36)}`);
    const [, ...servers] = lab.clients;
    for (const server of servers) await becomeRealServer(lab, server);
    const addresses = servers.map(({ address }) => address);
    const install = async (machine: VirtualMachine, number: number) => {
      await machine.boot();
      const own = await machine.put(built.file(/vrrp-agent_0/));
      await machine.must('apt-get', 'install', '-y', own);
      const text = configOf(number, addresses);
      await machine.must('sh', '-c', 'printf %s "$1" >"$2"', 'sh', text, FILE);
      await machine.must('vrrp-agent', 'check');
      await machine.must('systemctl', 'enable', '--now', 'vrrp-agent');
    };
    first = await VirtualMachine.make(lab, 1);
    second = await VirtualMachine.make(lab, 2);
    await Promise.all([install(first, 1), install(second, 2)]);
  }, 1_800_000);

  afterAll(async () => {
    await Promise.all([first, second].map((machine) => machine?.remove()));
    await lab?.down();
    built?.remove();
  }, 60_000);

  test('they advertise in the VLAN, over the bond, and the client is served by both servers', async () => {
    const capture = await Capture.start(lab, { host: lab.client, filter: 'ip proto 112' });
    await waitFor('advertisements', () => advertisementsIn(capture.frames()).length >= 2, PATIENT);
    expect(advertisementsIn(await capture.stop())[0]).toMatchObject({
      source: '192.0.2.11',
      ttl: 255,
    });
    expect(await first.must('ip', '-d', 'link', 'show', INTERFACE)).toContain(
      'vlan protocol 802.1Q id 10',
    );
    expect(await first.must('cat', '/proc/net/bonding/bond0')).toContain('active-backup');
    const loss = await watched('nothing', () => sleep(3_000));
    expect(loss).toMatchObject({ lost: 0, stream: 'open' });
    const table = await first.must('ipvsadm', '-Ln', '--stats');
    expect(table.match(/-> 192\.0\.2\.5[12]:7 +[1-9]/g)).toHaveLength(2);
  }, 120_000);

  test('an upgrade of the MASTER: no transition, no connection ends', async () => {
    const next = await first.put(built.file(new RegExp(`vrrp-agent_${NEXT_VERSION}`)));
    const before = await transitions(second);
    const loss = await watched('upgrade', () => first.must('apt-get', 'install', '-y', next));
    expect(await first.must('vrrp-agent', '--version')).toContain(NEXT_VERSION);
    expect(await transitions(second)).toBe(before);
    expect(loss).toMatchObject({ lost: 0, stream: 'open' });
  }, 300_000);

  test('a link of the bond is lost: no transition', async () => {
    const active = await first.must('cat', '/sys/class/net/bond0/bonding/active_slave');
    const ports = (await first.must('cat', '/sys/class/net/bond0/bonding/slaves'))
      .trim()
      .split(' ');
    const cable = ports.indexOf(active.trim()) === 0 ? 'a' : 'b';
    const before = await transitions(second);
    const loss = await watched('link of the bond', async () => {
      await first.cable(cable, 'off');
      await waitFor(
        'the other link',
        async () =>
          (await first.must('cat', '/sys/class/net/bond0/bonding/active_slave')) !== active,
        PATIENT,
      );
      await first.cable(cable, 'on');
    });
    expect(await transitions(second)).toBe(before);
    expect(loss.stream).toBe('open');
  }, 300_000);

  test('the host of the MASTER dies: the other director has its connections; it returns as MASTER', async () => {
    const loss = await watched('crash', async () => {
      await first.crash();
      await reaches(second, 'MASTER');
    });
    expect((await states(second))?.last_transition?.cause).toBe('master-silent');
    expect(loss.lost).toBeGreaterThan(0);
    expect(loss.outageMilliseconds).toBeLessThan(20_000);
    expect(loss.stream).toBe('open');
    const back = await watched('return', async () => {
      await first.boot();
      await reaches(first, 'MASTER');
    });
    await reaches(second, 'BACKUP');
    expect(back.stream).toBe('open');
  }, 900_000);

  test('a reboot of the MASTER: it resigns, and no connection is lost', async () => {
    const capture = await Capture.start(lab, { host: lab.client, filter: 'ip proto 112' });
    const began = wallClock();
    const loss = await watched('reboot', async () => {
      await first.run('systemctl', 'reboot');
      await reaches(second, 'MASTER');
    });
    expect((await states(second))?.last_transition?.cause).toBe('priority-zero');
    const resigned = advertisementsIn(await capture.stop()).filter(
      ({ at, source, advertisement }) =>
        at >= began && source === '192.0.2.11' && advertisement.priority === 0,
    );
    expect(resigned.length).toBeGreaterThan(0);
    expect(loss).toMatchObject({ lost: 0, stream: 'open' });
  }, 900_000);
});

/** Answers for the VIP itself, as direct routing wants it, and does not say so by ARP. */
async function becomeRealServer(lab: Lab, server: Lab['client']): Promise<void> {
  await lab.run(server, 'sysctl', [
    ...['-q', '-w', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2'],
  ]);
  await ipBatch([`addr add ${VIP}/32 dev lo`], server.namespace);
  const program = nodeProgram('src/lab/probes/service-program.js');
  const label = `service-${server.name}`;
  const running = await lab.spawn(server, process.execPath, program, { label, log: true });
  const isReady = () => readFileSync(lab.path(`${label}.log`), 'latin1').includes('ready');
  await waitFor(label, isReady, { unless: running.ended });
}

async function isServed(lab: Lab): Promise<boolean> {
  const script = `exec 3<>/dev/tcp/${VIP}/${ECHO_PORT}`;
  const inside = ['netns', 'exec', lab.client.namespace, 'timeout', '1', 'bash', '-c', script];
  return run('ip', inside).then(
    () => true,
    () => false,
  );
}

function lossIn({ tcp, stream }: ClientRecord): Loss {
  const served = tcp.filter((one): one is readonly [number, number] => one[1] !== null);
  const lost = tcp.length - served.length;
  const state =
    stream?.connectedAt == null ? 'never' : stream.brokenAt === null ? 'open' : 'broken';
  return { connections: tcp.length, lost, outageMilliseconds: outageOf(tcp), stream: state };
}

/** The longest run of lost connections. */
function outageOf(probes: readonly ProbeRecord[]): number {
  let longest = 0;
  let lastServed = probes[0]?.[0] ?? 0;
  for (const [sentAt, answeredAt] of probes) {
    if (answeredAt === null) continue;
    longest = Math.max(longest, sentAt - lastServed);
    lastServed = sentAt;
  }
  return Math.round(longest / 1_000);
}
