/** Converts `interface_up_down_delays`. */
import { plain, Sourced } from '../draft.ts';
import { type Statement, textOf } from '../statement.ts';
import { type Context, durationOf } from './context.ts';

export function convertLinkDelays(statement: Statement, { draft, ledger }: Context): void {
  ledger.carry(statement);
  const before = plain(draft.agent['link_delays'] ?? []) as unknown[];
  const entries = before.length === 0 ? [] : (draft.agent['link_delays'] as Sourced[]);
  for (const one of statement.block ?? []) {
    const [name = '', down = '', up = down] = one.words;
    const [downTime, upTime] = [durationOf(down), durationOf(up)];
    if (downTime === undefined || upTime === undefined) {
      ledger.note(one, 'ignored', `${textOf(one)}: the delays are no times, and ignored`);
      continue;
    }
    entries.push(new Sourced({ interface: name, down: downTime, up: upTime }, one));
    ledger.carry(one);
  }
  if (entries.length > 0) draft.agent['link_delays'] = entries;
}
