/** The clients of a run: each runs one program with all its probes. */
import { readFileSync } from 'node:fs';
import { familyOf } from '../../net/address.ts';
import { LabError } from '../command.ts';
import type { ClientPlan } from '../probes/client-program.ts';
import type { ClientRecord } from '../probes/record.ts';
import { nodeProgram } from '../program.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Lab } from '../topology/lab.ts';
import { waitFor } from '../wait.ts';

const ARP_INTERVAL = 10_000;

export interface Client {
  readonly name: string;
  stop(): Promise<ClientRecord>;
}

/** Resolves once all probes run and, with `isAnswered`, the streams are connected. */
export function startClients(lab: Lab, scenario: Scenario, isAnswered: boolean) {
  return Promise.all(
    scenario.clients.map((_, number) => startClient(lab, scenario, number, isAnswered)),
  );
}

async function startClient(
  lab: Lab,
  scenario: Scenario,
  number: number,
  isAnswered: boolean,
): Promise<Client> {
  const host = lab.clients[number];
  if (host === undefined) throw new LabError('lab-unknown', `this lab has no client ${number + 1}`);
  const { name } = host;
  const { watched } = scenario;
  const probes = scenario.probes.filter(({ client }) => client === name);
  const file = lab.path(`${name}.json`);
  const arp = { type: 'arp' as const, address: watched.address, every: ARP_INTERVAL };
  const plan: ClientPlan = {
    number,
    probes: [...probes, ...(familyOf(watched.address) === 'ipv4' ? [arp] : [])],
  };
  const program = [...nodeProgram('src/lab/probes/client-program.js'), file, JSON.stringify(plan)];
  const running = await lab.spawn(host, process.execPath, program, { label: name, log: true });
  const hasStream = probes.some(({ type }) => type === 'stream');
  if (isAnswered || !hasStream) {
    const isReady = () => readFileSync(lab.path(`${name}.log`), 'latin1').includes('ready');
    // Where no director answers, or several do, the scenario runs without a stream.
    await waitFor(name, isReady, { unless: running.ended }).catch((error: unknown) => {
      if (!hasStream) throw error;
    });
  }
  const stop = async () => {
    running.signal('SIGTERM');
    const status = await running.ended;
    if (status === 0) return JSON.parse(readFileSync(file, 'utf8')) as ClientRecord;
    throw new LabError('not-ready', `the probes of ${name} ended with status ${status}`);
  };
  return { name, stop };
}
