/** Another director in a test: what it says over the peer link, as the edge hands it to the engine. */
import { type IpAddress, ip } from '../../src/net/address.ts';
import { type Duration, milliseconds } from '../../src/net/time.ts';
import type { Input } from '../../src/protocol/engine/inputs.ts';
import type { PeerLinkSettings } from '../../src/protocol/engine/settings.ts';
import type { InstanceStatement } from '../../src/wire/peer-link/statement.ts';
import { PEER, type Rig } from './rig.ts';

const OWN_BOOT = '00000000000000aa';
const HEARTBEAT = milliseconds(50);

/** The link of a director with one other, `lb1`, or with several. */
export function linkTo(
  names: readonly string[] = ['lb1'],
  more: Partial<PeerLinkSettings> = {},
): PeerLinkSettings {
  return {
    ...{ source: ip('198.51.100.2'), port: 8_843, heartbeat: HEARTBEAT, services: 0 },
    directors: names.map((name, position) => ({ name, address: addressOf(position) })),
    ...more,
  };
}

export class Director {
  readonly name: string;
  /** What it says of `web`. */
  statement: InstanceStatement;
  readonly #rig: Rig;
  #sequence = 0;

  constructor(rig: Rig, name = 'lb1', source: IpAddress = PEER) {
    this.#rig = rig;
    this.name = name;
    this.statement = {
      ...{ name: 'web', interface: 'eth0', family: 'ipv4', vrid: 55, state: 'MASTER' },
      ...{ priority: 200, canServe: 'unknown', resigningTo: null, faults: [], digests: [] },
      ...{ source, misses: false },
    };
  }

  /** Changes what it says, and says it at once. */
  says(more: Partial<InstanceStatement> = {}): string[] {
    this.statement = { ...this.statement, ...more };
    return this.#rig.handle(this.#datagram([this.statement]));
  }

  /** Says the same without having heard anything; `boot`: as this process. */
  saysDeaf(boot?: string): string[] {
    return this.#rig.handle(this.#datagram([this.statement], { isDeaf: true, boot }));
  }

  #datagram(
    statements: readonly InstanceStatement[],
    {
      isDeaf = false,
      boot = '00000000000000bb',
    }: { isDeaf?: boolean; boot?: string | undefined } = {},
  ): Input {
    this.#sequence += 1;
    const now = this.#rig.now;
    const echo = isDeaf
      ? null
      : { boot: OWN_BOOT, sequence: 1_000_000_000, sentAt: now, heldFor: 0 };
    return {
      ...{ kind: 'director.heard', director: this.name, wall: now },
      datagram: {
        ...{ boot, sequence: this.#sequence, sentAt: now, wall: now, echo },
        ...{ heartbeat: HEARTBEAT, part: 1, parts: 1, name: this.name, version: '1', services: 0 },
        ...{ statements, table: null },
      },
    };
  }
}

/** The socket of the link is open. */
export function openLink(rig: Rig): void {
  rig.handle({ kind: 'peer-link.opened', boot: OWN_BOOT, version: '1' });
}

/** Time passes, and each of the directors is heard in every heartbeat; returns what happens. */
export function pass(rig: Rig, duration: Duration, ...directors: readonly Director[]): string[] {
  const lines: string[] = [];
  for (let left: number = duration; left > 0; left -= HEARTBEAT) {
    lines.push(...rig.elapse(Math.min(left, HEARTBEAT) as Duration));
    for (const director of directors) lines.push(...director.says());
  }
  return lines;
}

function addressOf(position: number): IpAddress {
  return ip(`198.51.100.${position === 0 ? 1 : position + 2}`);
}
