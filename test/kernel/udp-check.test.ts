/** UDP checks of a host that is not there: the kernel has no answer to ARP, and says so after 3 s. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { kernelSuite, NamespacePair } from './support.ts';

const MODULE = fileURLToPath(new URL('../../dist/src/checker/probes/udp.js', import.meta.url));

/** Six runs of a second each; prints the outcomes. */
const CHECK = `
import { UdpProbe } from ${JSON.stringify(MODULE)};
const [address] = process.argv.slice(1);
const probe = new UdpProbe({ kind: 'udp', endpoint: { address, port: 53 }, send: '', expect: undefined });
const outcomes = [];
for (let run = 0; run < 6; run++) outcomes.push(await probe.run(1_000));
probe.close();
process.stdout.write(JSON.stringify(outcomes));
`;

kernelSuite('FR-N7 a UDP check', () => {
  test.each(['192.0.2.99', '2001:db8::99'])(
    'of a host that is off fails at the first error, and stays failed: %s',
    async (address) => {
      const pair = await new NamespacePair().settled();
      try {
        const script = ['--input-type=module', '-e', CHECK, address];
        const argv = ['netns', 'exec', pair.a, process.execPath, ...script];
        const outcomes: { passed: boolean; detail: string }[] = JSON.parse(
          execFileSync('ip', argv, { encoding: 'utf8' }),
        );
        const first = outcomes.findIndex(({ passed }) => !passed);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first).toBeLessThan(5);
        expect(outcomes.slice(first).filter(({ passed }) => passed)).toEqual([]);
        expect(outcomes[first]?.detail).toContain('EHOSTUNREACH');
      } finally {
        pair.remove();
      }
    },
  );
});

const DNS_MODULE = fileURLToPath(new URL('../../dist/src/checker/probes/dns.js', import.meta.url));

/** Two runs while both local ports are taken; prints how each ended. */
const DNS_CHECK = `
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { DnsProbe } from ${JSON.stringify(DNS_MODULE)};
for (const port of [40000, 40001]) {
  const socket = createSocket('udp4').bind(port);
  await once(socket, 'listening');
  socket.unref();
}
const endpoint = { address: '192.0.2.2', port: 53 };
const probe = new DnsProbe({ kind: 'dns', endpoint, name: 'www.example.net', type: 'A', answer: undefined });
const codes = [];
for (let run = 0; run < 2; run++) {
  codes.push(await probe.run(300).then(({ detail }) => detail, ({ code }) => code));
}
process.stdout.write(JSON.stringify(codes));
process.exit();
`;

kernelSuite('FR-O11 a DNS check', () => {
  test('without a free local port says so, and nothing about the server', async () => {
    const pair = await new NamespacePair().settled();
    try {
      const inside = ['netns', 'exec', pair.a];
      const range = ['sysctl', '-qw', 'net.ipv4.ip_local_port_range=40000 40001'];
      execFileSync('ip', [...inside, ...range]);
      const script = [process.execPath, '--input-type=module', '-e', DNS_CHECK];
      const codes: string[] = JSON.parse(
        execFileSync('ip', [...inside, ...script], { encoding: 'utf8' }),
      );
      expect(codes).toEqual(['EADDRINUSE', 'EADDRINUSE']);
    } finally {
      pair.remove();
    }
  });
});
