/**
 * Feeds whole packets to a running engine. A refused packet causes a count and at most a report: it
 * changes no deadline and no state, and causes no other output. Every packet is counted once.
 */

import { ip } from '../../src/net/address.ts';
import { after, type Duration, milliseconds, seconds } from '../../src/net/time.ts';
import { COUNTER, COUNTERS } from '../../src/protocol/engine/counters.ts';
import type { InstanceSettings } from '../../src/protocol/engine/settings.ts';
import { hmac, KEYRING, signed } from '../../test/conformance/hmac-rig.ts';
import { addressOf, advert, linkOf, PEER, PEER6, Rig } from '../../test/conformance/rig.ts';
import type { Random } from '../../test/sim/random.ts';
import { PACKETS } from './corpus.ts';
import { Mutator } from './mutator.ts';
import { repairPacket } from './repair.ts';
import { type FuzzTarget, hexOf, require } from './target.ts';

const ETH0 = 2;
const ETH1 = 3;
const NOWHERE = 9;

/** Not a source of the vectors, whose packets would be ignored as our own. */
const OWN = ip('192.0.2.10');

/** The VRID of the vectors. */
const VRID = 51;
const UNICAST_VRID = 53;
const PASSWORD_VRID = 54;
/** That of the keys in the tests. */
const SIGNED_VRID = 55;

/** One router of each kind, on two links. */
const ROUTERS: readonly Partial<InstanceSettings>[] = [
  { name: 'web', vrid: VRID },
  { name: 'six', vrid: VRID, family: 'ipv6' },
  { name: 'old', vrid: VRID, version: 2, ...on('eth1', '203.0.113.101') },
  {
    name: 'cloud',
    vrid: UNICAST_VRID,
    unicast: { source: OWN, peers: [{ address: PEER, minimumTtl: 250 }] },
  },
  {
    name: 'guarded',
    vrid: PASSWORD_VRID,
    version: 2,
    authentication: { type: 'pass', password: 'secret12' },
    ...on('eth1', '203.0.113.102'),
  },
  {
    ...{ name: 'signed', vrid: SIGNED_VRID, authentication: hmac({ mode: 'permissive' }) },
    ...on('eth0', '203.0.113.103'),
  },
];

const LINKS = [
  linkOf({ addresses: [addressOf(`${OWN}/24`), addressOf('fe80::10/64')] }),
  linkOf({ index: ETH1, name: 'eth1', addresses: [addressOf('198.51.100.11/24')] }),
];

/** What the peers of these routers send. */
const ADVERTS: readonly Uint8Array[] = [0, 50, 100, 200, 255].flatMap((priority) => [
  advert({ vrid: VRID, priority }),
  advert({ vrid: VRID, priority, source: PEER6, addresses: [ip('fe80::100')] }),
  advert({ vrid: VRID, priority, version: 2, addresses: [ip('203.0.113.101')] }),
  advert({ vrid: UNICAST_VRID, priority, destination: OWN }),
  advert({
    vrid: PASSWORD_VRID,
    priority,
    version: 2,
    addresses: [ip('203.0.113.102')],
    authentication: { type: 'pass', password: 'secret12' },
  }),
  advert({
    // The wall clock of the rig is that of its engine, which begins here.
    ...signed({ at: 1_000_000_000 + 10_000 * priority }),
    ...{ vrid: SIGNED_VRID, priority, addresses: [ip('203.0.113.103')] },
  }),
]);

function on(name: string, address: string): Partial<InstanceSettings> {
  return {
    interface: name,
    addresses: [{ address: ip(address), prefixLength: 32, interface: name }],
  };
}

class EngineTarget implements FuzzTarget {
  readonly name = 'engine';
  readonly #mutator = new Mutator();
  #rig = new Rig();
  /** The last `view`, which is expensive; a refused packet must not change it. */
  #view = '';

  begin(random: Random): void {
    this.#rig = new Rig(ROUTERS, { links: LINKS, keyring: KEYRING });
    this.#rig.start();
    if (random.chance(0.5)) this.#rig.elapse(seconds(5));
    this.#look();
  }

