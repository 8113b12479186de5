/** Converts `bfd` of a tracked object to a session, and checks the sessions of the whole file. */
import { familyOf, type IpAddress, isLinkLocal } from '../../net/address.ts';
import { BFD_TTL, type BfdSettings, bfdSessionName } from '../../net/bfd.ts';
import { isSame } from '../../net/equality.ts';
import { milliseconds, seconds } from '../../net/time.ts';
import type { Findings, Path } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import { BFD_DEFAULTS } from '../schema/defaults.ts';
import type { BfdFile } from '../schema/track-schema.ts';
import { familyName, lowerHostAddress } from './lower-address.ts';
import { type DurationRange, lowerDuration } from './lower-timing.ts';

const INTERVAL: DurationRange = { minimum: milliseconds(10), maximum: seconds(60), zero: false };

interface BfdContext {
  readonly at: (...keys: string[]) => Path;
  /** Interface of the instance; undefined in a sync group. */
  readonly link: string | undefined;
  readonly findings: Findings;
}

/** Undefined: it has an error, which was reported. */
export function lowerBfd(file: BfdFile, context: BfdContext): BfdSettings | undefined {
  const { at, findings } = context;
  const neighbour = lowerHostAddress(file.neighbour, at('neighbour'), findings);
  const source =
    file.source === undefined ? undefined : lowerHostAddress(file.source, at('source'), findings);
  if (neighbour === undefined || (source === undefined && file.source !== undefined))
    return undefined;
  checkSource(neighbour, source, context);
  const multihop = file.multihop ?? BFD_DEFAULTS.multihop;
  if (file.min_ttl !== undefined && !multihop) {
    const message = '"min_ttl" needs "multihop: true": a neighbour on a link always has TTL 255';
    findings.error(at('min_ttl'), 'conflict', message, 'key');
  }
  const interval = file.interval ?? BFD_DEFAULTS.interval;
  const read = (key: 'interval' | 'receive_interval', text: string) =>
    lowerDuration(text, INTERVAL, at(key), findings);
  const receive = file.receive_interval;
  return {
    ...{ neighbour, source, link: linkOf(neighbour, file, context) },
    hops: multihop ? 'multi' : 'single',
    passive: file.passive ?? BFD_DEFAULTS.passive,
    interval: read('interval', interval),
    receiveInterval:
      receive === undefined ? read('interval', interval) : read('receive_interval', receive),
    multiplier: file.multiplier ?? BFD_DEFAULTS.multiplier,
    minimumTtl: multihop ? (file.min_ttl ?? BFD_DEFAULTS.min_ttl) : BFD_TTL,
  };
}

function checkSource(
  neighbour: IpAddress,
  source: IpAddress | undefined,
  { at, findings }: BfdContext,
): void {
  if (source === undefined) return;
  const family = familyOf(neighbour);
  if (familyOf(source) !== family) {
    const message = `${source} is ${familyName(familyOf(source))}, but the neighbour is ${familyName(family)}`;
    findings.error(at('source'), 'conflict', message);
  }
  if (source === neighbour) {
    findings.error(at('source'), 'conflict', `${source} is the neighbour: write the own address`);
  }
}

function linkOf(
  neighbour: IpAddress,
  { link, multihop = false }: BfdFile,
  context: BfdContext,
): string | undefined {
  const { at, findings } = context;
  if (familyOf(neighbour) === 'ipv4' || !isLinkLocal(neighbour)) return link;
  if (multihop) {
    const message = `${neighbour} is link-local: no router forwards its packets`;
    findings.error(at('neighbour'), 'conflict', message);
  }
  if (link === undefined && context.link === undefined) {
    const message = `"link", the interface of the link-local neighbour ${neighbour}, is missing`;
    findings.error(at('neighbour'), 'missing', message);
  }
  return link ?? context.link;
}

/** The sessions of a file: entries that mean the same neighbour must agree. */
export class SharedSessions {
  readonly #findings: Findings;
  readonly #isLocal: HostFacts['isLocal'];
  readonly #isOwn: HostFacts['isOwn'];
  readonly #sessions = new Map<string, BfdSettings>();

  constructor(findings: Findings, { isLocal, isOwn }: HostFacts) {
    this.#findings = findings;
    this.#isLocal = isLocal;
    this.#isOwn = isOwn;
  }

  /** `path`: of the mapping. */
  check(session: BfdSettings, path: Path): void {
    const name = bfdSessionName(session);
    const { neighbour, source } = session;
    const known = this.#sessions.get(name);
    const rival = [...this.#sessions].find(
      ([other, one]) => other !== name && isIndistinguishable(one, session),
    );
    if (known !== undefined && !isSame(known, session)) {
      const message = `another entry has a session with ${neighbour} and other settings: both share one session, so write the same`;
      this.#findings.error(path, 'conflict', message);
    } else if (rival !== undefined) {
      const [key, what] =
        session.hops === 'single' ? ['link', 'two links'] : ['source', 'two own addresses'];
      const message = `another entry has a session with ${neighbour}, and ${neighbour} cannot tell them apart: write the same "source" and "link" in both, or, for ${what}, "${key}" in both`;
      this.#findings.error(path, 'conflict', message);
    }
    this.#sessions.set(name, session);
    // A link-local address may be that of this host on one link, and of the router on another.
    if (!isLinkLocal(neighbour) && this.#isOwn?.(neighbour) === true) {
      const message = `${neighbour} is an address of this host: write that of the router`;
      this.#findings.error([...path, 'neighbour'], 'conflict', message);
    }
    if (source === undefined || this.#isLocal?.(source) !== false) return;
    const message = `${source} is not an address of this host: the session is down until it is`;
    this.#findings.warn([...path, 'source'], message);
  }
}

/** RFC 5881 section 3: one session for a neighbour on a link; RFC 5883 section 3: for a pair of addresses. */
function isIndistinguishable(one: BfdSettings, other: BfdSettings): boolean {
  if (one.neighbour !== other.neighbour || one.hops !== other.hops) return false;
  const key = one.hops === 'single' ? 'link' : 'source';
  return one[key] === undefined || other[key] === undefined || one[key] === other[key];
}
