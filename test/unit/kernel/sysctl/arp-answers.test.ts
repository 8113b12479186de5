import { expect, test } from 'vitest';
import { answersElsewhere } from '../../../../src/kernel/sysctl/arp-answers.ts';
import { ip } from '../../../../src/net/address.ts';

const LO = { holder: 'lo', wire: 'eth0' };

/** The greater of both counts (IN_DEV_MAXCONF in <linux/inetdevice.h>). */
test.each([
  [0, 0, true],
  [1, 0, false],
  [0, 1, false],
  [2, 1, false],
  [3, 1, true],
  [0, 8, false],
])(
  'FR-J2 with arp_ignore %i for all and %i for the interface, an address on lo is answered: %s',
  (all, own, expected) => {
    const read = (_: string, link: string) => (link === 'all' ? all : own);
    expect(answersElsewhere(ip('203.0.113.100'), LO, { read })).toBe(expected);
  },
);

test('FR-J2 without the setting, ARP is answered; ND only for the interface itself', () => {
  const read = () => undefined;
  expect(answersElsewhere(ip('203.0.113.100'), LO, { read })).toBe(true);
  expect(answersElsewhere(ip('2001:db8::1'), LO, { read })).toBe(false);
  expect(answersElsewhere(ip('2001:db8::1'), { holder: 'eth0', wire: 'eth0' }, { read })).toBe(
    true,
  );
});
