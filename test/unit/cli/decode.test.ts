import { describe, expect, test } from 'vitest';
import * as decode from '../../../src/cli/commands/decode.ts';
import { runCli } from './run-cli.ts';

const VERSION_3 = '313364010064a802c0000264';
const VERSION_3_PSEUDO = '3133640100640568c0000264';
const VERSION_2 = '213364010001b865c00002640000000000000000';
const VERSION_2_PASSWORD = '21336401010149e7c00002647365637265743132';
const VERSION_2_IPSEC = '213364010201b665c00002640000000000000000';
const IPV6 = '3133640100646cb7fe800000000000000000000000000100';

/** The images of draft-cassen-vrrp-auth-hmac-00. */
const SIGNED =
  '3133c80100644402c0000264' + '010100006800000080000000' + '1b84bc4e8e43892dc6d98448f8ee2265';
const SIGNED_IPV6 =
  '3133c8010064a2e9fe800000000000000000000000000100' +
  '010100006800000080000000' +
  'c8c56146ebfd66ee10ec4d8186461b78';
const KEY = 'hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const FROM = ['--src', '198.51.100.10'];
const FROM_IPV6 = ['--src', 'fe80::10', '--dst', 'fe80::20'];

async function decoded(...args: string[]) {
  const { stdout, code } = await runCli(decode, ['decode', ...args, '--json']);
  return { code, document: JSON.parse(stdout) };
}

function refused(reason: string) {
  return { code: 1, document: { ok: false, reason } };
}

describe('decode --json', () => {
  test('shows the fields of a version 3 packet', async () => {
    expect(await decoded(VERSION_3)).toEqual({
      code: 0,
      document: {
        ok: true,
        packet: {
          version: 3,
          type: 1,
          vrid: 51,
          priority: 100,
          count: 1,
          interval_ms: 1_000,
          checksum_form: 'rfc9568',
          addresses: ['192.0.2.100'],
        },
      },
    });
  });

  test('shows the authentication type of version 2, and no checksum form', async () => {
    const { document } = await decoded(VERSION_2);
    expect(document.packet).toMatchObject({ version: 2, auth_type: 0, interval_ms: 1_000 });
    expect(document.packet).not.toHaveProperty('checksum_form');
  });

  test('recognises the pseudo-header form with the addresses of the packet', async () => {
    const { document } = await decoded(VERSION_3_PSEUDO, '--src', '192.0.2.11');
    expect(document.packet.checksum_form).toBe('pseudo_header');
    expect(await decoded(VERSION_3_PSEUDO, '--src', '192.0.2.13')).toEqual(
      refused('checksum-error'),
    );
  });

  test('assumes IPv6 if an address is IPv6', async () => {
    const { document } = await decoded(IPV6, '--src', 'fe80::11');
    expect(document.packet).toMatchObject({ addresses: ['fe80::100'], interval_ms: 1_000 });
    expect(document.packet).not.toHaveProperty('checksum_form');
    expect((await decoded(IPV6, '--src', 'fe80::11', '--dst', 'ff02::12')).code).toBe(0);
  });

  test('accepts blanks and colons between bytes', async () => {
    const spaced = ['31 33 64 01', '00:64:a8:02', 'C0', '000264'];
    expect(await decoded(...spaced)).toEqual(await decoded(VERSION_3));
  });

  test('checks the TTL', async () => {
    expect(await decoded(VERSION_3, '--ttl', '254')).toEqual(refused('ip-ttl-error'));
  });

  test('accepts only the version that is requested', async () => {
    expect(await decoded(VERSION_3, '--version', '2')).toEqual(refused('version-error'));
    expect((await decoded(VERSION_3, '--version', '3')).code).toBe(0);
    expect((await decoded(VERSION_2, '--version', '2')).code).toBe(0);
  });

  test('checks the password of version 2 if one is given', async () => {
    expect((await decoded(VERSION_2_PASSWORD)).document.packet.auth_type).toBe(1);
    expect((await decoded(VERSION_2_PASSWORD, '--auth-pass', 'secret12')).code).toBe(0);
    expect(await decoded(VERSION_2_PASSWORD, '--auth-pass', 'secret13')).toEqual(
      refused('auth-failure'),
    );
    expect(await decoded(VERSION_2, '--auth-pass', 'secret12')).toEqual(
      refused('auth-type-mismatch'),
    );
  });

  test('refuses authentication that requires an IPsec header', async () => {
    expect(await decoded(VERSION_2_IPSEC)).toEqual(refused('auth-type-mismatch'));
  });

  test('refuses an empty packet', async () => {
    expect(await decoded('')).toEqual(refused('packet-length-error'));
  });
});

