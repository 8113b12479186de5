/**
 * FR-F: what keepalived does over IPv6 by default and the RFC does not: unicast, with the hop limit of
 * the kernel, and address lists without a link-local address. Each made two MASTERs.
 */
import { describe, expect, test } from 'vitest';
import { startKeepalived } from '../../src/lab/peers/keepalived.ts';
import { startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, type LabHost, virtualAddresses6 } from '../../src/lab/topology/layout.ts';
import { type IpAddress, ip } from '../../src/net/address.ts';
import { Contestant, Duel } from './harness/duel.ts';
import { useLabs } from './harness/fresh-lab.ts';
import { lacks } from './harness/requirements.ts';

const INTERVAL_MILLISECONDS = 200;
const [LINK_LOCAL, ADDRESS] = virtualAddresses6(2) as [IpAddress, IpAddress];

interface Dialect {
  readonly name: string;
  /** The unicast address of a director; undefined: multicast. */
  readonly unicastOf?: (host: LabHost) => IpAddress;
  /** What keepalived advertises. */
  readonly addresses: readonly IpAddress[];
}

const BOTH = [LINK_LOCAL, ADDRESS];

const DIALECTS: readonly Dialect[] = [
  { name: 'FR-F2 link-local unicast', unicastOf: ({ linkLocal }) => linkLocal, addresses: BOTH },
  { name: 'FR-F2 global unicast', unicastOf: globalOf, addresses: BOTH },
  { name: 'FR-F1 a list without a link-local address', addresses: [ADDRESS] },
  { name: 'FR-F1 FR-F2 such a list in unicast', unicastOf: globalOf, addresses: [ADDRESS] },
];

function globalOf({ linkLocal }: LabHost): IpAddress {
  return ip(linkLocal.replace('fe80::', '2001:db8::'));
}

async function contestants(lab: Lab, dialect: Dialect, agentPriority: 50 | 150) {
  const { unicastOf, addresses } = dialect;
  const [own, other] = [lab.director(1), lab.director(2)];
  for (const host of [own, other]) {
    const address = `${globalOf(host)}/64`;
    await lab.run(host, 'ip', ['addr', 'add', address, 'dev', HOST_INTERFACE, 'nodad']);
  }
  const unicast =
    unicastOf === undefined
      ? {}
      : { unicast: { source: unicastOf(own), peers: [unicastOf(other)] } };
  const instance = {
    ...{ priority: agentPriority, advertisement_interval: `${INTERVAL_MILLISECONDS}ms` },
    ...{ addresses: BOTH, ...unicast },
  };
  const options = {
    ...{ addresses, priority: 100, intervalSeconds: INTERVAL_MILLISECONDS / 1_000 },
    ...(unicastOf === undefined
      ? {}
      : { unicastSource: unicastOf(other), unicastPeers: [unicastOf(own)] }),
  };
  return {
    agent: new Contestant(own, (host) => startAgent(lab, host, { instances: [instance] })),
    keepalived: new Contestant(other, (host) => startKeepalived(lab, host, options)),
  };
}

describe.skipIf(lacks('keepalived'))('with keepalived over IPv6', () => {
  const labs = useLabs();

  describe.each(DIALECTS)('in $name', (dialect) => {
    test.each([150, 50] as const)('one of both is MASTER, the agent with %i', async (priority) => {
      const lab = await labs.up();
      const duel = new Duel(lab, ADDRESS);
      const { agent, keepalived } = await contestants(lab, dialect, priority);
      const [better, worse] = priority > 100 ? [agent, keepalived] : [keepalived, agent];
      await duel.start(worse, better);
      await duel.isMaster(better);
      await expect
        .poll(() => duel.advertisers(INTERVAL_MILLISECONDS * 4), { timeout: 5_000 })
        .toHaveProperty('size', 1);
      await duel.crash(better);
      await duel.isMaster(worse);
      await duel.comeBack(better);
      await duel.isMaster(better);
    });
  });
});
