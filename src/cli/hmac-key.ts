/** The option `--hmac-key` of `decode` and `watch`: a key as in the configuration file, with its number. */
import { InvalidArgumentError, Option } from 'commander';
import { hexKey } from '../config/shared-keys.ts';
import { readKey } from '../daemon/host/config-host.ts';

export interface NumberedKey {
  readonly id: number;
  readonly bytes: Uint8Array;
}

const FORM =
  /^(?:([1-9][0-9]{0,2})=)?((?:hex:[0-9A-Fa-f]*|file:\/.+|credential:[A-Za-z0-9][\w.-]*))$/;

export function hmacKeyOption(): Option {
  const what =
    'key that signs: hex:, file: or credential:, as in the configuration; its number before it (2=file:/...), else 1; may be repeated';
  return new Option('--hmac-key <[number=]key>', what).argParser(addKey);
}

/** No message contains a part of the key. */
function addKey(text: string, known: readonly NumberedKey[] = []): readonly NumberedKey[] {
  const [, number = '1', reference] = FORM.exec(text) ?? [];
  const id = Number(number);
  if (reference === undefined || id > 255) {
    throw new InvalidArgumentError(
      'It must be hex:, file: or credential:, after a number and "=".',
    );
  }
  const digits = reference.startsWith('hex:') ? reference.slice('hex:'.length) : undefined;
  const bytes = digits === undefined ? readKey(reference) : hexKey(digits);
  if ('problem' in bytes) throw new InvalidArgumentError(bytes.problem);
  return [...known.filter((one) => one.id !== id), { id, bytes }];
}
