import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as watch from '../../../src/cli/commands/watch.ts';
import { runCli } from '../cli/run-cli.ts';
import { A, B, frameOf } from './segment/frames.ts';

/** A file of frames, each this many milliseconds after 2027-01-15T08:00:00Z. */
function captureOf(...records: readonly (readonly [number, Uint8Array])[]): string {
  const parts = [words(0xa1b2c3d4, 0x0004_0002, 0, 0, 65_535, 1)];
  for (const [at, frame] of records) {
    const header = [1_800_000_000 + Math.floor(at / 1_000), (at % 1_000) * 1_000];
    parts.push(words(...header, frame.length, frame.length), frame);
  }
  return fileOf(Buffer.concat(parts));
}

function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function fileOf(bytes: Uint8Array): string {
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'segment.pcap');
  writeFileSync(file, bytes);
  return file;
}

/** Two MASTERs until the second one resigns. */
function splitCapture(): string {
  const records: [number, Uint8Array][] = [];
  for (let at = 0; at < 10_000; at += 1_000) {
    records.push([at, frameOf({ source: A, priority: 150 })]);
    if (at < 4_000) records.push([at + 500, frameOf({ source: B, priority: 100 })]);
  }
  return captureOf(...records);
}

describe('watch', () => {
  test('shows the senders in a capture, its events and the findings that are over', async () => {
    const file = splitCapture();
    const { stdout, code } = await runCli(watch, ['watch', '--pcap', file]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '2027-01-15T08:00:00.500Z  ipv4 VRID 55: 192.0.2.11 appeared: ' +
        'priority 150, every 1s, version 3, 203.0.113.100\n',
    );
    expect(stdout).toMatch(
      / {2}! ipv4 VRID 55 two-masters: 2 MASTERs at the same time: 192\.0\.2\.11/,
    );
    expect(stdout).toContain(': 1 virtual router, 2 senders\n');
    expect(stdout).toMatch(/^ +ipv4 +55 +192\.0\.2\.11 +MASTER +150 +1s +1s +3 +rfc +203\S+ +0s/m);
    expect(stdout).toMatch(/^ +ipv4 +55 +192\.0\.2\.12 +silent +100 +1s +- +3 +rfc +203\S+ +5s/m);
    expect(stdout).toMatch(/^ {2}over: ipv4 VRID 55 two-masters: .* \(2027\S+ to 2027\S+\)$/m);
    expect(stdout).toMatch(/^free VRID: 1 /m);
  });

  test('prints JSON, one document per line, with a snapshot at the end', async () => {
    const { stdout } = await runCli(watch, ['watch', '--json', '--pcap', splitCapture()]);
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents[0]).toMatchObject({
      kind: 'sender',
      change: 'appeared',
      at: '2027-01-15T08:00:00.500Z',
      sender: { family: 'ipv4', vrid: 55, source: A, priority: 150, interval_ms: 1_000 },
    });
    expect(documents).toContainEqual(
      expect.objectContaining({
        kind: 'finding',
        change: 'raised',
        finding: expect.objectContaining({ code: 'two-masters', sources: [A, B] }),
      }),
    );
    expect(documents.at(-1)).toMatchObject({
      kind: 'snapshot',
      at: '2027-01-15T08:00:09.000Z',
      senders: [
        { state: 'master', measured_interval_ms: 1_000, checksum_form: 'rfc9568', adverts: 10 },
        { state: 'silent', measured_interval_ms: null, refused: {}, adverts: 4 },
      ],
      findings: [],
      past_findings: [{ code: 'two-masters' }],
      free_vrid: 1,
    });
  });

  test('separates the VLANs of a trunk: the same VRID on two VLANs is not a conflict', async () => {
    const tagged = (vlan: number, frame: Uint8Array) =>
      Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, 0x60, vlan, ...frame.subarray(12));
    const records: [number, Uint8Array][] = [];
    for (let at = 0; at < 5_000; at += 1_000) {
      records.push([at, tagged(10, frameOf({ source: A, priority: 150 }))]);
      records.push([at + 500, tagged(20, frameOf({ source: B, priority: 100 }))]);
    }
    const { stdout } = await runCli(watch, ['watch', '--pcap', captureOf(...records)]);
    expect(stdout).toMatch(/VLAN 10: 1 virtual router, 1 sender\n/);
    expect(stdout).toMatch(/VLAN 20: 1 virtual router, 1 sender\n/);
    expect(stdout).not.toContain('two-masters');
  });

  test('shows a truncated capture up to its last whole packet', async () => {
    const file = splitCapture();
    writeFileSync(file, readFileSync(file).subarray(0, -10));
    const { stdout, stderr, code } = await runCli(watch, ['watch', '--pcap', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/192\.0\.2\.11 +MASTER .* 9 +-$/m);
    expect(stderr).toMatch(/is truncated in the record at byte \d+; read 13 packets before that/);
  });

  test('shows a damaged capture up to the damage, and fails', async () => {
    const file = splitCapture();
    const bytes = readFileSync(file);
    bytes.writeUInt32LE(0xffff_ffff, bytes.length - 54);
    writeFileSync(file, bytes);
    const { stdout, stderr, code } = await runCli(watch, ['watch', '--pcap', file]);
    expect(stdout).toMatch(/192\.0\.2\.11 +MASTER .* 9 +-$/m);
    expect(stderr).toMatch(/is damaged at byte \d+; read 13 packets before that/);
    expect(code).toBe(1);
  });

  test('separates the interfaces of a pcapng file, and skips unsupported ones', async () => {
    const block = (type: number, ...body: Uint8Array[]) => {
      const content = Buffer.concat(body);
      const padding = Buffer.alloc((4 - (content.length % 4)) % 4);
      const length = words(content.length + padding.length + 12);
      return Buffer.concat([words(type), length, content, padding, length]);
    };
    const link = (linkType: number) => block(1, words(linkType, 0));
    const packet = (on: number, milliseconds: number, frame: Uint8Array) => {
      const stamp = (1_800_000_000_000n + BigInt(milliseconds)) * 1_000n;
      const times = [Number(stamp >> 32n), Number(stamp & 0xffff_ffffn)];
      return block(6, words(on, ...times, frame.length, frame.length), frame);
    };
    const raw = frameOf({ source: B, priority: 100 }).subarray(14);
    const file = fileOf(
      Buffer.concat([
        block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffff_ffff, 0xffff_ffff)),
        ...[link(1), link(101), link(127)],
        ...[
          packet(0, 0, frameOf({ source: A, priority: 150 })),
          packet(1, 10, raw),
          packet(2, 20, raw),
        ],
      ]),
    );
    const { stdout, stderr } = await runCli(watch, ['watch', '--pcap', file]);
    expect(stdout).toMatch(/pcap interface 0: 1 virtual router, 1 sender\n/);
    expect(stdout).toMatch(/pcap interface 1: 1 virtual router, 1 sender\n/);
    expect(stdout).toMatch(/^\S+ {2}interface 1: ipv4 VRID 55: 192\.0\.2\.12 appeared/m);
    expect(stdout).not.toContain('two-masters');
    expect(stderr).toMatch(/: skipped 1 frames of link type 127; supported are Ethernet/);
  });

  test('reports a capture without VRRP', async () => {
    const { stdout } = await runCli(watch, ['watch', '--pcap', captureOf()]);
    expect(stdout).toMatch(/: no VRRP heard\nfree VRID: 1 /);
  });

  test.each([
    ['of another format', Buffer.from('hello, world, this is text'), /not a capture file/],
    ['compressed', Uint8Array.of(0x1f, 0x8b, 8, 0), /the file is compressed: decompress it first/],
    ['truncated', Buffer.alloc(3), /the file ends before its first packet/],
    [
      'of an unsupported link type',
      words(0xa1b2c3d4, 0x0004_0002, 0, 0, 65_535, 127, 0, 0, 4, 4, 0),
      /link type 127 is not supported; supported are Ethernet/,
    ],
  ])('fails on a file that is %s', async (_, bytes, message) => {
    const { stderr, code } = await runCli(watch, ['watch', '--pcap', fileOf(bytes)]);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  test('fails on a missing file or interface', async () => {
    const missing = await runCli(watch, ['watch', '--pcap', '/nonexistent.pcap']);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
    const unknown = await runCli(watch, ['watch', 'no-such-link']);
    expect(unknown.stderr).toMatch(/no interface is named no-such-link; this host has: .*\blo\b/);
    expect(unknown.code).toBe(1);
  });

  test.each([
    [[]],
    [['eth0', '--pcap', 'file']],
    [['eth0', '--for', '10']],
    [['eth0', '--for', '0s']],
    [['eth0', '--for', '99h']],
  ])('refuses the arguments %j', async (words) => {
    const { code, stderr } = await runCli(watch, ['watch', ...words]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^error: /) });
  });
});
