/** Converts `witness` to settings of the engine, and to what the checker process needs to reach etcd. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Duration, formatDuration, milliseconds, seconds, times } from '../../net/time.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import { describeValue, type Findings, type Path, withoutUser } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import { WITNESS_DEFAULTS } from '../schema/defaults.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { SecretText, WitnessAccess } from '../witness-settings.ts';
import type { Inherited } from './inherit.ts';
import { lowerDuration } from './lower-timing.ts';

type WitnessFile = NonNullable<ConfigFile['witness']>;
type WitnessSettings = NonNullable<Settings['witness']>;
type EtcdFile = WitnessFile['etcd'];

const TTL = { minimum: seconds(2), maximum: seconds(60), zero: false };

/** Leases of etcd have whole seconds. */
const SECOND = milliseconds(1_000);

/** A promise may be two heartbeats old, and more of them may be lost before the directors are apart. */
const HEARTBEATS_IN_TTL = 8;

const ETCD_PORT = '2379';

export interface LoweredWitness {
  readonly settings: WitnessSettings;
  readonly access: WitnessAccess;
}

export function lowerWitness(
  file: WitnessFile,
  host: HostFacts,
  findings: Findings,
): LoweredWitness {
  const path = ['witness', 'ttl'];
  const text = file.ttl ?? WITNESS_DEFAULTS.ttl;
  const ttl = lowerDuration(text, TTL, path, findings);
  if (!findings.reported(path) && ttl % SECOND !== 0) {
    findings.error(path, 'range', `must be whole seconds, as leases of etcd are, not ${text}`);
  }
  const { etcd } = file;
  const prefix = etcd.prefix ?? WITNESS_DEFAULTS.etcd.prefix;
  const textOf = (key: 'ca' | 'cert' | 'key' | 'password', kind: 'secret' | 'public') =>
    lowerText(etcd[key], kind, ['witness', 'etcd', key], host, findings);
  const access: WitnessAccess = {
    endpoints: lowerEndpoints(etcd, findings),
    prefix: prefix.endsWith('/') ? prefix : `${prefix}/`,
    ca: textOf('ca', 'public'),
    cert: textOf('cert', 'public'),
    key: textOf('key', 'secret'),
    username: etcd.username,
    password: textOf('password', 'secret'),
    ttl,
  };
  checkPairs(etcd, findings);
  checkPem(access, findings);
  return { settings: { ttl, onLoss: file.on_loss ?? WITNESS_DEFAULTS.on_loss }, access };
}

/** What `witness` and the rest of the configuration need of each other. */
export function checkWitness(
  { witness, peerLink, instances, syncGroups }: Settings,
  endpoints: readonly string[],
  drafts: readonly Inherited[],
  findings: Findings,
): void {
  const users = instances.filter((one) => one.witness === true);
  for (const { values, at } of drafts) {
    if (values.witness !== true) continue;
    if (witness === undefined && !findings.reportedIn(['witness'])) {
      const message = '"witness: true" needs the section "witness", which says where etcd is';
      findings.error(at('witness'), 'missing', message);
    }
    if (values.lease === 'off') {
      const message =
        'the kernel takes the VIPs from a director that hangs by their lifetime: "witness: true" needs a "lease"';
      findings.error(at('lease'), 'conflict', message);
    }
  }
  if (witness === undefined) return;
  if (users.length === 0 && findings.errors().length === 0) {
    findings.warn(['witness'], 'no instance has "witness: true", so the witness is never asked');
  }
  warnOfPlaces(endpoints, peerLink, findings);
  warnOfGroups(
    syncGroups,
    users.map(({ name }) => name),
    findings,
  );
  if (peerLink !== undefined) checkHeartbeat(witness.ttl, peerLink.heartbeat, findings);
  if (peerLink === undefined && !findings.reportedIn(['peer_link'])) {
    const message =
      '"witness" needs "peer_link": a MASTER cannot hear that the others are BACKUP by VRRP alone, and ' +
      'would ask etcd all the time';
    findings.error(['witness'], 'missing', message, 'key');
  }
}

