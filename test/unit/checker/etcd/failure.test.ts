import { expect, test } from 'vitest';
import {
  combined,
  type EtcdFailure,
  failureOf,
  refusalOf,
} from '../../../../src/checker/etcd/failure.ts';

const ORIGIN = 'https://203.0.113.21:2379';
const NOW = new Date('2026-03-01T00:00:00.000Z');

function errorOf(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

test.each([
  ['ECONNREFUSED', ORIGIN, 'unreachable', /cannot be reached \(ECONNREFUSED\)/],
  ['ECONNRESET', 'http://203.0.113.21:2379', 'unreachable', /if it speaks TLS, write https:/],
  ['ENOTFOUND', ORIGIN, 'name', /cannot be resolved \(ENOTFOUND\)/],
  [
    'CERT_HAS_EXPIRED',
    ORIGIN,
    'certificate',
    /has expired, or this host's clock .*2026-03-01T00:00/,
  ],
  ['CERT_NOT_YET_VALID', ORIGIN, 'certificate', /is not valid yet, or this host's clock is wrong/],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    ORIGIN,
    'certificate',
    /does not name 203\.0\.113\.21: it needs that IP/,
  ],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'https://etcd.example.net:2379',
    'certificate',
    /does not name etcd\.example\.net: it needs that DNS name/,
  ],
  ['SELF_SIGNED_CERT_IN_CHAIN', ORIGIN, 'certificate', /not signed by the authority of "ca"/],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', ORIGIN, 'client-certificate', /"cert" and "key"/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', ORIGIN, 'not-etcd', /does not speak TLS: write http:/],
  ['HPE_INVALID_CONSTANT', ORIGIN, 'not-etcd', /does not speak HTTP/],
  ['ERR_SSL_INTERNAL', ORIGIN, 'unreachable', /ERR_SSL_INTERNAL/],
])('%s of %s is said in words', (code, origin, kind, message) => {
  const failure = failureOf(errorOf(code), origin, NOW);
  expect(failure.code).toBe(kind);
  expect(failure.detail).toMatch(message);
});

test('of the addresses of a name the first one counts', () => {
  const error = new AggregateError([errorOf('EHOSTUNREACH'), errorOf('ECONNREFUSED')]);
  expect(failureOf(error, ORIGIN).detail).toMatch(/EHOSTUNREACH/);
});

test('of several members the most telling failure counts, and all are named', () => {
  const late: EtcdFailure = { code: 'timeout', detail: 'a is slow' };
  const wrong: EtcdFailure = { code: 'certificate', detail: 'the certificate of b has expired' };
  expect(combined([late, wrong, late])).toEqual({
    code: 'certificate',
    detail: 'a is slow; the certificate of b has expired',
  });
  expect(combined([]).code).toBe('abandoned');
});

test('a certificate of etcd that is not for clients as well is named, as its gateway is one', () => {
  const said =
    'connection error: desc = "error reading server preface: remote error: tls: bad certificate"';
  const body = JSON.stringify({ code: 14, message: said });
  expect(refusalOf(503, body, ORIGIN)).toMatchObject({
    code: 'unreachable',
    detail: expect.stringMatching(/does not reach its own etcd .* extended key usage clientAuth/),
  });
  expect(refusalOf(503, body, 'http://203.0.113.21:2379').code).toBe('no-leader');
});
