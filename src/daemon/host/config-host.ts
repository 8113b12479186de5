/** Answers what the meaning of a configuration file depends on, for this host. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { HostFacts } from '../../config/host-facts.ts';
import { KEY_BYTES_MAX, KEY_BYTES_MIN, type ReadKey } from '../../config/shared-keys.ts';
import type { ReadText } from '../../config/witness-settings.ts';
import { readStart } from '../../files/regular-file.ts';
import { isLocalAddress, isOwnAddress } from '../../kernel/datagram/local-address.ts';
import { whoCanChange } from '../../kernel/permissions/command-permissions.ts';
import { realNames } from './real-names.ts';
import { routingTables } from './routing-tables.ts';
import { vrfTable } from './vrf-table.ts';

/** A key in hexadecimal digits, with the end of a line. */
const FILE_BYTES_MAX = 2 * KEY_BYTES_MAX + 'hex:'.length + 2;

/** Certificates of many authorities, as of an operating system. */
const TEXT_BYTES_MAX = 1024 * 1024;

const CREDENTIAL = 'credential:';

const NO_CREDENTIALS = 'there is no $CREDENTIALS_DIRECTORY: the service needs LoadCredential=';

const READABLE_BY_GROUP = 0o040;
const OTHERS = 0o007;

/** The answers hold for one reading of a file. */
export function configHost(): HostFacts {
  const tableNumber = routingTables();
  return {
    realName: realNames(),
    isLocal: isLocalAddress,
    isOwn: isOwnAddress,
    tableNumber,
    vrfTable,
    readKey,
    readText,
  };
}

/**
 * For a command outside the service: the credentials of the service are not there.
 * @param unread gets the name of each
 */
export function configHostOutside(unread: (name: string) => void): HostFacts {
  if (process.env['CREDENTIALS_DIRECTORY'] !== undefined) return configHost();
  const isUnread = (reference: string) => {
    if (!reference.startsWith(CREDENTIAL)) return false;
    unread(reference.slice(CREDENTIAL.length));
    return true;
  };
  return {
    ...configHost(),
    readKey: (reference) => (isUnread(reference) ? undefined : readKey(reference)),
    readText: (reference, kind) => (isUnread(reference) ? undefined : readText(reference, kind)),
  };
}

/** `file:/path` or `credential:name`. No message contains a part of a key. */
export const readKey: ReadKey = (reference) =>
  readSecret(reference, 'key', FILE_BYTES_MAX + 1, keyIn);

type Problem = { readonly problem: string };

function readSecret<Secret>(
  reference: string,
  what: string,
  bytes: number,
  parse: (content: Uint8Array, path: string) => Secret | Problem,
): Secret | Problem {
  const path = pathOf(reference);
  if (path === undefined) {
    return { problem: NO_CREDENTIALS };
  }
  try {
    const reader = otherReader(path);
    if (reader !== undefined) return { problem: `${path} is not used as a ${what}: ${reader}` };
    return parse(readStart(path, bytes), path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { problem: `the ${what} ${path} cannot be read: ${reason}` };
  }
}

/** A certificate, its private key or a password, without the end of the last line. */
export const readText: ReadText = (reference, kind) => {
  const path = reference.startsWith('/') ? reference : pathOf(reference);
  if (path === undefined) return { problem: NO_CREDENTIALS };
  try {
    const reader = kind === 'secret' ? otherReader(path) : undefined;
    if (reader !== undefined) return { problem: `${path} is not used: ${reader}` };
    const content = readStart(path, TEXT_BYTES_MAX + 1);
    if (content.length > TEXT_BYTES_MAX) return { problem: `${path} has more than 1 MiB` };
    return { text: content.toString('utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { problem: `${path} cannot be read: ${reason}` };
  }
};

function pathOf(reference: string): string | undefined {
  if (reference.startsWith('file:')) return reference.slice('file:'.length);
  const directory = process.env['CREDENTIALS_DIRECTORY'];
  const name = reference.slice(CREDENTIAL.length);
  return directory === undefined ? undefined : join(directory, name);
}

/** Undefined: only root, the user of this process, and their groups can read or change the file. */
function otherReader(path: string): string | undefined {
  const { mode, gid } = statSync(path);
  if ((mode & OTHERS) !== 0) return 'any user can open it (chmod 600)';
  const ownGroups = [0, process.getegid?.() ?? 0];
  if ((mode & READABLE_BY_GROUP) !== 0 && !ownGroups.includes(gid)) {
    return `group ${gid} can read it (chmod 600)`;
  }
  return whoCanChange(path, process.geteuid?.() ?? 0);
}

function keyIn(content: Uint8Array, path: string): ReturnType<ReadKey> {
  const line = new TextDecoder('latin1').decode(content).replace(/\r?\n$/, '');
  // As keepalived writes hexadecimal digits in its key files.
  const text = line.replace(/^hex:/, '');
  const [least, most] = [KEY_BYTES_MIN, KEY_BYTES_MAX];
  // Random bytes are never all digits.
  const isHex = /^[0-9A-Fa-f]+$/.test(text);
  const bytes = isHex ? Uint8Array.from(Buffer.from(text, 'hex')) : Uint8Array.from(content);
  if (bytes.length >= least && bytes.length <= most) return bytes;
  return {
    problem:
      `${path} has no key: expected ${least} to ${most} bytes, or ${2 * least} to ${2 * most} ` +
      'hexadecimal digits (openssl rand -hex 32)',
  };
}
