/** Keys that several routers share, in the form of the file. Where a key is kept may be shown, a key may not. */
import type { SharedKeys } from '../shared-keys.ts';
import { MASK } from './mask.ts';

type KeysFile = Record<string, string>;

export function effectiveKeys({ keys }: SharedKeys): KeysFile {
  return Object.fromEntries(keys.map(({ id, reference }) => [String(id), reference]));
}

export function maskKeys(keys: KeysFile): KeysFile {
  return Object.fromEntries(
    Object.entries(keys).map(([id, reference]) => [id, maskReference(reference)]),
  );
}

export function maskReference(reference: string): string {
  return reference.startsWith('hex:') ? `hex:${MASK}` : reference;
}
