/** Converts `lvs_sync_daemon`, and its older form in an instance, to `ipvs.sync`. */

import { type Branch, Sourced } from '../draft.ts';
import { numberOf } from '../names.ts';
import { optionOf, type Statement, textOf } from '../statement.ts';
import type { Context } from './context.ts';

const OPTIONS: Readonly<Record<string, string>> = {
  id: 'sync_id',
  maxlen: 'maxlen',
  port: 'port',
  ttl: 'ttl',
};

/** As the schema of this program has it. */
const MAXLEN_LEAST = 1_024;

/** @param owner the instance that has the statement in it */
export function convertSyncDaemon(
  one: Statement,
  owner: string | undefined,
  { draft, ledger, instances }: Context,
): void {
  if ('sync' in draft.ipvs) {
    ledger.lose(one, `${textOf(one)}: only one sync daemon is possible`);
    return;
  }
  const [, link = '', ...words] = one.words;
  const sync: Branch = { interface: link };
  const named =
    words[0] === 'inst'
      ? words[1]
      : words[0] !== undefined && !(words[0] in OPTIONS) && words[0] !== 'group'
        ? words[0]
        : undefined;
  const instance = owner ?? instances.get(named ?? '');
  if (named !== undefined && instance === undefined) {
    ledger.lose(one, `${textOf(one)}: ${named} is not a converted instance`);
    return;
  }
  if (instance !== undefined) sync['instance'] = instance;
  else if (!words.includes('id')) {
    const message = `${textOf(one)}: without an instance keepalived runs both daemons with sync ID 0, which accepts every ID and is not possible here: give an ID on both directors`;
    ledger.lose(one, message);
    return;
  } else sync['mode'] = 'both';
  for (const [word, key] of Object.entries(OPTIONS)) {
    const value = numberOf(optionOf(words, word));
    if (value !== undefined) sync[key] = new Sourced(value, one);
  }
  const maxlen = numberOf(optionOf(words, 'maxlen'));
  if (maxlen !== undefined && maxlen < MAXLEN_LEAST) {
    const least = `the kernel does not receive with less than ${MAXLEN_LEAST}, which is used instead`;
    ledger.note(one, 'changed', `lvs_sync_daemon maxlen ${maxlen}: ${least}`);
    sync['maxlen'] = MAXLEN_LEAST;
  }
  const group = optionOf(words, 'group');
  if (group !== undefined) sync['group'] = group;
  draft.ipvs['sync'] = new Sourced(sync, one);
  ledger.carry(one);
}
