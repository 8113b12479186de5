/** Converts `check` and `weight_from` to the probe of one server. */
import { createHash } from 'node:crypto';
import { familyOf, type IpAddress, parseIp } from '../../../net/address.ts';
import { type Endpoint, formatEndpoint } from '../../../net/endpoint.ts';
import type { Server } from '../../../net/ipvs.ts';
import type {
  BodyDigest,
  Expectation,
  HttpTarget,
  ProbeTiming,
  ScriptTarget,
  ServerProbe,
  ServerTarget,
  StatusRange,
  WeightScale,
} from '../../../net/probe.ts';
import { milliseconds, seconds } from '../../../net/time.ts';
import { describeValue, type Findings, type Path } from '../../finding.ts';
import type {
  CheckFile,
  CheckMapping,
  ExecFile,
  HttpsFile,
  OneCheckFile,
  UdpFile,
  WeightFromFile,
} from '../../schema/check-schema.ts';
import { CHECK_DEFAULTS, WEIGHT_FROM_DEFAULTS } from '../../schema/defaults.ts';
import { parseAddressAndPort } from '../lower-address.ts';
import { lowerDuration } from '../lower-timing.ts';

const TIMES = { minimum: milliseconds(100), maximum: seconds(3_600), zero: false };

const CHECK_KINDS = ['tcp', 'http', 'https', 'dns', 'udp', 'ping', 'exec'] as const;
const WEIGHT_KINDS = ['http', 'https', 'exec'] as const;

interface Place {
  readonly server: Server;
  /** Of the `check` or `weight_from`. */
  readonly path: Path;
  readonly findings: Findings;
}

/** None: the server is not checked, or its checks are invalid. */
export function lowerChecks(file: CheckFile | undefined, place: Place): ServerProbe[] {
  if (file === undefined || file === 'none') return [];
  const isList = Array.isArray(file);
  const probes = (isList ? file : [file]).flatMap((one, position) => {
    const path = isList ? [...place.path, position] : place.path;
    return lowerCheck(one, { ...place, path }) ?? [];
  });
  if (probes.length > 0 && probes.every(acceptsSilence)) {
    const message =
      'a "udp" check without "expect" passes while nothing comes back, so a server that is off or behind ' +
      'a firewall may count as up: add "expect", or a second check, like check: [{ udp: {} }, ping]';
    place.findings.warn(place.path, message);
  }
  return probes;
}

function acceptsSilence(probe: ServerProbe): boolean {
  return probe.kind === 'udp' && probe.expect === undefined;
}

/** Undefined: the check is invalid. */
function lowerCheck(file: OneCheckFile, place: Place): ServerProbe | undefined {
  const mapping: CheckMapping = typeof file === 'string' ? { [file]: {} } : file;
  const kind = kindOf(CHECK_KINDS, mapping, place);
  const target = kind === undefined ? undefined : targetOf(kind, mapping, place);
  if (target === undefined) return undefined;
  const { interval, rise, fall } = CHECK_DEFAULTS;
  return {
    ...target,
    ...timingOf(mapping.interval ?? interval, mapping.timeout, place),
    rise: mapping.rise ?? rise,
    fall: mapping.fall ?? fall,
    ...retryOf(mapping, place),
  };
}

function retryOf(
  { retry_after: text, fall }: CheckMapping,
  { path, findings }: Place,
): Pick<ProbeTiming, 'retryAfter'> {
  if (text === undefined) return {};
  if (fall === 1) {
    const message = 'has no effect with "fall: 1": the first failure brings the server down';
    findings.warn([...path, 'retry_after'], message);
  }
  return { retryAfter: lowerDuration(text, TIMES, [...path, 'retry_after'], findings) };
}

export function lowerWeightFrom(
  file: WeightFromFile | undefined,
  place: Place,
): ServerProbe | undefined {
  if (file === undefined) return undefined;
  const kind = kindOf(WEIGHT_KINDS, file, place);
  const target = kind === undefined ? undefined : targetOf(kind, file, place);
  if (target?.kind !== 'http' && target?.kind !== 'script') return undefined;
  if (target.kind === 'http' && target.method === 'HEAD') {
    const message = 'reads no number: a response to HEAD has no body';
    place.findings.error([...place.path, kind ?? '', 'method'], 'conflict', message);
  }
  const weight = scaleOf(file, place);
  const { interval = WEIGHT_FROM_DEFAULTS.interval, fall = WEIGHT_FROM_DEFAULTS.fall } = file;
  return { ...target, weight, ...timingOf(interval, file.timeout, place), rise: 1, fall };
}