/** Else the promises of a healthy pair would end between two datagrams. */
function checkHeartbeat(ttl: Duration, heartbeat: Duration, findings: Findings): void {
  const path = ['peer_link', 'heartbeat'];
  const least = times(heartbeat, HEARTBEATS_IN_TTL);
  if (ttl >= least || findings.reported(path) || findings.reported(['witness', 'ttl'])) return;
  const enough = times(SECOND, Math.ceil(least / SECOND));
  const faster = milliseconds(Math.floor(ttl / HEARTBEATS_IN_TTL / 1_000));
  const message =
    `the "ttl" of "witness" must be at least ${HEARTBEATS_IN_TTL} heartbeats, ${formatDuration(least)}, ` +
    `not ${formatDuration(ttl)}: write "ttl: ${formatDuration(enough)}" there, ` +
    `or "heartbeat: ${formatDuration(faster)}" here, on every director`;
  findings.error(path, 'conflict', message);
}

/** Members ask in turn; in `mode: any` one may serve whose predecessor is absent, and has not asked. */
function warnOfGroups(
  groups: Settings['syncGroups'],
  users: readonly string[],
  findings: Findings,
): void {
  for (const [index, { instances, mode }] of groups.entries()) {
    if (mode !== 'any' || instances.filter((one) => users.includes(one)).length < 2) continue;
    const message =
      'with "mode: any" and a witness for several members, two directors may each have the key of one member in ' +
      'a cut, and wait for each other: write "mode: all", or "witness: true" for one member only';
    findings.warn(['sync_groups', index, 'mode'], message);
  }
}

/** A witness that is lost together with a director cannot decide about it. */
function warnOfPlaces(
  endpoints: readonly string[],
  peerLink: Settings['peerLink'],
  findings: Findings,
): void {
  const path = ['witness', 'etcd', 'endpoints'];
  const directors = new Set<string>(
    peerLink === undefined
      ? []
      : [peerLink.source, ...peerLink.directors.map(({ address }) => address)],
  );
  const hosts = endpoints.map((one) => /^[a-z]+:\/\/(.*):[0-9]+$/.exec(one)?.[1] ?? '');
  const here = hosts.filter((host) => directors.has(host.replace(/^\[|\]$/g, '')));
  if (here.length * 2 >= endpoints.length && here.length > 0) {
    const message = `${here.join(', ')} is a director: a cut, or its crash, takes etcd along with it`;
    findings.warn(path, message);
  }
  if (endpoints.length === 2) {
    findings.warn(
      path,
      'two members of etcd have no majority without each other: take one, or three',
    );
  }
}

function lowerEndpoints({ endpoints }: EtcdFile, findings: Findings): string[] {
  const origins = endpoints.map((text, position) => {
    const path = ['witness', 'etcd', 'endpoints', position];
    const origin = originOf(text);
    if (typeof origin === 'string') return origin;
    findings.error(path, 'range', origin.problem);
    return undefined;
  });
  for (const [position, origin] of origins.entries()) {
    if (origin === undefined || origins.indexOf(origin) === position) continue;
    const path = ['witness', 'etcd', 'endpoints', position];
    findings.error(path, 'conflict', `${withoutUser(origin)} is listed twice`);
  }
  const schemes = new Set(origins.map((one) => one?.slice(0, one.indexOf(':'))));
  if (schemes.has('http')) {
    findings.warn(
      ['witness', 'etcd', 'endpoints'],
      'http: any host on the path to etcd can read the password, and take or delete the keys',
    );
  }
  return origins.map((origin, position) => origin ?? endpoints[position] ?? '');
}

function originOf(text: string): string | { readonly problem: string } {
  const form = 'expected a URL like https://203.0.113.21:2379';
  const found = `${form}, found ${describeValue(text)}`;
  if (!/^https?:\/\//i.test(text)) return { problem: found };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: found };
  }
  if (url.username !== '' || url.password !== '') {
    return { problem: 'a URL with a user: write "username" and "password"' };
  }
  if (url.search !== '' || url.hash !== '' || (url.pathname !== '/' && url.pathname !== '')) {
    return { problem: `${form}, without a path, found ${describeValue(text)}` };
  }
  // The standard ports of http and https are no port in a parsed URL.
  const hasPort = /:[0-9]+\/?$/.test(text);
  const standard = url.protocol === 'https:' ? '443' : '80';
  const port = url.port === '' ? (hasPort ? standard : ETCD_PORT) : url.port;
  return `${url.protocol}//${url.hostname}:${port}`;
}

