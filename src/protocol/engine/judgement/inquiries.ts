/**
 * Questions of ARP and ND to hosts on the service segments, and how those hosts answer: the MASTER that is
 * missing, and third hosts. Routers that ask the same host on the same link share its questions. Only an
 * answer to this host counts: what a host says to all shows that this one hears it, not that it is heard.
 */
import { familyOf, type IpAddress, NO_MAC } from '../../../net/address.ts';
import type { AddressClaim } from '../../../net/link.ts';
import { after, type Duration, elapsed, type Instant, latest, times } from '../../../net/time.ts';
import { encodeArpProbe, encodeArpQuestion } from '../../../wire/arp.ts';
import { encodeNeighborProbe, encodeNeighborQuestion } from '../../../wire/neighbor.ts';
import type { Outbox } from '../core/outbox.ts';
import type { Link, LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';

/** So many questions without an answer are silence: a switch or a busy host may lose one. */
const UNANSWERED_MAX = 4;

export interface Answers {
  /** `unasked`: not often enough to know. */
  readonly standing: 'answers' | 'silent' | 'unasked';
  readonly answeredAt: Instant | undefined;
  /** When the host was heard last, in an answer or otherwise: it lives. */
  readonly heardAt: Instant | undefined;
  /** When the first of the questions without an answer was sent. */
  readonly silentSince: Instant | undefined;
}

interface Question {
  readonly index: number;
  readonly address: IpAddress;
  askedAt: Instant;
  answeredAt: Instant | undefined;
  heardAt: Instant | undefined;
  silentSince: Instant | undefined;
  unanswered: number;
  /** Asked without a source: the answer may go to all. */
  isProbe: boolean;
  /** No router needs it any longer after this. */
  until: Instant;
}

const NEVER_ASKED: Answers = {
  ...{ standing: 'unasked', answeredAt: undefined, heardAt: undefined, silentSince: undefined },
};

export class Inquiries {
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  readonly #questions = new Map<string, Question>();
  /** By link, the hosts that have answered since this process began. */
  readonly #acquaintances = new Map<number, Set<IpAddress>>();
  /** The hosts that are asked have changed: their answers must be let through. */
  #changed = false;

  constructor(links: LinkTable, outbox: Outbox) {
    this.#links = links;
    this.#outbox = outbox;
  }

  /** Asks, unless this host was asked within the period, and keeps the answers for two periods. */
  ask(
    { index, source }: Pick<VirtualRouter, 'index' | 'source'>,
    address: IpAddress,
    period: Duration,
    now: Instant,
  ): void {
    if (index === undefined) return;
    const key = keyOf(index, address);
    let question = this.#questions.get(key);
    if (question === undefined) {
      question = {
        ...{ index, address, unanswered: 0, askedAt: now, until: now },
        ...{ answeredAt: undefined, heardAt: undefined, silentSince: undefined, isProbe: false },
      };
      this.#questions.set(key, question);
      this.#changed = true;
    } else if (elapsed(question.askedAt, now) < period) return;
    question.until = latest(question.until, after(now, times(period, 2)));
    const sender = this.#senderOn(index, source, address);
    if (!this.#send(index, sender, address)) return;
    question.isProbe = sender === undefined;
    question.askedAt = now;
    question.silentSince ??= now;
    question.unanswered += 1;
  }

  /** A host has said that it has the address. */
  answered({ index, address, to }: Omit<AddressClaim, 'mac'>, now: Instant): void {
    const question = this.#questions.get(keyOf(index, address));
    if (question === undefined) return;
    question.heardAt = now;
    const link = this.#links.byIndex(index)?.attributes;
    const isAnswer = question.isProbe || (to !== undefined && this.#links.isOwn(to, link));
    if (!isAnswer) return;
    this.#remember(index, address);
    question.answeredAt = now;
    question.silentSince = undefined;
    question.unanswered = 0;
  }

  /** Whether the host has ever answered on this link. */
  hasAnswered(index: number, address: IpAddress): boolean {
    return this.#acquaintances.get(index)?.has(address) ?? false;
  }

  of(index: number | undefined, address: IpAddress | undefined): Answers {
    if (index === undefined || address === undefined) return NEVER_ASKED;
    const question = this.#questions.get(keyOf(index, address));
    if (question === undefined) return NEVER_ASKED;
    const { answeredAt, heardAt, silentSince, unanswered } = question;
    const times = { answeredAt, heardAt, silentSince };
    if (unanswered >= UNANSWERED_MAX) return { standing: 'silent', ...times };
    return { standing: answeredAt === undefined ? 'unasked' : 'answers', ...times };
  }

  /** Forgets what no router asks any longer; true if the hosts that are asked have changed. */
  settle(now: Instant): boolean {
    for (const [key, { until }] of this.#questions) {
      if (until >= now) continue;
      this.#questions.delete(key);
      this.#changed = true;
    }
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** The hosts that are asked now. */
  *asked(): Iterable<Pick<AddressClaim, 'index' | 'address'>> {
    yield* this.#questions.values();
  }

  /** Links come and go with new numbers, and so would the memory grow. */
  #remember(index: number, address: IpAddress): void {
    const known = this.#acquaintances.get(index);
    if (known !== undefined) {
      known.add(address);
      return;
    }
    for (const other of this.#acquaintances.keys()) {
      if (this.#links.byIndex(other) === undefined) this.#acquaintances.delete(other);
    }
    this.#acquaintances.set(index, new Set([address]));
  }

  /** Undefined: there is none; a source of another link would mislead the host. */
  #senderOn(
    index: number,
    source: IpAddress | undefined,
    address: IpAddress,
  ): IpAddress | undefined {
    const link = this.#links.byIndex(index);
    if (link === undefined || source === undefined) return undefined;
    return familyOf(source) === familyOf(address) && isOn(link, source) ? source : undefined;
  }

  /** False if the link cannot carry the question. */
  #send(index: number, source: IpAddress | undefined, address: IpAddress): boolean {
    const link = this.#links.byIndex(index);
    if (link === undefined || !link.attributes.running || link.attributes.mac === NO_MAC) {
      return false;
    }
    const { mac } = link.attributes;
    const isIpv4 = familyOf(address) === 'ipv4';
    const frame =
      source !== undefined
        ? (isIpv4 ? encodeArpQuestion : encodeNeighborQuestion)(mac, source, address)
        : (isIpv4 ? encodeArpProbe : encodeNeighborProbe)(mac, address);
    this.#outbox.sendFrames([{ index, frame }]);
    return true;
  }
}

function isOn({ addresses }: Link, source: IpAddress): boolean {
  for (const { address } of addresses.values()) if (address === source) return true;
  return false;
}

function keyOf(index: number, address: IpAddress): string {
  return `${index} ${address}`;
}
