import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import { Outbox } from '../../../../../src/protocol/engine/core/outbox.ts';

const VIP = { index: 2, address: ip('203.0.113.1'), prefixLength: 32 } as const;
const DATAGRAM = { index: 2, destination: ip('224.0.0.18'), packet: new Uint8Array(28) };
const FRAME = { index: 2, frame: new Uint8Array(42) };

describe('the outbox', () => {
  test('puts outputs in the safe order, whatever the order of the calls', () => {
    const outbox = new Outbox();
    outbox.finish();
    outbox.report({ kind: 'stall', microseconds: 1 });
    outbox.change({ operation: 'remove', ...VIP });
    outbox.sendFrames([FRAME]);
    outbox.sendDatagrams([DATAGRAM]);
    outbox.change({ operation: 'add', ...VIP });
    outbox.first({ kind: 'received.discard' });
    const kinds = outbox
      .take()
      .map((one) =>
        one.kind === 'kernel.change' ? `${one.kind} ${one.changes[0]?.operation}` : one.kind,
      );
    expect(kinds).toEqual([
      'received.discard',
      'kernel.change add',
      'datagrams.send',
      'frames.send',
      'kernel.change remove',
      'report',
      'finished',
    ]);
  });

  test('makes one batch of all additions and one of all removals, each with its own number', () => {
    const outbox = new Outbox();
    const ids = (['add', 'remove', 'add', 'remove'] as const).map(
      (operation) => outbox.change({ operation, ...VIP }).id,
    );
    expect(ids).toEqual([1, 2, 1, 2]);
    expect(outbox.take().map((one) => one.kind)).toEqual(['kernel.change', 'kernel.change']);
    expect(outbox.change({ operation: 'add', ...VIP }).id).toBe(3);
  });

  test('is empty after `take`, and returns the same empty list then', () => {
    const outbox = new Outbox();
    outbox.sendDatagrams([DATAGRAM]);
    outbox.sendDatagrams([DATAGRAM]);
    const [sent, ...others] = outbox.take();
    expect(sent).toEqual({ kind: 'datagrams.send', datagrams: [DATAGRAM, DATAGRAM] });
    expect(others).toEqual([]);
    expect(outbox.take()).toEqual([]);
    expect(outbox.take()).toBe(outbox.take());
  });
});
