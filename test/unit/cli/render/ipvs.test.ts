import { expect, test } from 'vitest';
import { ipvsadmLines } from '../../../../src/cli/render/ipvs.ts';
import type { ServerDocument, ServiceDocument } from '../../../../src/control/ipvs-document.ts';

const SERVER = {
  ...{ address: '198.51.100.11', port: 0, forwarding: 'tun', weight: 2 },
  ...{ upper_threshold: 0, lower_threshold: 0, tunnel: null },
};

/** The line of a server of the service with firewall mark 7. */
function lineOf(server: Partial<ServerDocument>): string | undefined {
  const service = {
    ...{ protocol: null, address: null, port: null, fwmark: 7, family: 'ipv4' },
    ...{ scheduler: 'wrr', flags: [], one_packet: false, persistence: null },
    servers: [{ ...SERVER, ...server }],
  };
  const services = [service as unknown as ServiceDocument];
  return ipvsadmLines({ services } as unknown as Parameters<typeof ipvsadmLines>[0]).split('\n')[1];
}

test('ipvs save writes the tunnel after the weight, as ipvsadm does', () => {
  const tunnel = { type: 'gue', port: 6080, checksum: 'none' };
  expect(lineOf({ tunnel })).toBe(
    '-a -f 7 -r 198.51.100.11:0 -i -w 2 --tun-type gue --tun-port 6080 --tun-nocsum',
  );
  expect(lineOf({ tunnel: { type: 'ipip', port: 0, checksum: 'none' } })).toBe(
    '-a -f 7 -r 198.51.100.11:0 -i -w 2 --tun-type ipip',
  );
});

test('ipvs save writes thresholds, which ipvsadm leaves out', () => {
  const server = { forwarding: 'dr', upper_threshold: 100, lower_threshold: 50 };
  expect(lineOf(server)).toBe('-a -f 7 -r 198.51.100.11:0 -g -w 2 -x 100 -y 50');
});
