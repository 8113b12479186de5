import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import {
  type InstanceStatement,
  putStatement,
  statementAt,
  statementLength,
} from '../../../../src/wire/peer-link/statement.ts';
import { StatementMemory } from '../../../../src/wire/peer-link/statement-memory.ts';

const WEB: InstanceStatement = {
  ...{ name: 'web', interface: 'eth0', family: 'ipv4', vrid: 55, state: 'MASTER', priority: 150 },
  ...{ canServe: 'yes', resigningTo: 'lb2', source: ip('192.0.2.11'), misses: false },
  ...{ faults: ['interface-down'], digests: [1, 0] },
};

function encoded(statement: InstanceStatement): Uint8Array {
  const bytes = new Uint8Array(statementLength(statement));
  putStatement(bytes, 0, statement);
  return bytes;
}

test('a statement that is repeated is the same object again, wherever it is', () => {
  const memory = new StatementMemory();
  const first = memory.read(encoded(WEB), 0);
  expect(first?.statement).toEqual(WEB);
  const length = statementLength(WEB);
  const later = Uint8Array.of(0xff, ...encoded(WEB), 0xff);
  const again = memory.read(later, 1);
  expect(again?.statement).toBe(first?.statement);
  expect(again?.end).toBe(1 + length);
});

test('a statement that has changed is read again', () => {
  const memory = new StatementMemory();
  memory.read(encoded(WEB), 0);
  expect(memory.read(encoded({ ...WEB, priority: 151 }), 0)?.statement.priority).toBe(151);
  expect(memory.read(encoded(WEB), 0)?.statement.priority).toBe(150);
});

test.each([
  ['of one length', 'web', [4075419560, 4200953575], 'web', [1048718980, 3531073555]],
  ['of two lengths', 'mail', [1508124066, 1624598681], 'web', [3157324688, 352760239]],
])('two statements with one digest, %s, are told apart', (_, name, digests, other, others) => {
  const memory = new StatementMemory();
  const both = [
    { ...WEB, name, digests },
    { ...WEB, name: other, digests: others },
  ];
  for (const one of [...both, ...both]) {
    expect(memory.read(encoded(one), 0)?.statement).toEqual(one);
  }
});

test('all are forgotten when there are more than any director has', () => {
  const memory = new StatementMemory();
  const first = memory.read(encoded(WEB), 0);
  for (let digest = 0; digest < 1_024; digest++) {
    memory.read(encoded({ ...WEB, digests: [digest, 7] }), 0);
  }
  const again = memory.read(encoded(WEB), 0);
  expect(again).toEqual(first);
  expect(again?.statement).not.toBe(first?.statement);
});

test('reads any bytes as without a memory', () => {
  const memory = new StatementMemory();
  const web = encoded(WEB);
  const changed = fc
    .tuple(fc.nat(web.length - 1), fc.nat(255), fc.nat(web.length))
    .map(([at, byte, end]) => web.with(at, byte).subarray(0, web.length - (end % 4)));
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 90 })), fc.nat(3), (bytes, offset) => {
      expect(memory.read(bytes, offset)).toEqual(statementAt(bytes, offset));
      expect(memory.read(bytes, offset)).toEqual(statementAt(bytes, offset));
    }),
  );
});
