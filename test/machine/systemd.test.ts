/**
 * The packages on Debian 12 and 13, under the systemd that they come with: what the service manager sees, what is on
 * the wire, and what a client loses. The tests of one release follow each other on one machine.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatusDocument } from '../../src/control/protocol.ts';
import { advertisementsIn } from '../../src/lab/packets/capture.ts';
import { type AgentPeer, agentText, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import { Lab } from '../../src/lab/topology/lab.ts';
import { sleep, waitFor, wallClock } from '../../src/lab/wait.ts';
import type { CapturedFrame } from '../../src/wire/capture/pcap.ts';
import { eventsOf, reaches, VIP } from '../interop/harness/agent-story.ts';
import { lacks } from '../interop/harness/requirements.ts';
import { buildRoot, Machine, type Release } from './harness/machine.ts';
import { buildPackages, NEXT_VERSION, type Packages } from './harness/packages.ts';

const RELEASES: readonly { readonly release: Release; readonly systemd: string }[] = [
  { release: 'bookworm', systemd: '252' },
  { release: 'trixie', systemd: '257' },
];

const FILE = '/etc/vrrp-agent/vrrp-agent.yaml';
const PROBE_EVERY_US = 5_000;
const KILLS = 10;

/** A stop has to be over by then, and priority 0 on the wire. */
const STOP_US = 1_000_000;

const instance = { addresses: [`${VIP}/32`], advertisement_interval: '1s' };

const configOf = (more = {}, top = {}) =>
  agentText({ instances: [{ ...instance, priority: 150, ...more }], more: top });

/** What takes each kind of secret from a credential; the peer has no key. */
const SIGNED = {
  authentication: {
    type: 'hmac',
    keys: { 1: 'credential:web.key' },
    active_key: 1,
    mode: 'receive_only',
  },
};
const SECRETS = {
  notify: {
    webhooks: [{ url: 'http://127.0.0.1:9/', token: 'credential:word' }],
    mail: {
      ...{ server: '127.0.0.1:9', from: 'lb1@example.net', to: ['ops@example.net'] },
      ...{ user: 'lb1', password: 'credential:word' },
    },
  },
};

const skipped = lacks('mmdebstrap', 'nsenter', 'dpkg-deb');

let built: Packages | undefined;

beforeAll(async () => {
  if (skipped) return;
  const roots = Promise.all(RELEASES.map(({ release }) => buildRoot(release)));
  built = buildPackages();
  await roots;
}, 400_000);

afterAll(() => {
  built?.remove();
});

