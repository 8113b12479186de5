/** What the bench floods with must be refused for its own reason: the agent's checks are the judge. */
import { describe, expect, test } from 'vitest';
import { FORGERIES, forgedFrame } from '../../../../src/lab/packets/forged-frame.ts';
import { ip, mac } from '../../../../src/net/address.ts';
import { seconds } from '../../../../src/net/time.ts';
import { judge } from '../../../../src/protocol/engine/router/intake.ts';

const ETHERNET_HEADER = 14;

const REASONS = {
  ttl: 'ip-ttl-error',
  checksum: 'checksum-error',
  version: 'version-error',
  truncated: 'packet-length-error',
  password: 'auth-failure',
} as const;

describe('forged advertisements', () => {
  test.each(FORGERIES)('%s is refused for just that', (forgery) => {
    const version = forgery === 'password' ? 2 : 3;
    const address = ip('192.0.2.100');
    const frame = forgedFrame(
      forgery,
      { version, vrid: 55, address },
      { host: { address: ip('192.0.2.50') }, mac: mac('02:00:00:00:00:50') },
    );
    const packet = frame.subarray(ETHERNET_HEADER);
    const verdict = judge(packet, packet.length, {
      vrid: 55,
      version,
      priority: 150,
      interval: seconds(1),
      addresses: [address],
      checkAddressList: false,
      checksum: 'auto',
      authentication: version === 2 ? { type: 'pass', password: 'secret12' } : { type: 'none' },
      delivery: 'multicast',
      localAddress: ip('192.0.2.11'),
    });
    expect(verdict).toMatchObject({ reason: REASONS[forgery] });
  });
});
