import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import type { WitnessAccess } from '../../../../src/config/witness-settings.ts';
import { certificateWarnings } from '../../../../src/daemon/host/witness-advice.ts';

const [PEM = ''] = rootCertificates;
const END = new Date(new X509Certificate(PEM).validTo).getTime();
const BEGIN = new Date(new X509Certificate(PEM).validFrom).getTime();
const DAY = 86_400_000;

function warnings(now: number, text = PEM): string {
  const access = { cert: { reference: '/etc/etcd.pem', text } } as unknown as WitnessAccess;
  return certificateWarnings(access, new Date(now)).join();
}

test.each([
  [END - 15 * DAY, /^$/],
  [END - 1.5 * DAY, /\/etc\/etcd\.pem of the witness expires in 1 day \(/],
  [END + DAY, /has expired/],
  [BEGIN - DAY, /is not valid before .*: is the clock right\?/],
])('at %d', (now, message) => {
  expect(warnings(now)).toMatch(message);
});

test('a file without a certificate is judged elsewhere', () => {
  expect(warnings(END, 'none')).toBe('');
  expect(certificateWarnings(undefined, new Date())).toEqual([]);
});
