import { describe, expect, test } from 'vitest';
import { type IpAddress, ip } from '../../../../../src/net/address.ts';
import {
  type CounterName,
  CounterTable,
  countersLength,
  GLOBAL_ROW,
} from '../../../../../src/protocol/engine/counters.ts';
import type { DirectorInput } from '../../../../../src/protocol/engine/director-messages.ts';
import { Gate } from '../../../../../src/protocol/thread/peer-link/gate.ts';
import { Signature } from '../../../../../src/protocol/thread/peer-link/signature.ts';
import { encodeDatagram, type PeerDatagram } from '../../../../../src/wire/peer-link/datagram.ts';

const LB2 = ip('198.51.100.140');
const STRANGER = ip('198.51.100.200');
const OLD = new Uint8Array(32).fill(1);
const NEW = new Uint8Array(64).fill(2);

const keys = (activeKey: number, ...bytes: readonly Uint8Array[]) =>
  new Signature({ activeKey, keys: bytes.map((one, at) => ({ id: at + 1, bytes: one })) });

function signed(signature: Signature, more: Partial<PeerDatagram> = {}): Uint8Array {
  const datagram: PeerDatagram = {
    ...{ boot: 'bb'.repeat(8), sequence: 1, sentAt: 0, wall: 0, echo: null, heartbeat: 100_000 },
    ...{ part: 1, parts: 1, name: 'lb2', version: '1', services: 0, statements: [], table: null },
    ...more,
  };
  const bytes = encodeDatagram(datagram, signature.activeKey);
  expect(signature.sign(bytes)).toBe(true);
  return bytes;
}

class Rig {
  readonly counters = new CounterTable(new Float64Array(countersLength(0)));
  readonly gate = new Gate(this.counters);
  signature = keys(1, OLD);
  now = 1_000;

  constructor() {
    this.gate.setDirectors([{ name: 'lb2', address: LB2 }]);
  }

  take(bytes: Uint8Array, source: IpAddress = LB2): string[] {
    const said: string[] = [];
    const hear = (input: DirectorInput) => said.push(lineOf(input));
    this.gate.take(bytes, source, this.signature, { now: this.now, wall: 5 }, hear);
    return said;
  }

  count(name: CounterName): number {
    return this.counters.read(GLOBAL_ROW, name);
  }
}

function lineOf(input: DirectorInput): string {
  if (input.kind === 'director.heard') return `heard ${input.director} ${input.datagram.sequence}`;
  if (input.kind !== 'director.refused') return input.kind;
  return `refused ${input.reason} of ${input.director ?? 'an unknown host'}`;
}

