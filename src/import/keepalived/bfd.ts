/** Converts a `bfd_instance`; its default times are those of keepalived. */
import { type Branch, Sourced } from '../draft.ts';
import { numberOf } from '../names.ts';
import { type Statement, textOf } from '../statement.ts';
import type { Context } from './context.ts';

const DEFAULTS = { interval: '10ms', receive_interval: '10ms', multiplier: 5 };

/** Shorter and longer intervals cannot be configured here. */
const MILLISECONDS_LEAST = 10;
const MILLISECONDS_MOST = 60_000;
const IDLE_MILLISECONDS = 1_000;

/** Sent by both sides; a router takes one away. */
const TTL = 255;
/** Switches the check of the TTL off. */
const ANY_HOPS = 255;

const TIMES: Readonly<Record<string, 'interval' | 'receive_interval'>> = {
  min_tx: 'interval',
  min_rx: 'receive_interval',
};

/** An entry of `track`, and its weight; undefined: listed. */
export function bfdInstanceOf(one: Statement, context: Context): Branch | undefined {
  const { ledger } = context;
  const [, name = ''] = one.words;
  const bfd: Branch = { ...DEFAULTS };
  const hops: Partial<Record<'ttl' | 'max_hops', number>> = {};
  let weight: number | undefined;
  for (const part of one.block ?? []) {
    const [key = '', value = ''] = part.words;
    switch (key) {
      case 'neighbor_ip':
      case 'neighbour_ip':
        bfd['neighbour'] = value;
        ledger.carry(part);
        break;
      case 'source_ip':
        bfd['source'] = new Sourced(value, part);
        ledger.carry(part);
        break;
      case 'min_tx':
      case 'min_rx':
        setTime(bfd, part, context);
        break;
      case 'idle_tx':
        if (Number(value) === IDLE_MILLISECONDS) ledger.skip(part);
        else
          ledger.note(
            part,
            'changed',
            `${textOf(part)}: here it is always ${IDLE_MILLISECONDS} ms`,
          );
        break;
      case 'multiplier':
        bfd['multiplier'] = new Sourced(numberOf(value) ?? value, part);
        ledger.carry(part);
        break;
      case 'passive':
      case 'multihop':
        bfd[key] = true;
        ledger.carry(part);
        break;
      case 'ttl':
      case 'hoplimit':
      case 'max_hops':
        hops[key === 'max_hops' ? key : 'ttl'] = numberOf(value) ?? 0;
        ledger.carry(part);
        break;
      case 'weight':
        if (part.words.includes('reverse')) {
          return lost(one, part, '"reverse" is not supported', context);
        }
        weight = numberOf(value);
        if (weight === undefined)
          ledger.note(part, 'ignored', `${textOf(part)}: no number, and ignored`);
        else ledger.carry(part);
        break;
      case 'vrrp':
        ledger.skip(part);
        break;
      case 'checker':
        return lost(one, part, 'keepalived tells its checkers only, and no instance', context);
      default:
        ledger.lose(part, `${one.words[0]}: ${textOf(part)}`);
    }
  }
  if (bfd['neighbour'] === undefined) {
    ledger.lose(one, `${textOf(one)}: has no neighbor_ip`);
    return undefined;
  }
  const lowest = hops.max_hops === ANY_HOPS ? 1 : (hops.ttl ?? TTL) - (hops.max_hops ?? 0);
  if (bfd['multihop'] === true) bfd['min_ttl'] = Math.max(1, lowest);
  else if (lowest < TTL) {
    const why = 'accepts a TTL below 255, which here only a session with multihop does (RFC 5881)';
    return lost(one, one, why, context);
  }
  return weight === undefined ? { name, bfd } : { name, bfd, weight };
}

/** Milliseconds with fractions. */
function setTime(bfd: Branch, part: Statement, { ledger }: Context): void {
  const [key = '', value = ''] = part.words;
  const wanted = Number(value);
  if (!(wanted > 0)) {
    ledger.note(part, 'ignored', `${textOf(part)}: not a time in milliseconds, and ignored`);
    return;
  }
  const used = Math.min(Math.max(Math.round(wanted), MILLISECONDS_LEAST), MILLISECONDS_MOST);
  bfd[TIMES[key] ?? ''] = new Sourced(`${used}ms`, part);
  if (used === wanted) ledger.carry(part);
  else ledger.note(part, 'changed', `${textOf(part)}: here it is ${used} ms`);
}

function lost(one: Statement, part: Statement, why: string, { ledger }: Context): undefined {
  const where = one === part ? textOf(one) : `${textOf(one)}: ${textOf(part)}`;
  ledger.lose(part, `${where}: ${why}, and what tracks it is left out`);
}