  play(random: Random): void {
    if (random.chance(1 / 16)) this.#passTime(random);
    const corpus = random.chance(0.75) ? ADVERTS : PACKETS;
    this.#mutator.load(random.pick(corpus));
    if (random.chance(0.75)) this.#mutator.mutate(random, corpus);
    if (random.chance(0.8)) repairPacket(this.#mutator.bytes, 0, random.chance(0.3));
    this.#receive(random.chance(1 / 32) ? NOWHERE : random.pick([ETH0, ETH1]));
  }

  last(): string {
    return hexOf(this.#mutator.bytes);
  }

  /** Advances to the next deadline or beyond: a wake-up that is late enough is a stall. */
  #passTime(random: Random): void {
    const rig = this.#rig;
    const late = random.chance(1 / 8) ? seconds(random.integer(1, 8)) : milliseconds(0);
    const aim = Math.max(rig.now, Math.min(rig.engine.deadline(), after(rig.now, seconds(4))));
    rig.freeze((aim - rig.now + late) as Duration);
    rig.turn();
    this.#look();
  }

  #look(): void {
    this.#view = protocolViewOf(this.#rig);
  }

  #receive(index: number): void {
    const { engine, counters, now } = this.#rig;
    const deadline = engine.deadline();
    const before = counters.values.slice();
    engine.receive(index, this.#mutator.buffer, this.#mutator.length, now);
    const raised = raisedCounters(before, counters.values);
    const accepted = raised.includes('advertisement-rcvd');
    if (!accepted) {
      const reasons = raised.filter((name) => !name.endsWith('-discards'));
      const isUnjudged =
        reasons.length === 0 && isOfNoRouter(this.#rig, index, this.#mutator.bytes);
      require(reasons.length === 1 ||
        isUnjudged, `a refused packet has one reason, not '${reasons.join(', ')}'`);
      require(engine.deadline() === deadline, 'a refused packet changes no deadline');
    }
    const lines = this.#rig.handle({ kind: 'quiet' });
    if (accepted) {
      this.#look();
      return;
    }
    // For a VRID that another cluster uses, a free one is looked for: that needs sockets that hear all.
    const isSurvey = lines.some((line) => line.startsWith('vrid-shared '));
    const other = lines.find(
      (line) => !OF_REFUSALS.test(line) && !(isSurvey && line.startsWith('listen ')),
    );
    if (deadline > now)
      require(other === undefined, `a refused packet has no other output: ${other}`);
    require(protocolViewOf(this.#rig) === this.#view, 'a refused packet changes no state');
  }
}

/** What a refused packet may lead to; one of priority 0 ends the problem that was shown with its router. */
const OF_REFUSALS = /^(discard |master-refused |vrid-shared |\S+ of \S+ ended$)/;

/** Without the problems with peers: refused packets are what they consist of. */
function protocolViewOf({ engine }: Rig): string {
  return JSON.stringify(engine.view(), (key, value: unknown) =>
    key === 'problems' ? undefined : value,
  );
}

/** While the engine looks for a free VRID, it hears those of no router without refusing them. */
function isOfNoRouter({ engine }: Rig, index: number, packet: Uint8Array): boolean {
  const first = packet[0] ?? 0;
  const isIpv4 = first >> 4 === 4;
  const vrid = packet[(isIpv4 ? 4 * (first & 0x0f) : 40) + 1];
  const link = LINKS.find((one) => one.index === index);
  return engine
    .view()
    .every(
      (router) =>
        router.interface !== link?.name ||
        router.family !== (isIpv4 ? 'ipv4' : 'ipv6') ||
        router.vrid !== vrid,
    );
}

/** Names of the counters that increased, once for each count. */
function raisedCounters(before: Float64Array, now: Float64Array): string[] {
  const raised: string[] = [];
  const width = Object.keys(COUNTER).length;
  for (let at = 0; at < now.length; at++) {
    const difference = (now[at] ?? 0) - (before[at] ?? 0);
    require(difference >= 0, 'no counter decreases');
    for (let left = difference; left > 0; left--) raised.push(COUNTERS[at % width] ?? 'unknown');
  }
  return raised;
}

export const ENGINE_TARGET: FuzzTarget = new EngineTarget();
