/** Keys that several routers share: of the peer link and of virtual routers. */
import * as z from 'zod';
import { pattern } from './schema-parts.ts';

const KEY_FORM =
  'file: with an absolute path, hex: with 64 to 128 digits, or credential: with a name';

export const sharedKey = pattern(
  /^(file:\/[ -~\u00a0-\uffff]{1,4090}|hex:[0-9A-Fa-f]*|credential:[A-Za-z0-9][A-Za-z0-9._-]{0,254})$/,
  KEY_FORM,
);

/** By number. */
export function sharedKeys() {
  return z.record(
    pattern(/^([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$/, 'a number from 1 to 255'),
    sharedKey,
  );
}
