/** The engine's answers as documents, refusals and sentences. */
import { CommandRefusal } from '../../control/commands.ts';
import type { MoveDocument } from '../../control/ipvs-document.ts';
import type {
  AtRiskDocument,
  ConnectionsAtRiskDocument,
  HandOverDocument,
} from '../../control/operator-protocol.ts';
import type { InstanceDocument, MasterDocument } from '../../control/protocol.ts';
import { type Duration, formatDuration, milliseconds } from '../../net/time.ts';
import { REFUSAL_COUNTERS } from '../../protocol/engine/intake-reasons.ts';
import type { OperatorAnswer, RefusalCode } from '../../protocol/engine/requests.ts';
import type { MasterView } from '../../protocol/engine/view.ts';

type Answered<Outcome extends OperatorAnswer['outcome']> = Extract<
  OperatorAnswer,
  { readonly outcome: Outcome }
>;

export type HandOverAnswer = Exclude<
  OperatorAnswer,
  Answered<'refused'> | Answered<'no-successor'>
>;

type ConnectionsRow = Pick<InstanceDocument, 'state' | 'connections'>;

/** Hints for refusals that `--force` overrides. */
const FORCED: { readonly [Code in RefusalCode]?: string } = {
  owner: '--force hands over anyway; addresses that belong to the interface stay on it',
  'no-master': 'try again in a moment; --force does not wait for one, and the VIPs may go unserved',
  'unknown-peer': '--force hands over to any router that takes over',
  'another-wins': '--force hands over to any router that takes over',
};

export function handOverDocument(
  answer: HandOverAnswer,
  { name, state, master }: InstanceDocument,
  warnings: readonly string[],
): HandOverDocument {
  const handedOver = answer.outcome === 'handed-over' ? answer : undefined;
  return {
    instance: name,
    outcome: answer.outcome,
    state,
    warnings,
    master: handedOver === undefined ? master : masterDocument(handedOver.successor),
    heard_after_ms: handedOver === undefined ? null : handedOver.heardAfter / 1_000,
    released_after_ms: handedOver === undefined ? null : handedOver.releasedAfter / 1_000,
    gap_ms: handedOver === undefined ? null : 0,
    reason: answer.outcome === 'broken-off' ? answer.reason : null,
  };
}

/** Empty if no connections are synchronised for the instance, or it was not MASTER. */
export function connectionsAtRisk(
  before: ConnectionsRow,
  after: ConnectionsRow,
): { readonly connections?: ConnectionsAtRiskDocument } {
  const { connections } = before;
  if (connections === undefined || before.state !== 'MASTER') return {};
  const { live, peers, moves } = connections;
  const candidates = peers.filter(({ master }) => !master);
  const last = after.connections?.moves.last ?? null;
  const hasMoved = last?.move === 'hand-over' && last.at !== moves.last?.at;
  return {
    connections: {
      before: { live, peers: candidates.map(({ name, missing }) => ({ name, missing })) },
      at_move: hasMoved ? atRisk(last) : null,
    },
  };
}

/** The outcome, for the events and the log. */
export function outcomeText(answer: OperatorAnswer): string {
  switch (answer.outcome) {
    case 'done':
      return 'done';
    case 'handed-over': {
      const { successor, heardAfter } = answer;
      return `${successor.address} took over after ${rounded(heardAfter)}; served until it was heard`;
    }
    case 'not-master':
      return answer.master === null
        ? 'it was not MASTER'
        : `it was not MASTER: ${answer.master.address} is`;
    case 'no-successor':
      return `no router took over within ${rounded(answer.waited)}: still MASTER`;
    case 'let-go':
      return `no successor was heard within ${rounded(answer.waited)}: VIPs released anyway`;
    case 'broken-off':
      return `interrupted: ${answer.reason}`;
    case 'refused':
      return `refused: ${answer.message}`;
  }
}

export function operatorRefusal({ code, message }: Answered<'refused'>): CommandRefusal {
  const hint = FORCED[code];
  return new CommandRefusal({
    status: code === 'unknown-instance' ? 404 : 409,
    code,
    message: hint === undefined ? message : `${message} (${hint})`,
  });
}

/** `before`: at the request; `after`: at the end of the wait. */
export function noSuccessor(
  { waited }: Answered<'no-successor'>,
  needed: Duration,
  before: InstanceDocument,
  after: InstanceDocument,
): CommandRefusal {
  const sentences = [
    `no router took over within ${rounded(waited)}: none advertised VRID ${after.vrid} on ${after.interface}`,
    'this router is still MASTER, and the VIPs were never removed',
  ];
  const refused = refusedSince(before, after);
  if (refused !== '') sentences.push(`packets refused in the meantime: ${refused}`);
  if (waited < needed) {
    sentences.push(
      `a BACKUP of low priority may take ${rounded(needed)}: --wait was shorter than that`,
    );
  }
  return new CommandRefusal({ status: 409, code: 'no-successor', message: sentences.join('; ') });
}

function refusedSince(before: InstanceDocument, after: InstanceDocument): string {
  return REFUSAL_COUNTERS.flatMap((counter) => {
    const count = after.counters[counter] - before.counters[counter];
    return count > 0 ? [`${count} ${counter}`] : [];
  }).join(', ');
}

function masterDocument({ address, priority, intervalMs }: MasterView): MasterDocument {
  return { address, priority, interval_ms: intervalMs };
}

function atRisk({ live, peers }: MoveDocument): AtRiskDocument {
  return { live, peers: peers.map(({ name, missing }) => ({ name, missing })) };
}

/** To the millisecond. */
function rounded(duration: Duration): string {
  return formatDuration(milliseconds(Math.round(duration / 1_000)));
}
