/** With Debian's keepalived 2.2.7, which uses a pseudo-header in version 3 over IPv4. */
import { describe, expect, test } from 'vitest';
import { type KeepalivedOptions, startKeepalived } from '../../src/lab/peers/keepalived.ts';
import { type AgentInstance, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { type LabHost, virtualAddress } from '../../src/lab/topology/layout.ts';
import { sleep } from '../../src/lab/wait.ts';
import type { IpAddress } from '../../src/net/address.ts';
import { Contestant, Duel } from './harness/duel.ts';
import { useLabs } from './harness/fresh-lab.ts';
import { lacks } from './harness/requirements.ts';
import {
  electionCrashAndReturn,
  equalsMeet,
  plannedStop,
  returnWithoutPreemption,
} from './harness/stories.ts';

interface Dialect {
  readonly name: string;
  readonly version: 2 | 3;
  readonly intervalMilliseconds: number;
  readonly password?: string;
  readonly unicast?: boolean;
}

const VERSION_3: Dialect = { name: 'version 3', version: 3, intervalMilliseconds: 200 };
const VERSION_2: Dialect = { name: 'version 2', version: 2, intervalMilliseconds: 1_000 };

const DIALECTS: readonly Dialect[] = [
  VERSION_2,
  { ...VERSION_2, name: 'version 2 with a password', password: 'secret12' },
  { ...VERSION_2, name: 'version 2, unicast', unicast: true },
  VERSION_3,
  { ...VERSION_3, name: 'version 3, unicast', unicast: true },
];

interface Role {
  readonly priority: number;
  readonly preempt?: boolean;
}

const BETTER: Role = { priority: 150 };
const WORSE: Role = { priority: 100 };

describe.skipIf(lacks('keepalived'))('with keepalived', () => {
  const labs = useLabs();

  async function duel(agentAt: 1 | 2, dialect: Dialect, agentRole: Role, keepalivedRole: Role) {
    const lab = await labs.up();
    const keepalivedAt = agentAt === 1 ? 2 : 1;
    const address = virtualAddress(0);
    const sides = { lab, dialect, address };
    const agent = agentContestant(sides, lab.director(agentAt), agentRole);
    const keepalived = keepalivedContestant(sides, lab.director(keepalivedAt), keepalivedRole);
    return { duel: new Duel(lab, address), agent, keepalived };
  }

  describe.each(DIALECTS)('in $name', (dialect) => {
    const { intervalMilliseconds } = dialect;

    test('keepalived takes over from the agent, and yields to it again', async () => {
      const { duel: pair, agent, keepalived } = await duel(1, dialect, BETTER, WORSE);
      await electionCrashAndReturn(pair, agent, keepalived, intervalMilliseconds);
    });

    test('the agent takes over from keepalived, and yields to it again', async () => {
      const { duel: pair, agent, keepalived } = await duel(1, dialect, WORSE, BETTER);
      await electionCrashAndReturn(pair, keepalived, agent, intervalMilliseconds);
    });
  });

  test('keepalived takes over after Skew_Time when the agent is stopped', async () => {
    const { duel: pair, agent, keepalived } = await duel(1, VERSION_3, BETTER, WORSE);
    await plannedStop(pair, agent, keepalived, VERSION_3.intervalMilliseconds);
  });

  test('the agent takes over after Skew_Time when keepalived is stopped', async () => {
    const { duel: pair, agent, keepalived } = await duel(1, VERSION_3, WORSE, BETTER);
    await plannedStop(pair, keepalived, agent, VERSION_3.intervalMilliseconds);
  });

  test.each([
    ['the agent', BETTER, WORSE],
    ['keepalived', WORSE, BETTER],
  ])(
    'without addresses, in version 2 by unicast, %s is the only MASTER',
    async (_, ours, theirs) => {
      const lab = await labs.up();
      const [one, other] = [lab.director(1), lab.director(2)];
      const unicast = { source: one.address, peers: [other.address] };
      const instance = { version: 2, addresses: [], unicast, priority: ours.priority } as const;
      const contestants = [
        new Contestant(one, () => startAgent(lab, one, { instances: [instance] })),
        new Contestant(other, () =>
          startKeepalived(lab, other, {
            ...{ version: 2, addresses: [], unicastPeers: [one.address] },
            priority: theirs.priority,
          }),
        ),
      ];
      const pair = new Duel(lab, virtualAddress(0));
      await pair.start(...contestants);
      await sleep(6_000);
      const best = ours.priority > theirs.priority ? one : other;
      expect([...(await pair.advertisers(2_500))]).toEqual([best.address]);
    },
  );

  test('the returning agent does not preempt with nopreempt', async () => {
    const passive = { ...BETTER, preempt: false };
    const { duel: pair, agent, keepalived } = await duel(1, VERSION_3, passive, WORSE);
    await returnWithoutPreemption(pair, agent, keepalived, VERSION_3.intervalMilliseconds);
  });

  test('the returning keepalived does not preempt with nopreempt', async () => {
    const passive = { ...BETTER, preempt: false };
    const { duel: pair, agent, keepalived } = await duel(1, VERSION_3, WORSE, passive);
    await returnWithoutPreemption(pair, keepalived, agent, VERSION_3.intervalMilliseconds);
  });

  test('with equal priorities, the agent stays MASTER if its address is higher', async () => {
    const { duel: pair, agent, keepalived } = await duel(2, VERSION_3, WORSE, WORSE);
    await equalsMeet(pair, keepalived, agent);
  });

  test('with equal priorities, keepalived stays MASTER if its address is higher', async () => {
    const { duel: pair, agent, keepalived } = await duel(1, VERSION_3, WORSE, WORSE);
    await equalsMeet(pair, agent, keepalived);
  });

  test('keepalived takes over an address that the agent owns, and yields to it again', async () => {
    const { duel: pair, agent, keepalived } = await duel(1, VERSION_3, { priority: 255 }, WORSE);
    await pair.ownedBy(agent);
    await electionCrashAndReturn(pair, agent, keepalived, VERSION_3.intervalMilliseconds);
  });
});

interface Sides {
  readonly lab: Lab;
  readonly dialect: Dialect;
  readonly address: IpAddress;
}

function agentContestant({ lab, dialect, address }: Sides, host: LabHost, role: Role) {
  const { version, intervalMilliseconds, password, unicast } = dialect;
  const instance: AgentInstance = {
    version,
    priority: role.priority,
    advertisement_interval: `${intervalMilliseconds}ms`,
    addresses: [`${address}/32`],
    preempt: role.preempt ?? true,
    ...(password === undefined ? {} : { authentication: { type: 'pass', password } }),
    ...(unicast === true ? { unicast: { source: host.address, peers: othersOf(lab, host) } } : {}),
  };
  return new Contestant(host, () => startAgent(lab, host, { instances: [instance] }));
}

function keepalivedContestant({ lab, dialect, address }: Sides, host: LabHost, role: Role) {
  const { version, intervalMilliseconds, password, unicast } = dialect;
  const options: KeepalivedOptions = {
    version,
    priority: role.priority,
    intervalSeconds: intervalMilliseconds / 1_000,
    addresses: [address],
    nopreempt: role.preempt === false,
    ...(password === undefined ? {} : { password }),
    ...(unicast === true ? { unicastPeers: othersOf(lab, host) } : {}),
  };
  return new Contestant(host, () => startKeepalived(lab, host, options));
}

function othersOf(lab: Lab, host: LabHost): IpAddress[] {
  return lab.layout.directors.filter((one) => one !== host).map(({ address }) => address);
}
