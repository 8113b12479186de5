/** What the process before this one has left in the history. Pure. */
import { type Former, recordOf } from '../../history/record.ts';

/** `text`: the latest file. */
export function formerIn(text: string, boot: string): Former {
  const lines = text.split('\n');
  let last: 'started' | 'stopped' | undefined;
  for (let index = lines.length - 1; index >= 0; index--) {
    const line = lines[index] ?? '';
    const isMark = line.includes('"agent-st') || line.includes('"boot":');
    const record = isMark ? recordOf(line) : undefined;
    if (record?.ok !== true) continue;
    const { value } = record;
    if (value.kind === 'agent-stopped') last ??= 'stopped';
    if (value.kind !== 'agent-started' && value.kind !== 'instances') continue;
    if (last === 'stopped') return 'stopped';
    return value.boot === boot ? 'died' : 'host-restarted';
  }
  return last === 'stopped' ? 'stopped' : 'none';
}
