/** `vrrp-agent watch` on the client's interface, with keepalived as the directors. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Capture } from '../../src/lab/packets/capture.ts';
import { startKeepalived } from '../../src/lab/peers/keepalived.ts';
import { builtProgram } from '../../src/lab/program.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, virtualAddress } from '../../src/lab/topology/layout.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { useLabs } from './harness/fresh-lab.ts';
import { lacks } from './harness/requirements.ts';

const VERSION_3 = { version: 3, intervalSeconds: 1, addresses: [virtualAddress(0)] } as const;
/** Short enough to see both sides of a split alternate. */
const QUICK = { ...VERSION_3, intervalSeconds: 0.2 } as const;

function watchArguments(...more: string[]): string[] {
  return [builtProgram('src/cli/main.js'), 'watch', HOST_INTERFACE, '--json', ...more];
}

/** The snapshot after three seconds of listening. */
async function snapshotOf(lab: Lab) {
  const args = watchArguments('--for', '3s');
  return JSON.parse(await lab.run(lab.client, process.execPath, args));
}

describe.skipIf(lacks('keepalived'))('watching keepalived', () => {
  const labs = useLabs();

  test('shows the MASTER as configured, without findings', async () => {
    const lab = await labs.up();
    await startKeepalived(lab, lab.director(1), { ...VERSION_3, priority: 150 });
    await startKeepalived(lab, lab.director(2), { ...VERSION_3, priority: 100 });
    const adverts = await Capture.start(lab, { filter: 'proto 112' });
    await waitFor('an advertisement', () => adverts.frames().length > 0);
    expect(await snapshotOf(lab)).toMatchObject({
      kind: 'snapshot',
      from: HOST_INTERFACE,
      senders: [
        {
          family: 'ipv4',
          vrid: 55,
          source: lab.director(1).address,
          version: 3,
          state: 'master',
          ttl: 255,
          priority: 150,
          interval_ms: 1_000,
          checksum_form: 'pseudo_header',
          addresses: [virtualAddress(0)],
          refused: {},
        },
      ],
      findings: [],
      free_vrid: 1,
    });
  });

  test('finds both MASTERs of a split pair', async () => {
    const lab = await labs.up();
    const [one, two] = [lab.director(1), lab.director(2)];
    await lab.blockVrrp(one, two);
    await startKeepalived(lab, one, { ...QUICK, priority: 150 });
    await startKeepalived(lab, two, { ...QUICK, priority: 100 });
    await waitFor('two holders', async () => (await lab.holders(virtualAddress(0))).length === 2);
    const { findings } = await snapshotOf(lab);
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'two-masters', sources: [one.address, two.address] }),
    );
  });

  test('reports two clusters with one VRID, and events immediately', async () => {
    const lab = await labs.up();
    const [one, two] = [lab.director(1), lab.director(2)];
    await lab.blockVrrp(one, two);
    const log = lab.path('watch.log');
    const watching = await lab.spawn(lab.client, process.execPath, watchArguments(), {
      label: 'watch',
      log: true,
    });
    const events = () => readFileSync(log, 'utf8').split('\n').filter(Boolean).map(parsed);
    await startKeepalived(lab, one, VERSION_3);
    await startKeepalived(lab, two, { ...VERSION_3, addresses: [virtualAddress(1)] });
    await waitFor(
      'the finding',
      () => events().some(({ change, finding }) => change === 'raised' && finding?.code === SHARED),
      { unless: watching.ended },
    );
    watching.signal('SIGINT');
    expect(await watching.ended).toBe(0);
    const last = events().at(-1);
    expect(last?.kind).toBe('snapshot');
    expect(last?.findings?.map(({ code }) => code)).toContain(SHARED);
  });
});

const SHARED = 'vrid-shared';

interface WatchLine {
  readonly kind: string;
  readonly change?: string;
  readonly finding?: { readonly code: string };
  readonly findings?: readonly { readonly code: string }[];
}

function parsed(line: string): WatchLine {
  return JSON.parse(line) as WatchLine;
}
