import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { Lowered } from '../../../src/config/lower/lower.ts';
import { Configuration } from '../../../src/daemon/configuration.ts';
import { modelOf } from '../control/samples.ts';

const WEB = `router: lb1
instances: [{ name: web, interface: eth0, vrid: 55, addresses: [203.0.113.100] }]
`;
const WITH_IPVS = `${WEB}ipvs: { required: true }\n`;

const CUT = { service: 'web', server: '10.0.0.12:80', connections: 37 };

function configurationOf(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'configuration-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'vrrp-agent.yaml');
  writeFileSync(file, text);
  const loaded = loadConfig(WEB, { hostName: 'lb1' });
  if (!loaded.ok) throw new Error('the file is right');
  let applied = 0;
  const configuration = new Configuration({
    file,
    config: loaded.value,
    status: () => modelOf('web').status(),
    apply: async () => {
      applied++;
    },
    lacking: async ({ agent }: Lowered) => (agent.ipvs === undefined ? [] : ['there is no IPVS']),
    cuts: ({ agent }: Lowered) => (agent.ipvs === undefined ? [] : [CUT]),
  });
  return { configuration, applied: () => applied };
}

test('FR-N15 a dry run counts the connections that servers lose', async () => {
  const { configuration } = configurationOf(WITH_IPVS);
  expect(await configuration.reload({ dryRun: true })).toMatchObject({ cuts: [CUT] });
  const other = configurationOf(WEB).configuration;
  expect(await other.reload({ dryRun: true })).not.toHaveProperty('cuts');
});

test('A dry run lists what the host lacks, and is not applied', async () => {
  const { configuration, applied } = configurationOf(WITH_IPVS);
  const document = await configuration.reload({ dryRun: true });
  expect(document).toMatchObject({ applied: false, host_lacks: ['there is no IPVS'] });
  expect(applied()).toBe(0);
});

test('A reload is applied even if the host lacks something', async () => {
  const { configuration, applied } = configurationOf(WITH_IPVS);
  const document = await configuration.reload({ dryRun: false });
  expect(document).toMatchObject({ applied: true, host_lacks: ['there is no IPVS'] });
  expect(applied()).toBe(1);
});

test('A reload lists nothing if the host lacks nothing', async () => {
  const { configuration } = configurationOf(WEB);
  expect(await configuration.reload({ dryRun: true })).not.toHaveProperty('host_lacks');
});