describe.skipIf(skipped).each(RELEASES)('$release, systemd $systemd', ({ release, systemd }) => {
  let lab: Lab;
  let machine: Machine;
  let peer: AgentPeer;

  const packageOf = (pattern: RegExp) => {
    if (built === undefined) throw new Error('no packages');
    return machine.put(built.file(pattern));
  };

  const status = async (): Promise<StatusDocument> =>
    JSON.parse(await machine.must('vrrp-agent', 'status', '--json'));

  const isMaster = async () => {
    const { status: code, stdout } = await machine.run('vrrp-agent', 'status', '--json');
    return code === 0 && (JSON.parse(stdout) as StatusDocument).instances[0]?.state === 'MASTER';
  };

  const serves = async () => {
    await waitFor('the machine is MASTER', isMaster, { everyMilliseconds: 50 });
    await reaches(peer, 'BACKUP');
    await waitFor('it is heard', async () => (await peer.instance()).master !== null);
  };

  /** What a client loses and the peer notices meanwhile. */
  const watched = async (story: () => Promise<unknown>) => {
    const before = (await eventsOf(peer)).length;
    const prober = await Prober.start(lab, VIP, PROBE_EVERY_US);
    await waitFor('an answer', () => prober.probes().some((one) => one.answeredAt !== undefined));
    await story();
    const asked = prober.probes().length;
    await waitFor('later answers', () => prober.probes().length > asked + 20);
    const probes = probesIn(await prober.stop(), VIP).slice(0, asked);
    const lost = probes.filter(({ answeredAt }) => answeredAt === undefined).length;
    return { lost, transitions: (await eventsOf(peer)).length - before };
  };

  /** An orderly stop: priority 0 on the wire at once, and the peer is MASTER. */
  const stopsOrderly = async () => {
    const prober = await Prober.start(lab, VIP, PROBE_EVERY_US);
    const began = wallClock();
    await machine.must('systemctl', 'stop', 'vrrp-agent');
    const took = wallClock() - began;
    const { last_transition } = await reaches(peer, 'MASTER');
    const frames: readonly CapturedFrame[] = await prober.stop();
    const resigned = advertisementsIn(frames).find(
      ({ at, advertisement }) => at >= began && advertisement.priority === 0,
    );
    expect(resigned?.at ?? Number.POSITIVE_INFINITY).toBeLessThan(began + STOP_US);
    expect(took).toBeLessThan(2 * STOP_US);
    expect(last_transition).toMatchObject({ cause: 'priority-zero' });
    expect(await machine.property('Result')).toBe('success');
  };

  const start = async () => {
    await machine.must('systemctl', 'start', 'vrrp-agent');
    await serves();
  };

  const replaced = async (signal: string) => {
    const before = await machine.property('MainPID');
    await machine.must('systemctl', 'kill', '--kill-whom=main', `--signal=${signal}`, 'vrrp-agent');
    await waitFor('another main process', async () => {
      const now = await machine.property('MainPID');
      return now !== before && now !== '0';
    });
    await waitFor('it is MASTER', isMaster);
  };

  beforeAll(async () => {
    lab = await Lab.up({ prefix: `m${release[0]}${process.pid.toString(36)}`, directors: 2 });
    machine = await Machine.boot(lab.director(1), release);
    peer = await startAgent(lab, lab.director(2), { instances: [instance] });
    await reaches(peer, 'MASTER');
  }, 120_000);

  afterAll(async () => {
    await machine?.remove();
    await lab?.down();
  }, 60_000);

  test('install: nothing runs without a file, and the service is skipped rather than failed', async () => {
    expect(await machine.must('systemctl', '--version')).toMatch(new RegExp(`^systemd ${systemd}`));
    const own = packageOf(/vrrp-agent_0/);
    const node = release === 'bookworm' ? [packageOf(/vrrp-agent-node_/)] : [];
    await machine.must('dpkg', '--install', ...node, own);
    await machine.must('systemctl', 'start', 'vrrp-agent');
    expect(await machine.property('ActiveState')).toBe('inactive');
    expect(await machine.property('ConditionResult')).toBe('no');
  });

  test('start: systemd waits for the protocol, and shows the states', async () => {
    await machine.write(FILE, configOf());
    await start();
    expect(await machine.property('StatusText')).toBe('1 MASTER');
    expect(await machine.must('pgrep', '-x', 'vrrp-agent')).toContain(
      await machine.property('MainPID'),
    );
    const warnings = await machine.journal('-p', 'warning');
    expect(warnings).not.toContain('BACKUP to MASTER');
    expect(await machine.journal('-p', 'info')).toContain('web: BACKUP to MASTER');
  });

  test('reload: a good file is applied, a bad one changes nothing and shows its errors', async () => {
    await machine.write(FILE, configOf({ priority: 160 }));
    await machine.must('systemctl', 'reload', 'vrrp-agent');
    expect((await status()).instances[0]?.priority.effective).toBe(160);
    await machine.write(FILE, `${configOf({ priority: 150 })}nonsense: 1\n`);
    expect((await machine.run('systemctl', 'reload', 'vrrp-agent')).status).not.toBe(0);
    expect(await machine.journal()).toMatch(/vrrp-agent\.yaml:\d+:1: .*nonsense/);
    expect((await status()).instances[0]?.priority.effective).toBe(160);
    await machine.write(FILE, configOf());
    await machine.must('systemctl', 'kill', '--kill-whom=main', '--signal=HUP', 'vrrp-agent');
    await waitFor(
      'the file is in effect',
      async () => (await status()).instances[0]?.priority.effective === 150,
    );
    expect(await machine.property('ActiveState')).toBe('active');
  });

  test('credentials of systemd: at the start, in the next process and at a reload', async () => {
    const [folder, key] = ['/etc/vrrp-agent/secrets', '0123456789abcdef'.repeat(4)];
    await machine.write(`${folder}/key`, key);
    await machine.write(`${folder}/word`, 'swordfish');
    const loaded = `LoadCredential=web.key:${folder}/key\nLoadCredential=word:${folder}/word\n`;
    const dropIn = '/etc/systemd/system/vrrp-agent.service.d/secrets.conf';
    await machine.write(dropIn, `[Service]\n${loaded}`);
    await machine.must('systemctl', 'daemon-reload');
    await machine.write(FILE, configOf(SIGNED, SECRETS));
    expect((await machine.run('vrrp-agent', 'check')).output).toContain(
      'these are not checked: web.key, word',
    );
    await machine.must('systemctl', 'restart', 'vrrp-agent');
    await serves();
    expect(await watched(() => replaced('USR2'))).toEqual({ lost: 0, transitions: 0 });
    await machine.must('systemctl', 'reload', 'vrrp-agent');
    await machine.must('rm', '-r', dropIn, folder);
    await machine.must('systemctl', 'daemon-reload');
    await machine.write(FILE, configOf());
    await machine.must('systemctl', 'reload', 'vrrp-agent');
    await machine.must('systemctl', 'restart', 'vrrp-agent');
    await serves();
  }, 120_000);

  test('SIGUSR2: another process, unnoticed, and each end of it is an orderly one', async () => {
    expect(await watched(() => replaced('USR2'))).toEqual({ lost: 0, transitions: 0 });
    expect(await machine.journal()).not.toContain('not our child');
    await stopsOrderly();
    expect(await machine.must('journalctl', '-u', 'vrrp-agent', '--no-pager')).toContain(
      'Deactivated successfully',
    );
    await start();
    await replaced('USR2');
    await machine.must('systemctl', 'restart', 'vrrp-agent');
    await serves();
    await replaced('USR2');
    expect(await watched(() => replaced('KILL'))).toEqual({ lost: 0, transitions: 0 });
  }, 120_000);

  test(`FR-P: systemctl kill -9, ${KILLS} times: no probe is lost`, async () => {
    const kill = async () => {
      for (let count = 0; count < KILLS; count++) {
        await replaced('KILL');
        await sleep(200);
      }
    };
    expect(await watched(kill)).toEqual({ lost: 0, transitions: 0 });
    expect((await status()).instances[0]?.last_transition?.cause).toBe('still-master');
  }, 120_000);

  test('the watchdog ends an agent that hangs, and systemd starts it again', async () => {
    const before = await machine.property('MainPID');
    // 0 would be the group of this process.
    expect(Number(before)).toBeGreaterThan(1);
    await machine.must('kill', '-STOP', before);
    await waitFor(
      'another process',
      async () => {
        const now = await machine.property('MainPID');
        return now !== before && now !== '0';
      },
      { milliseconds: 30_000, everyMilliseconds: 100 },
    );
    expect(await machine.must('journalctl', '-u', 'vrrp-agent', '--no-pager')).toMatch(
      /Watchdog timeout/i,
    );
    await serves();
  }, 90_000);

  test('needrestart has another process take over when a library is new, unnoticed', async () => {
    const before = await machine.property('MainPID');
    const renew = `for one in $(grep -o '/usr/lib/[^ ]*libstdc++[^ ]*' /proc/${before}/maps | sort -u); do
      cp "$one" "$one.new" && mv "$one.new" "$one"
    done`;
    await machine.must('sh', '-c', renew);
    // All other services are left alone: this machine's layered file system makes them look outdated.
    await machine.write(
      '/etc/needrestart/conf.d/only.conf',
      '$nrconf{defno} = 1; $nrconf{override_rc} = { qr(^vrrp-agent) => 1 };\n',
    );
    expect(await machine.must('needrestart', '-b', '-l')).toContain('vrrp-agent.service');
    const restart = () => machine.must('needrestart', '-l', '-r', 'a');
    expect(await watched(restart)).toEqual({ lost: 0, transitions: 0 });
    expect(await machine.property('MainPID')).not.toBe(before);
  }, 60_000);

  test('an upgrade on the MASTER: unnoticed, and a stop after it is orderly', async () => {
    const next = packageOf(new RegExp(`vrrp-agent_${NEXT_VERSION}`));
    const before = await machine.property('MainPID');
    const upgrade = () => machine.must('dpkg', '--install', next);
    expect(await watched(upgrade)).toEqual({ lost: 0, transitions: 0 });
    expect(await machine.property('MainPID')).not.toBe(before);
    expect((await status()).version).toBe(NEXT_VERSION);
    await stopsOrderly();
    await start();
  }, 120_000);

  test('a file with errors is not tried again and again', async () => {
    await machine.write(FILE, 'nonsense: 1\n');
    await machine.run('systemctl', 'restart', 'vrrp-agent');
    await waitFor(
      'it has failed',
      async () => (await machine.property('ActiveState')) === 'failed',
    );
    await sleep(1_000);
    expect(await machine.property('NRestarts')).toBe('0');
    expect(await machine.journal()).toContain('nonsense');
    await machine.write(FILE, configOf());
    await start();
  });

  test('a shutdown of the machine resigns, and a boot brings the service back', async () => {
    await machine.must('systemctl', 'enable', 'vrrp-agent');
    await machine.off();
    expect((await reaches(peer, 'MASTER')).last_transition).toMatchObject({
      cause: 'priority-zero',
    });
    await machine.boot();
    await serves();
  }, 120_000);
});