describe('the gate of the peer link', () => {
  test('lets a datagram pass that a director has signed', () => {
    const rig = new Rig();
    expect(rig.take(signed(rig.signature))).toEqual(['heard lb2 1']);
  });

  test('refuses each datagram in which one bit is wrong', () => {
    const rig = new Rig();
    rig.take(signed(rig.signature));
    const right = signed(rig.signature, { sequence: 2 ** 52 });
    for (let bit = 0; bit < right.length * 8; bit++) {
      const bytes = right.slice();
      rig.now += 1_000;
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(rig.take(bytes).filter((line) => line.startsWith('heard'))).toEqual([]);
    }
    expect(rig.take(right)).toEqual([`heard lb2 ${2 ** 52}`]);
  });

  test('accepts every key that it has, and signs with the active one', () => {
    const rig = new Rig();
    const sender = keys(2, OLD, NEW);
    expect(rig.take(signed(sender))).toEqual(['refused key of lb2']);
    rig.signature = keys(1, OLD, NEW);
    expect(rig.take(signed(sender))).toEqual(['heard lb2 1']);
    expect(rig.take(signed(keys(1, OLD), { sequence: 2 }))).toEqual(['heard lb2 2']);
    rig.signature = keys(2, NEW, NEW);
    expect(rig.take(signed(keys(1, OLD), { sequence: 3 }))).toEqual([
      'refused authentication of lb2',
    ]);
    expect(rig.count('peer-key-refused')).toBe(1);
    expect(rig.count('peer-authentication-refused')).toBe(1);
  });

  test('never signs without a key', () => {
    const bytes = encodeDatagram(
      {
        ...{ boot: 'bb'.repeat(8), sequence: 1, sentAt: 0, wall: 0, echo: null, heartbeat: 1 },
        ...{ part: 1, parts: 1, name: '', version: '', services: 0, statements: [], table: null },
      },
      0,
    );
    expect(keys(0).sign(bytes)).toBe(false);
    expect(keys(0).isRight(bytes, 0)).toBe(false);
  });

  test('drops a repetition before it looks at its HMAC', () => {
    const rig = new Rig();
    const bytes = signed(rig.signature, { sequence: 7 });
    expect(rig.take(bytes)).toEqual(['heard lb2 7']);
    expect(rig.take(bytes)).toEqual([]);
    const forged = signed(keys(1, NEW), { sequence: 6 });
    expect(rig.take(forged)).toEqual([]);
    expect(rig.count('peer-replay-refused')).toBe(2);
    expect(rig.count('peer-authentication-refused')).toBe(0);
  });

  test('passes on that many datagrams are repeated, once a second', () => {
    const rig = new Rig();
    const bytes = signed(rig.signature);
    rig.take(bytes);
    const flood = () => Array.from({ length: 1_000 }, () => rig.take(bytes)).flat();
    expect(flood()).toEqual(['refused replay of lb2']);
    rig.now += 1_000;
    expect(flood()).toEqual(['refused replay of lb2']);
    expect(rig.count('peer-replay-refused')).toBe(2_000);
  });

  test('counts each wrong datagram, and passes one of a kind on in a second', () => {
    const rig = new Rig();
    const forged = signed(keys(1, NEW));
    expect([...rig.take(forged), ...rig.take(forged), ...rig.take(forged)]).toEqual([
      'refused authentication of lb2',
    ]);
    expect(rig.take(new Uint8Array(10))).toEqual(['refused length of lb2']);
    expect(rig.take(new Uint8Array(1_500))).toEqual([]);
    expect(rig.take(new Uint8Array(500))).toEqual(['refused version of lb2']);
    expect(rig.count('peer-authentication-refused')).toBe(3);
    expect(rig.count('peer-length-refused')).toBe(2);
    expect(rig.count('peer-version-refused')).toBe(1);
  });

  test('looks at few datagrams of other processes, and at all of the living one', () => {
    const rig = new Rig();
    rig.take(signed(rig.signature, { boot: 'dd'.repeat(8) }));
    rig.take(signed(rig.signature, { wall: 1_000 }));
    for (let count = 0; count < 1_000; count++) {
      rig.take(signed(keys(1, NEW), { boot: 'dd'.repeat(8), sequence: count + 2 }));
    }
    expect(rig.count('peer-authentication-refused')).toBe(98);
    expect(rig.count('peer-unproven-refused')).toBe(902);
    expect(rig.take(signed(rig.signature, { sequence: 2 }))).toEqual(['heard lb2 2']);
    rig.now += 1_000;
    const next = { boot: 'ee'.repeat(8), sequence: 1 };
    expect(rig.take(signed(rig.signature, next))).toEqual(['heard lb2 1']);
  });

  test('recordings of earlier processes do not take the place of the living one', () => {
    const rig = new Rig();
    const living = signed(rig.signature, { sequence: 7, wall: 1_000 });
    rig.take(living);
    for (let process = 1; process <= 9; process++) {
      rig.take(signed(rig.signature, { boot: `${process}`.repeat(16), wall: process }));
    }
    expect(rig.take(living)).toEqual([]);
    expect(rig.count('peer-replay-refused')).toBe(1);
  });

  test('refuses a datagram that is signed and makes no sense', () => {
    const rig = new Rig();
    const bytes = signed(rig.signature);
    bytes[4] = 9;
    rig.signature.sign(bytes);
    expect(rig.take(bytes)).toEqual(['refused malformed of lb2']);
    expect(rig.count('peer-malformed-refused')).toBe(1);
  });

  test('names a director that sends from another address, but believes nothing from there', () => {
    const rig = new Rig();
    expect(rig.take(signed(rig.signature), STRANGER)).toEqual(['refused source of lb2']);
    expect(rig.take(signed(keys(1, NEW)), ip('198.51.100.201'))).toEqual([
      'refused source of an unknown host',
    ]);
    expect(rig.count('peer-source-refused')).toBe(2);
  });

  test('looks at few datagrams of other sources, however many they are', () => {
    const rig = new Rig();
    const said = Array.from({ length: 1_000 }, (_, host) =>
      rig.take(signed(rig.signature), ip(`203.0.113.${host % 256}`)),
    );
    expect(said.flat()).toHaveLength(4);
    expect(rig.count('peer-source-refused')).toBe(1_000);
  });

  test('keeps what it knows of a director when others change', () => {
    const rig = new Rig();
    const bytes = signed(rig.signature, { sequence: 7 });
    rig.take(bytes);
    rig.gate.setDirectors([
      { name: 'lb2', address: LB2 },
      { name: 'lb3', address: STRANGER },
    ]);
    expect(rig.take(bytes)).toEqual([]);
    expect(rig.take(signed(rig.signature), STRANGER)).toEqual(['heard lb3 1']);
  });

  test('adds what the kernel has dropped to the other sources', () => {
    const rig = new Rig();
    rig.gate.dropped(5);
    rig.gate.dropped(0);
    expect(rig.count('peer-source-refused')).toBe(5);
  });
});
