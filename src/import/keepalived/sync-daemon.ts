/** `lvs_sync_daemon` and its older form within an instance: the connection synchronisation of IPVS. */
import type { Draft, Keys } from './draft.ts';
import type { Statement } from './statement.ts';

const OPTIONS: Readonly<Record<string, string>> = {
  id: 'sync_id',
  maxlen: 'maxlen',
  port: 'port',
  ttl: 'ttl',
};

/** `instances`: names here by names there. */
export function convertSyncDaemon(
  one: Statement,
  owner: string | undefined,
  instances: ReadonlyMap<string, string>,
  draft: Draft,
): void {
  const [, link, ...words] = one.words;
  const sync: Keys = { interface: link };
  const instance =
    owner ?? instances.get(words[0] === 'inst' ? (words[1] ?? '') : (words[0] ?? ''));
  if (instance !== undefined) sync['instance'] = instance;
  for (const [word, key] of Object.entries(OPTIONS)) {
    const at = words.indexOf(word);
    if (at >= 0) sync[key] = Number(words[at + 1]);
  }
  const group = words[words.indexOf('group') + 1];
  if (words.includes('group') && group !== undefined) sync['group'] = group;
  const ipvs = (draft.top['ipvs'] as Keys | undefined) ?? {};
  if ('sync' in ipvs) draft.note(one, `${one.words.join(' ')}: there is one already`);
  else draft.offerTop('ipvs', { ...ipvs, sync }, one);
}
