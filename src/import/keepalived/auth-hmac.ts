/**
 * Converts `auth_hmac` of keepalived 2.4.2 and later, whose messages are those of
 * `authentication: { type: hmac }`. No note contains a part of a key.
 */
import { hexKey } from '../../config/shared-keys.ts';
import { type Branch, Sourced } from '../draft.ts';
import type { Ledger } from '../ledger.ts';
import { numberOf } from '../names.ts';
import { partsOf, type Statement } from '../statement.ts';
import type { Context } from './context.ts';

const MODES: Readonly<Record<string, string>> = {
  enforce: 'enforce',
  permissive: 'permissive',
  'receive-only': 'receive_only',
};

/** Where systemd keeps the credentials of a service. */
const CREDENTIAL =
  /^(?:\/run\/credentials\/[^/]+|\$\{_ENV CREDENTIALS_DIRECTORY\})\/([A-Za-z0-9][A-Za-z0-9._-]*)$/;

/** Replaces `authentication`, as in keepalived. */
export function convertAuthHmac(one: Statement, instance: Branch, { ledger }: Context): void {
  const keys: Branch = {};
  for (const part of partsOf(one, 'key')) {
    const id = numberOf(part.words[1]);
    const reference = keyOf(part.words[2] ?? '');
    if (id === undefined || id < 1 || id > 255 || reference === undefined) {
      ledger.lose(
        part,
        `auth_hmac: key ${id ?? ''} is none of 32 to 64 bytes with a number from 1 to 255`,
      );
      continue;
    }
    keys[String(id)] = new Sourced(reference, part);
    ledger.carry(part);
  }
  if (Object.keys(keys).length === 0) {
    ledger.lose(
      one,
      'auth_hmac: has no key that can be used; without it this router refuses signed advertisements',
    );
    return;
  }
  const authentication: Branch = { type: 'hmac', keys };
  const last = (name: string) => partsOf(one, name).at(-1);
  const active = last('active_key');
  const activeKey = numberOf(active?.words[1]);
  if (active !== undefined && activeKey !== undefined) {
    authentication['active_key'] = new Sourced(activeKey, active);
    ledger.carry(active);
  }
  const mode = last('mode');
  const modeName = MODES[mode?.words[1] ?? ''];
  if (mode !== undefined && modeName !== undefined) {
    authentication['mode'] = new Sourced(modeName, mode);
    ledger.carry(mode);
  }
  convertReplay(authentication, last, ledger);
  ledger.carry(one);
  instance['authentication'] = new Sourced(authentication, one);
}

function convertReplay(
  authentication: Branch,
  last: (name: string) => Statement | undefined,
  ledger: Ledger,
): void {
  const replay = last('anti_replay');
  const isMonotonic = replay?.words[1] === 'monotonic';
  if (replay !== undefined && (isMonotonic || replay.words[1] === 'time')) {
    authentication['anti_replay'] = new Sourced(isMonotonic ? 'monotonic' : 'time', replay);
    ledger.carry(replay);
  }
  const window = last('time_window');
  const seconds = numberOf(window?.words[1]);
  if (window === undefined || seconds === undefined) return;
  if (isMonotonic) {
    ledger.note(
      window,
      'ignored',
      'auth_hmac: time_window has no effect with anti_replay monotonic',
    );
    return;
  }
  authentication['window'] = new Sourced(`${seconds}s`, window);
  ledger.carry(window);
}

/** Undefined: keepalived refuses it. */
function keyOf(value: string): string | undefined {
  if (value.startsWith('file:')) {
    const path = value.slice('file:'.length);
    const [, credential] = CREDENTIAL.exec(path) ?? [];
    if (credential !== undefined) return `credential:${credential}`;
    return path.startsWith('/') ? value : undefined;
  }
  const digits = value.startsWith('hex:')
    ? value.slice('hex:'.length)
    : Buffer.from(value, 'utf8').toString('hex');
  if (!/^[0-9a-f]*$/i.test(digits) || 'problem' in hexKey(digits)) return undefined;
  return `hex:${digits}`;
}