function lowerText(
  reference: string | undefined,
  kind: 'secret' | 'public',
  path: Path,
  { readText }: HostFacts,
  findings: Findings,
): SecretText | undefined {
  if (reference === undefined) return undefined;
  const read = readText?.(reference, kind);
  if (read === undefined) return { reference, text: undefined };
  if ('problem' in read) {
    findings.error(path, 'unavailable', read.problem);
    return { reference, text: undefined };
  }
  return { reference, text: read.text };
}

function checkPairs(
  { cert, key, username, password, endpoints }: EtcdFile,
  findings: Findings,
): void {
  const pair = (has: unknown, lacks: unknown, name: string, other: string) => {
    if (has === undefined || lacks !== undefined) return;
    const path = ['witness', 'etcd', name];
    findings.error(path, 'missing', `"${name}" needs "${other}"`, 'key');
  };
  pair(cert, key, 'cert', 'key');
  pair(key, cert, 'key', 'cert');
  pair(username, password, 'username', 'password');
  pair(password, username, 'password', 'username');
  if (cert !== undefined && endpoints.every((one) => one.startsWith('http:'))) {
    const message = 'a certificate is of use with https only, and every endpoint is http';
    findings.error(['witness', 'etcd', 'cert'], 'conflict', message, 'key');
  }
}

function checkPem(access: WitnessAccess, findings: Findings): void {
  const { ca, cert, key, password } = access;
  const expect = (of: SecretText | undefined, name: string, label: RegExp, what: string) => {
    if (of?.text === undefined || label.test(of.text)) return;
    const path = ['witness', 'etcd', name];
    findings.error(path, 'range', `${of.reference} has no ${what} in PEM form`);
  };
  expect(ca, 'ca', /-----BEGIN (TRUSTED )?CERTIFICATE-----/, 'certificate');
  expect(cert, 'cert', /-----BEGIN CERTIFICATE-----/, 'certificate');
  expect(key, 'key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'private key');
  if (key?.text !== undefined && /ENCRYPTED/.test(key.text)) {
    const message = `${key.reference} is encrypted: the agent cannot ask for its passphrase`;
    findings.error(['witness', 'etcd', 'key'], 'range', message);
  }
  if (findings.errors().length === 0) checkCertificate(access, findings);
  if (password?.text === '') {
    findings.error(['witness', 'etcd', 'password'], 'range', `${password.reference} is empty`);
  }
}

function checkCertificate({ cert, key, username }: WitnessAccess, findings: Findings): void {
  if (cert?.text === undefined || key?.text === undefined) return;
  const path = ['witness', 'etcd', 'key'];
  try {
    const certificate = new X509Certificate(cert.text);
    if (!certificate.checkPrivateKey(createPrivateKey(key.text))) {
      findings.error(path, 'conflict', `${key.reference} is not the key of ${cert.reference}`);
    } else if (username !== undefined) {
      warnOfCommonName(certificate, cert.reference, findings);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${key.reference} and ${cert.reference} cannot be used: ${reason}`;
    findings.error(path, 'range', message);
  }
}

/**
 * With a user of its own this director's etcd has users. Its gateway then refuses a certificate with a CommonName,
 * whatever token comes along, if it checks certificates (accessController.ServeHTTP of etcd's embed/serve.go).
 */
function warnOfCommonName(
  certificate: X509Certificate,
  reference: string,
  findings: Findings,
): void {
  const name = [certificate.toLegacyObject().subject.CN ?? ''].flat().join(', ');
  if (name === '') return;
  const message =
    `${reference} has the CommonName ${describeValue(name)}: an etcd that has users ("username") and checks ` +
    'certificates (--client-cert-auth) refuses it at its JSON gateway. The user comes from "username" only: take a ' +
    'certificate without a CommonName (subject /O=NAME)';
  findings.warn(['witness', 'etcd', 'cert'], message);
}
