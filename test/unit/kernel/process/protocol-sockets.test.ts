import { expect, test } from 'vitest';
import { vrrpInodes } from '../../../../src/kernel/process/protocol-sockets.ts';

const RAW = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 55001 2 0000000000000000 0
 112: 00000000:0070 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 55002 2 0000000000000000 0
 112: 0B0200C0:0070 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 55003 2 0000000000000000 7
`;
const RAW6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 112: 00000000000000000000000000000000:0070 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 55004 2 0000000000000000 0
  58: 00000000000000000000000000000000:003A 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 55005 2 0000000000000000 0
`;

test('the sockets of protocol 112 are found by their inodes', () => {
  expect(vrrpInodes(RAW)).toEqual(['55002', '55003']);
  expect(vrrpInodes(RAW6)).toEqual(['55004']);
  expect(vrrpInodes('')).toEqual([]);
});
