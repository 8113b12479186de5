/** Fragmented advertisements of 255 IPv6 addresses: between agents, in tshark and in `watch`. */
import { describe, expect, test } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { Capture } from '../../src/lab/packets/capture.ts';
import { startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import { HOST_INTERFACE, virtualAddresses6 } from '../../src/lab/topology/layout.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { useLabs } from './harness/fresh-lab.ts';
import { lacks } from './harness/requirements.ts';

const ADDRESSES = virtualAddresses6(255);
const WATCH = [builtProgram('src/cli/main.js'), 'watch', '--json'];

interface Line {
  readonly kind: string;
  readonly senders?: readonly { readonly addresses: readonly string[] }[];
}

/** The last line is the snapshot. */
function snapshotIn(output: string): Line {
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Line;
}

function expectOneMaster(snapshot: Line): void {
  expect(snapshot).toMatchObject({
    kind: 'snapshot',
    senders: [{ family: 'ipv6', vrid: 55, source: 'fe80::11', state: 'master', refused: {} }],
  });
  expect(snapshot.senders?.[0]?.addresses).toHaveLength(ADDRESSES.length);
}

describe.skipIf(lacks('tshark', 'editcap', 'mergecap'))('an advertisement in fragments', () => {
  const labs = useLabs();

  test('is heard by another agent, and read from captures of every kind', async () => {
    const lab = await labs.up();
    const [one, two] = [lab.director(1), lab.director(2)];
    const filter = 'ip6 proto 112 or ip6 proto 44';
    const capture = await Capture.start(lab, { host: lab.client, filter, label: 'fragments' });
    const instance = { advertisement_interval: '200ms', addresses: ADDRESSES };
    const more = { stop: { linger: 'off' } };
    const master = await startAgent(lab, one, {
      instances: [{ ...instance, priority: 150 }],
      more,
    });
    const backup = await startAgent(lab, two, {
      instances: [{ ...instance, priority: 100 }],
      more,
    });
    await waitFor('a MASTER', async () => (await master.state()) === 'MASTER');

    const live = [...WATCH, HOST_INTERFACE, '--for', '2s'];
    expectOneMaster(snapshotIn(await lab.run(lab.client, process.execPath, live)));
    const { state, faults, master: heard, counters } = await backup.instance();
    expect({ state, faults, heard }).toMatchObject({
      state: 'BACKUP',
      faults: [],
      heard: { address: 'fe80::11', priority: 150, interval_ms: 200 },
    });
    expect(counters).toMatchObject({ 'advertisement-sent': 0, 'packet-length-errors': 0 });

    await capture.stop();
    const file = lab.path('fragments.pcap');
    const [newer, merged] = [lab.path('fragments.pcapng'), lab.path('merged.pcapng')];
    await run('editcap', ['-F', 'pcapng', file, newer]);
    await run('mergecap', ['-F', 'pcapng', '-w', merged, file, newer]);
    for (const one of [file, newer]) {
      const output = await run(process.execPath, [...WATCH, '--pcap', one]);
      expectOneMaster(snapshotIn(output));
    }
    const both = await run(process.execPath, [...WATCH, '--pcap', merged]);
    expect(snapshotIn(both)).toMatchObject({ kind: 'snapshot', senders: [{ state: 'master' }] });

    const select = ['-T', 'fields', '-e', 'frame.number', '-Y'];
    const wanted = `vrrp.addr_count == ${ADDRESSES.length} and vrrp.checksum.status == 1`;
    const good = await run('tshark', ['-n', '-r', file, ...select, wanted]);
    expect(good.split('\n').length).toBeGreaterThan(5);
    const complaint = '_ws.expert.severity >= warning or _ws.malformed';
    expect(await run('tshark', ['-n', '-r', file, ...select, complaint])).toBe('');
  });
});
