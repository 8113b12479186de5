/** What the steps of the second network do to frames, asked of the kernels of the machines. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { LabNetwork } from '../../src/lab/run/lab-network.ts';
import { floodPeerLink } from '../../src/lab/run/peer-flood.ts';
import { Lab } from '../../src/lab/topology/lab.ts';
import { type LabHost, peerAddress } from '../../src/lab/topology/layout.ts';
import type { IpAddress } from '../../src/net/address.ts';
import { lacks } from '../interop/harness/requirements.ts';

let labs = 0;

async function twoNetworks() {
  const prefix = `n${process.pid.toString(36)}-${(labs++).toString(36)}`;
  const lab = await Lab.up({ prefix, directors: 3, peerNetwork: true, gateway: true });
  onTestFinished(() => lab.down());
  const [lb1, lb2, lb3] = [1, 2, 3].map((number) => lab.director(number));
  if (lb1 === undefined || lb2 === undefined || lb3 === undefined) throw new Error('no directors');
  const named = (name: string) =>
    [...lab.layout.directors, ...lab.clients].find((host) => host.name === name) ?? lab.client;
  return { lab, lb1, lb2, lb3, network: new LabNetwork(lab, named, () => []) };
}

/** True if an answer came back. */
async function reaches(lab: Lab, from: LabHost, address: IpAddress): Promise<boolean> {
  try {
    await lab.run(from, 'ping', ['-n', '-q', '-c', '1', '-W', '0.3', address]);
    return true;
  } catch {
    return false;
  }
}

/** A counter of /proc/net/snmp: a line of names, then one of numbers. */
async function counterOf(lab: Lab, host: LabHost, protocol: string, name: string): Promise<number> {
  const lines = (await lab.run(host, 'cat', ['/proc/net/snmp'])).split('\n');
  const [names = '', numbers = ''] = lines.filter((line) => line.startsWith(`${protocol}: `));
  return Number(numbers.split(' ')[names.split(' ').indexOf(name)]);
}

/** What the sender asks arrives, whether or not an answer comes back. */
async function arrives(lab: Lab, from: LabHost, to: LabHost, address: IpAddress) {
  const before = await counterOf(lab, to, 'Icmp', 'InEchos');
  await reaches(lab, from, address);
  return (await counterOf(lab, to, 'Icmp', 'InEchos')) > before;
}

describe.skipIf(lacks('ping', 'timeout'))('the second network', () => {
  test('is cut without the first one, at a port and between ports', async () => {
    const { lab, lb1, lb2, lb3, network } = await twoNetworks();
    expect(await reaches(lab, lb1, peerAddress(lb2))).toBe(true);
    await lab.cut(lb2, 'peers');
    expect(await reaches(lab, lb1, peerAddress(lb2))).toBe(false);
    expect(await reaches(lab, lb1, lb2.address)).toBe(true);
    await lab.restore(lb2, 'peers');
    expect(await reaches(lab, lb1, peerAddress(lb2))).toBe(true);

    const all = { traffic: 'all', network: 'peers', isOneWay: false } as const;
    await network.lose({ ...all, from: ['lb1'], to: ['lb2'] }, 100);
    expect(await reaches(lab, lb1, peerAddress(lb2))).toBe(false);
    expect(await reaches(lab, lb1, peerAddress(lb3))).toBe(true);
    expect(await reaches(lab, lb1, lb2.address)).toBe(true);
    await network.heal();
    expect(await reaches(lab, lb1, peerAddress(lb2))).toBe(true);
  });

  test('loses frames of one direction', async () => {
    const { lab, lb1, lb2, network } = await twoNetworks();
    expect(await reaches(lab, lb1, peerAddress(lb2))).toBe(true);
    await network.lose(
      { from: ['lb1'], to: ['lb2'], traffic: 'all', network: 'peers', isOneWay: true },
      100,
    );
    expect(await arrives(lab, lb2, lb1, peerAddress(lb1))).toBe(true);
    expect(await arrives(lab, lb1, lb2, peerAddress(lb2))).toBe(false);
  });

  test.each(['clients', 'peers'] as const)('isolates ports among the %s', async (where) => {
    const { lab, lb1, lb2, lb3, network } = await twoNetworks();
    const addressOf = (host: LabHost) => (where === 'peers' ? peerAddress(host) : host.address);
    const otherOf = (host: LabHost) => (where === 'peers' ? host.address : peerAddress(host));
    await network.isolate(['lb1', 'lb2'], where);
    expect(await reaches(lab, lb1, addressOf(lb2))).toBe(false);
    expect(await reaches(lab, lb1, addressOf(lb3))).toBe(true);
    expect(await reaches(lab, lb1, otherOf(lb2))).toBe(true);
    await network.heal();
    // The kernel asks for the MAC address again after a second.
    await expect.poll(() => reaches(lab, lb1, addressOf(lb2)), { timeout: 5_000 }).toBe(true);
  });

  test('has machines that hear nothing, and are heard', async () => {
    const { lab, lb1, lb2, network } = await twoNetworks();
    for (const one of [lb1, lab.client]) expect(await reaches(lab, lb2, one.address)).toBe(true);
    await network.deafen('lb2');
    for (const one of [lb1, lab.client]) {
      expect(await arrives(lab, one, lb2, lb2.address)).toBe(false);
      expect(await arrives(lab, lb2, one, one.address)).toBe(true);
    }
    expect(await reaches(lab, lb2, peerAddress(lb1))).toBe(true);
  });

  test('has directors with the client as their gateway', async () => {
    const { lab, lb1 } = await twoNetworks();
    const route = await lab.run(lb1, 'ip', ['route', 'show', 'default']);
    expect(route).toContain(`default via ${lab.client.address} dev eth0`);
  });

  test('has a stranger whose datagrams the kernel of a director accepts', async () => {
    const { lab, lb1, lb2 } = await twoNetworks();
    const [from, to] = [peerAddress(lb1), peerAddress(lb2)];
    const flood = { sender: 'lb1', node: 'lb2', perSecond: 2_000, lasts: 500_000 };
    const beats = `const s = require('dgram').createSocket('udp4');
      s.on('error', () => {});
      s.bind(8843, '${from}', () => setInterval(() => s.send('heartbeat', 8843, '${to}'), 50));`;
    const link = await lab.spawn(lb1, process.execPath, ['-e', beats], { label: 'link' });
    for (const datagram of ['replayed', 'forged', 'garbage'] as const) {
      const before = await counterOf(lab, lb2, 'Udp', 'NoPorts');
      await floodPeerLink(lab, { ...flood, datagram });
      expect((await counterOf(lab, lb2, 'Udp', 'NoPorts')) - before).toBeGreaterThan(700);
    }
    expect(await counterOf(lab, lb2, 'Udp', 'InCsumErrors')).toBe(0);
    link.signal('SIGKILL');
    await link.ended;
  });

  test('has no stranger without a peer link', async () => {
    const { lab } = await twoNetworks();
    const flood = { sender: 'lb1', node: 'lb2', perSecond: 10, lasts: 100_000 };
    await expect(floodPeerLink(lab, { ...flood, datagram: 'replayed' })).rejects.toThrow(
      /lb1 sent no datagram to lb2 \(UDP port 8843\)/,
    );
  });
});