function scaleOf(file: WeightFromFile, { path, findings }: Place): WeightScale {
  const {
    reads = WEIGHT_FROM_DEFAULTS.reads,
    smoothing = WEIGHT_FROM_DEFAULTS.smoothing,
    min: minimum = WEIGHT_FROM_DEFAULTS.min,
    max: maximum = WEIGHT_FROM_DEFAULTS.max,
  } = file;
  if (minimum > maximum) {
    const message = `must not be greater than "max" (${maximum})`;
    findings.error([...path, 'min'], 'conflict', message);
  }
  return { reads, smoothing, minimum, maximum };
}

function kindOf<Kind extends string>(
  kinds: readonly Kind[],
  mapping: { readonly [K in Kind]?: unknown },
  { path, findings }: Place,
): Kind | undefined {
  const [first, second] = kinds.filter((kind) => mapping[kind] !== undefined);
  if (first === undefined) {
    const message = `needs one of ${kinds.join(', ')}`;
    findings.error(path, 'missing', message);
  } else if (second !== undefined) {
    const message = `"${first}" and "${second}" cannot be used together: remove one of them`;
    findings.error([...path, second], 'conflict', message, 'key');
  }
  return second === undefined ? first : undefined;
}

function timingOf(
  interval: string,
  timeout: string | undefined,
  { path, findings }: Place,
): Pick<ProbeTiming, 'interval' | 'timeout'> {
  const period = lowerDuration(interval, TIMES, [...path, 'interval'], findings);
  if (timeout === undefined) return { interval: period, timeout: period };
  return {
    interval: period,
    timeout: lowerDuration(timeout, TIMES, [...path, 'timeout'], findings),
  };
}

function targetOf(
  kind: (typeof CHECK_KINDS)[number],
  mapping: CheckMapping,
  place: Place,
): ServerTarget | undefined {
  const { exec, dns, udp, source } = mapping;
  if (source !== undefined && (kind === 'exec' || kind === 'udp' || kind === 'ping')) {
    const message = `"source" does not apply to "${kind}"`;
    place.findings.error([...place.path, 'source'], 'conflict', message, 'key');
  }
  if (kind === 'exec') return exec === undefined ? undefined : scriptOf(exec, mapping, place);
  const where = endpointOf(mapping, place);
  if (where === undefined) return undefined;
  if (kind === 'ping') return { kind, address: where.address };
  const endpoint = portOf(where, place);
  if (endpoint === undefined) return undefined;
  const from = sourceOf(mapping, endpoint, place);
  switch (kind) {
    case 'tcp':
      return { kind, endpoint, ...from };
    case 'http':
    case 'https':
      return { ...httpOf(kind, mapping[kind] ?? {}, endpoint, place), ...from };
    case 'dns':
      return {
        kind,
        ...from,
        endpoint,
        name: dns?.name ?? '',
        type: dns?.type ?? CHECK_DEFAULTS.dns.type,
        answer: dns?.answer,
      };
    case 'udp':
      return {
        kind,
        endpoint,
        send: payloadOf(udp),
        expect: expectationOf({ text: 'expect', pattern: 'expect_regex' }, udp ?? {}, kind, place),
      };
  }
}

/** In hexadecimal. */
function payloadOf(udp: UdpFile | undefined): string {
  const text = udp?.send ?? CHECK_DEFAULTS.udp.send;
  return (udp?.send_hex ?? Buffer.from(text).toString('hex')).toLowerCase();
}

/** The port is 0 if neither the check nor the server has one. */
function endpointOf({ connect_to: text, port }: CheckMapping, place: Place): Endpoint | undefined {
  const { server, path, findings } = place;
  if (text === undefined) return { address: server.address, port: port ?? server.port };
  const where = parseAddressAndPort(text);
  if (where === undefined || where.port === 0) {
    const form = 'an IP address with or without a port, like 10.0.0.11:80 or [2001:db8::11]:80';
    const message = `expected ${form}, found ${describeValue(text)}`;
    findings.error([...path, 'connect_to'], 'type', message);
    return undefined;
  }
  if (where.port !== undefined && port !== undefined) {
    findings.error([...path, 'port'], 'conflict', '"connect_to" already has a port');
  }
  return { address: where.address, port: where.port ?? port ?? server.port };
}

function sourceOf(
  { source: text }: CheckMapping,
  { address }: Endpoint,
  { path, findings }: Place,
): { readonly source?: IpAddress } {
  if (text === undefined) return {};
  const source = parseIp(text);
  if (source === undefined) {
    const message = `expected an IP address, found ${describeValue(text)}`;
    findings.error([...path, 'source'], 'type', message);
    return {};
  }
  if (familyOf(source) !== familyOf(address)) {
    const message = `${source} cannot reach ${address}: they have different address families`;
    findings.error([...path, 'source'], 'conflict', message);
  }
  return { source };
}

function portOf(where: Endpoint, { path, findings }: Place): Endpoint | undefined {
  if (where.port !== 0) return where;
  findings.error(path, 'missing', '"port" is missing: the server has no port');
  return undefined;
}

