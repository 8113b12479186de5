/** How the connection table stands that follows an instance, and what its last move has cost. */
import type { ConnectionsDocument, MoveDocument } from '../../control/ipvs-document.ts';
import type { StatusDocument } from '../../control/protocol.ts';
import type { Screen } from './status.ts';
import { formatAge, printable } from './text.ts';

/** Empty where no table follows an instance. */
export function renderConnections({ instances }: StatusDocument, screen: Screen): string {
  const blocks = instances.flatMap(({ name, connections }) =>
    connections === undefined ? [] : [blockOf(name, connections, screen)],
  );
  return blocks.length === 0 ? '' : `\n${blocks.join('')}`;
}

function blockOf(name: string, connections: ConnectionsDocument, { now }: Screen): string {
  const { live, peers, moves } = connections;
  const others = peers.map(peerText);
  const silent = connections.catch_up ? '; no other director reports its table' : '';
  const known = others.length === 0 ? silent : `; ${others.join('; ')}`;
  const lines = [`${name}: ${live} connections here${known}`];
  if (moves.last !== null) lines.push(`  ${moveText(moves.last, now)}`);
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function peerText({ name, master, live, missing }: ConnectionsDocument['peers'][number]): string {
  if (missing === null) return `${name} has ${live}, not compared yet`;
  if (!master) return missing === 0 ? `${name} lacks none of them` : `${name} lacks ${missing}`;
  return missing === 0
    ? `none of the ${live} of ${name} is missing`
    : `${missing} of the ${live} of ${name} are missing`;
}

function moveText({ at, move, live, peers }: MoveDocument, now: Date): string {
  const age = formatAge(now.getTime() - Date.parse(at));
  const [former] = peers;
  if (move === 'take-over') {
    const from = `taken over from ${former?.name ?? 'another director'} ${age} ago`;
    return `${from}: ${numberOf(former?.missing)} of ${live} were lost, ${numberOf(former?.missing_before)} were missing at the moment`;
  }
  const lacked = peers.map(({ name, missing }) => `${name} lacked ${numberOf(missing)}`).join(', ');
  const what = lacked === '' ? 'no director reported what it had' : lacked;
  return `handed over ${age} ago: of ${live}, ${what}`;
}

function numberOf(count: number | null | undefined): string {
  return count === null || count === undefined ? 'an unknown number' : String(count);
}
