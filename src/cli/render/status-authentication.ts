/** Authentication by HMAC below the table of `status`: what this router does, and whom it believes. */
import type { AuthenticationDocument, StatusDocument } from '../../control/protocol.ts';
import { printable } from '../terminal/text.ts';
import type { Screen } from './status-details.ts';

/** From this part of the window on the clock of a sender is marked. */
const NOTABLE = 0.5;

/** Empty if no instance authenticates by HMAC. */
export function renderAuthentication({ instances }: StatusDocument, { palette }: Screen): string {
  const lines = instances.flatMap(({ name, authentication }) => {
    if (authentication === undefined) return [];
    const isLate = authentication.senders.some((one) => isNotable(one, authentication));
    const paint = isLate ? palette.notable : (text: string) => text;
    return [paint(printable(`${name}: ${wordsOf(authentication)}`))];
  });
  return lines.length === 0 ? '' : `\n${lines.map((line) => `${line}\n`).join('')}`;
}

function wordsOf(authentication: AuthenticationDocument): string {
  const { mode, keys, active_key: active, senders } = authentication;
  const signs = mode === 'receive_only' ? 'signs nothing' : `signs with key ${active}`;
  const takes = mode === 'enforce' ? '' : ', accepts unsigned';
  const others = keys.filter((key) => mode === 'receive_only' || key !== active);
  const more = others.length === 0 ? '' : `, accepts key ${others.join(' and ')}`;
  const heard = senders.map((sender) => senderText(sender, authentication));
  const said = heard.length === 0 ? 'no signed advertisement heard' : heard.join(', ');
  return `hmac ${mode}: ${signs}${more}${takes}; ${said}`;
}

type Sender = AuthenticationDocument['senders'][number];

function senderText(sender: Sender, authentication: AuthenticationDocument): string {
  const { address, key, clock_ms: clock } = sender;
  const off = `${clock > 0 ? '+' : ''}${(clock / 1_000).toFixed(1)} s`;
  const shown = isNotable(sender, authentication) ? `, clock ${off}` : '';
  return `${address} with key ${key}${shown}`;
}

function isNotable({ clock_ms: clock }: Sender, document: AuthenticationDocument): boolean {
  return document.anti_replay === 'time' && Math.abs(clock) > NOTABLE * document.window_ms;
}