function scriptOf({ command, user }: ExecFile, mapping: CheckMapping, place: Place): ScriptTarget {
  const { path, findings, server } = place;
  const at = [...path, 'exec', 'command'];
  const where = endpointOf(mapping, place) ?? server;
  if (command[0]?.startsWith('/') !== true) {
    const message = 'must be the absolute path of a program: it runs without a shell';
    findings.error([...at, 0], 'type', message);
  }
  findings.command(at, command, user);
  const argv = command.map((part, index) => {
    if (part.includes('\0')) findings.error([...at, index], 'type', 'must not contain NUL');
    return part.replaceAll('{address}', where.address).replaceAll('{port}', String(where.port));
  });
  return { kind: 'script', argv, user };
}

function httpOf(
  scheme: 'http' | 'https',
  file: HttpsFile,
  endpoint: Endpoint,
  place: Place,
): HttpTarget {
  const { host, sni, digest } = file;
  const usual = CHECK_DEFAULTS.http;
  judgeBodyOfHead(scheme, file, place);
  return {
    kind: 'http',
    url: `${scheme}://${formatEndpoint(endpoint)}${file.path ?? usual.path}`,
    method: file.method ?? usual.method,
    status: rangesOf(file.status ?? usual.status, scheme, place),
    host,
    verify: file.verify ?? usual.verify,
    serverName: scheme === 'https' ? (sni ?? nameIn(host)) : undefined,
    body: expectationOf({ text: 'body', pattern: 'body_regex' }, file, scheme, place),
    ...(digest === undefined ? {} : { digest: digestOf(digest) }),
  };
}

/** A response to HEAD has no body (RFC 9110 section 9.3.2): what an empty one does not match is never up. */
function judgeBodyOfHead(scheme: string, file: HttpsFile, { path, findings }: Place): void {
  if (file.method !== 'HEAD') return;
  for (const key of ['body', 'body_regex', 'digest'] as const) {
    if (file[key] === undefined) continue;
    const at = [...path, scheme, key];
    if (acceptsEmptyBody(key, file)) {
      findings.warn(at, `"${key}" has no effect: a response to HEAD has no body`);
      continue;
    }
    const message = `"${key}" cannot be compared: a response to HEAD has no body`;
    findings.error(at, 'conflict', message, 'key');
  }
}

function acceptsEmptyBody(
  key: 'body' | 'body_regex' | 'digest',
  { body_regex: pattern = '', digest = '' }: HttpsFile,
): boolean {
  switch (key) {
    case 'body':
      return false;
    case 'body_regex':
      return regexOf(pattern)?.test('') === true;
    case 'digest': {
      const { algorithm, hex } = digestOf(digest);
      return createHash(algorithm).digest('hex') === hex;
    }
  }
}

/** Undefined: it is invalid, which is an error by itself. */
function regexOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return undefined;
  }
}

function digestOf(text: string): BodyDigest {
  const [algorithm, hex = ''] = text.split(':');
  return { algorithm: algorithm === 'md5' ? 'md5' : 'sha256', hex: hex.toLowerCase() };
}

/** The host name without the port; an address is not a valid server name (RFC 6066 section 3). */
function nameIn(host: string | undefined): string | undefined {
  const name = host?.replace(/:[0-9]+$/, '');
  return name === undefined || parseIp(name.replace(/^\[(.*)\]$/, '$1')) !== undefined
    ? undefined
    : name;
}

function rangesOf(
  status: readonly (number | string)[],
  scheme: string,
  { path, findings }: Place,
): StatusRange[] {
  return status.map((one, index) => {
    if (typeof one === 'number') return { first: one, last: one };
    const [first = 0, last = 0] = one.split('-').map(Number);
    if (first > last) {
      const message = `the range ${one} is empty: write the smaller number first`;
      findings.error([...path, scheme, 'status', index], 'range', message);
    }
    return { first, last };
  });
}

function expectationOf<Key extends string>(
  keys: { readonly text: Key; readonly pattern: Key },
  file: { readonly [K in Key]?: unknown },
  kind: string,
  { path, findings }: Place,
): Expectation | undefined {
  const { [keys.text]: text, [keys.pattern]: pattern } = file;
  const at = [...path, kind, keys.pattern];
  if (typeof text === 'string' && typeof pattern === 'string') {
    const message = `"${keys.text}" and "${keys.pattern}" cannot be used together: remove one of them`;
    findings.error(at, 'conflict', message, 'key');
  }
  if (typeof text === 'string') return { kind: 'text', text };
  if (typeof pattern !== 'string') return undefined;
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    findings.error(at, 'type', `invalid regular expression: ${why}`);
  }
  return { kind: 'pattern', pattern };
}