describe('decode of a signed message', () => {
  const hmac = { key: 1, time: '2025-04-16T19:07:44.500Z', counter: 0 };

  test('shows the trailer, which it cannot check without the key', async () => {
    const { code, document } = await decoded(SIGNED);
    expect(code).toBe(0);
    expect(document.packet).toMatchObject({ vrid: 51, hmac: { ...hmac, verified: false } });
  });

  test.each([
    [SIGNED, FROM],
    [SIGNED_IPV6, FROM_IPV6],
  ])('%s is right with its key and source', async (message, from) => {
    const { document } = await decoded(message, ...from, '--hmac-key', KEY);
    expect(document.packet?.hmac).toEqual({ ...hmac, verified: true });
    const numbered = await decoded(message, ...from, '--hmac-key', `1=${KEY}`);
    expect(numbered.document.packet?.hmac.verified).toBe(true);
  });

  test('is refused with another key, number or source, and if it is not signed', async () => {
    const other = `hex:${'00'.repeat(32)}`;
    const of = (...args: string[]) => decoded(...args);
    expect(await of(SIGNED, ...FROM, '--hmac-key', other)).toEqual(refused('hmac-failure'));
    expect(await of(SIGNED, ...FROM, '--hmac-key', `2=${KEY}`)).toEqual(
      refused('hmac-unknown-key'),
    );
    expect(await of(SIGNED, '--hmac-key', KEY)).toEqual(refused('hmac-failure'));
    expect(await of(VERSION_3, '--hmac-key', KEY)).toEqual(refused('hmac-missing'));
    const malformed = `${SIGNED.slice(0, 28)}01${SIGNED.slice(30)}`;
    expect(await of(malformed)).toEqual(refused('hmac-malformed'));
  });

  test('says in words what it is, and never a key', async () => {
    const { stdout } = await runCli(decode, ['decode', SIGNED, ...FROM, '--hmac-key', KEY]);
    expect(stdout).toMatch(
      /^signature +HMAC-SHA256 with key 1, sent 2025-04-16T19:07:44\.500Z: right$/m,
    );
    const unchecked = await runCli(decode, ['decode', SIGNED]);
    expect(unchecked.stdout).toContain('not checked (--hmac-key)');
    const wrong = await runCli(decode, ['decode', SIGNED, '--hmac-key', 'hex:c0ffee']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('a key has 64 to 128 hexadecimal digits');
  });
});

describe('decode', () => {
  test('prints the fields as text, but never the password', async () => {
    const { stdout, code } = await runCli(decode, ['decode', VERSION_2_PASSWORD]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^virtual router +51$/m);
    expect(stdout).toMatch(/^authentication +1 \(password\)$/m);
    expect(stdout).toMatch(/^addresses \(1\) +192\.0\.2\.100$/m);
    expect(stdout).not.toContain('secret');
  });

  test('explains why a packet is refused', async () => {
    const { stdout, code } = await runCli(decode, ['decode', VERSION_3, '--ttl', '1']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^refused: ip-ttl-error\n.*255/);
  });

  test.each([
    [['313']],
    [['zz']],
    [[]],
    [[VERSION_3, '--src', '192.0.2']],
    [[VERSION_3, '--src', '192.0.2.1', '--dst', 'ff02::12']],
    [[VERSION_3, '--ttl', '256']],
    [[VERSION_3, '--ttl', '1e2']],
    [[VERSION_3, '--version', '4']],
    [[VERSION_2, '--auth-pass', 'longer than 8']],
    [[VERSION_3, '--hmac-key', 'secret']],
    [[VERSION_3, '--hmac-key', `256=${KEY}`]],
    [[VERSION_3, '--hmac-key', 'file:/nonexistent']],
    [[VERSION_3, '--port', '1']],
  ])('%j is a usage error: exit status 2, nothing on standard output', async (args) => {
    const { stdout, stderr, code } = await runCli(decode, ['decode', ...args]);
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    expect(stderr).toMatch(/^error: /);
  });

  test('more bytes than fit in an IP packet are a usage error', async () => {
    expect((await runCli(decode, ['decode', '00'.repeat(65_516)])).code).toBe(2);
    expect((await runCli(decode, ['decode', '31'.repeat(65_515)])).code).toBe(1);
  });
});
