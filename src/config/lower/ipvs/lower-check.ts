/** `check` and `weight_from` of a service or a server as the probe of one server. */
import { parseIp } from '../../../net/address.ts';
import { type Endpoint, formatEndpoint } from '../../../net/endpoint.ts';
import type { Server } from '../../../net/ipvs.ts';
import type {
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
import type { Findings, Path } from '../../finding.ts';
import type {
  CheckFile,
  CheckMapping,
  ExecFile,
  HttpFile,
  WeightFromFile,
} from '../../schema/check-schema.ts';
import { describeValue } from '../../text/value-text.ts';
import { parseAddressAndPort } from '../lower-endpoint.ts';
import { lowerDuration } from '../lower-timing.ts';

const TIMES = { minimum: milliseconds(100), maximum: seconds(3_600), zero: false };
const CHECK_INTERVAL = seconds(2);
const WEIGHT_INTERVAL = seconds(5);
const ANY_SUCCESS: readonly StatusRange[] = [{ first: 200, last: 399 }];

const CHECK_KINDS = ['tcp', 'http', 'https', 'dns', 'udp', 'ping', 'exec'] as const;
const WEIGHT_KINDS = ['http', 'https', 'exec'] as const;

/** Where the file says something, and about which server. */
interface Place {
  readonly server: Server;
  readonly path: Path;
  readonly findings: Findings;
}

/** Undefined: nobody looks at the server. */
export function lowerCheck(file: CheckFile | undefined, place: Place): ServerProbe | undefined {
  if (file === undefined || file === 'none') return undefined;
  const words: CheckMapping = typeof file === 'string' ? { [file]: {} } : file;
  const kind = kindOf(CHECK_KINDS, words, place);
  const target = kind === undefined ? undefined : targetOf(kind, words, place);
  if (target === undefined) return undefined;
  const { rise = 2, fall = 3 } = words;
  return { ...target, ...timingOf(words, CHECK_INTERVAL, place), rise, fall };
}

export function lowerWeightFrom(
  file: WeightFromFile | undefined,
  place: Place,
): ServerProbe | undefined {
  if (file === undefined) return undefined;
  const kind = kindOf(WEIGHT_KINDS, file, place);
  const target = kind === undefined ? undefined : targetOf(kind, file, place);
  if (target === undefined || !(target.kind === 'http' || target.kind === 'script'))
    return undefined;
  const weight = scaleOf(file, place);
  return {
    ...target,
    weight,
    ...timingOf(file, WEIGHT_INTERVAL, place),
    rise: 1,
    fall: file.fall ?? 3,
  };
}

function scaleOf(file: WeightFromFile, { path, findings }: Place): WeightScale {
  const { reads = 'weight', smoothing = 0.5, min: minimum = 1, max: maximum = 100 } = file;
  if (minimum > maximum) {
    findings.error([...path, 'min'], 'conflict', `must not be more than max, which is ${maximum}`);
  }
  return { reads, smoothing, minimum, maximum };
}

function kindOf<Kind extends string>(
  kinds: readonly Kind[],
  words: { readonly [K in Kind]?: unknown },
  { path, findings }: Place,
): Kind | undefined {
  const [first, second] = kinds.filter((kind) => words[kind] !== undefined);
  if (first === undefined) {
    const message = `does not say how to look: needs one of ${kinds.join(', ')}`;
    findings.error(path, 'missing', message);
  } else if (second !== undefined) {
    const message = `"${first}" and "${second}" are two ways to look: only one is possible`;
    findings.error([...path, second], 'conflict', message, 'key');
  }
  return second === undefined ? first : undefined;
}

function timingOf(
  file: Pick<CheckMapping, 'interval' | 'timeout'>,
  usual: ProbeTiming['interval'],
  { path, findings }: Place,
): Pick<ProbeTiming, 'interval' | 'timeout'> {
  const interval = lowerDuration(file.interval, usual, TIMES, [...path, 'interval'], findings);
  const timeout = lowerDuration(file.timeout, interval, TIMES, [...path, 'timeout'], findings);
  return { interval, timeout };
}

function targetOf(
  kind: (typeof CHECK_KINDS)[number],
  words: CheckMapping,
  place: Place,
): ServerTarget | undefined {
  const { exec, dns, udp } = words;
  if (kind === 'exec') return exec === undefined ? undefined : scriptOf(exec, words, place);
  const where = whereOf(words, place);
  if (where === undefined) return undefined;
  if (kind === 'ping') return { kind, address: where.address };
  const endpoint = portOf(where, place);
  if (endpoint === undefined) return undefined;
  switch (kind) {
    case 'tcp':
      return { kind, endpoint };
    case 'http':
    case 'https':
      return httpOf(kind, words[kind] ?? {}, endpoint, place);
    case 'dns':
      return { kind, endpoint, name: dns?.name ?? '', type: dns?.type ?? 'A', answer: dns?.answer };
    case 'udp':
      return {
        kind,
        endpoint,
        send: (udp?.send_hex ?? Buffer.from(udp?.send ?? '').toString('hex')).toLowerCase(),
        expect: expectationOf({ text: 'expect', pattern: 'expect_regex' }, udp ?? {}, kind, place),
      };
  }
}

/** The port is 0 where the server has none. */
function whereOf({ connect_to: text, port }: CheckMapping, place: Place): Endpoint | undefined {
  const { server, path, findings } = place;
  if (text === undefined) return { address: server.address, port: port ?? server.port };
  const where = parseAddressAndPort(text);
  if (where === undefined || where.port === 0) {
    const form = 'an IP address, or one with a port like 10.0.0.11:80 or [2001:db8::11]:80';
    const message = `expected ${form}, found ${describeValue(text)}`;
    findings.error([...path, 'connect_to'], 'type', message);
    return undefined;
  }
  if (where.port !== undefined && port !== undefined) {
    findings.error([...path, 'port'], 'conflict', '"connect_to" has a port already');
  }
  return { address: where.address, port: where.port ?? port ?? server.port };
}

function portOf(where: Endpoint, { path, findings }: Place): Endpoint | undefined {
  if (where.port !== 0) return where;
  findings.error(path, 'missing', 'the server has no port: the check needs "port"');
  return undefined;
}

function scriptOf({ command, user }: ExecFile, words: CheckMapping, place: Place): ScriptTarget {
  const { path, findings, server } = place;
  const at = [...path, 'exec', 'command'];
  const where = whereOf(words, place) ?? server;
  if (command[0]?.startsWith('/') !== true) {
    const message = 'the program needs its absolute path: there is no shell that would find it';
    findings.error([...at, 0], 'type', message);
  }
  findings.command(at, command, user);
  const argv = command.map((part, index) => {
    if (part.includes('\0'))
      findings.error([...at, index], 'type', 'an argument cannot contain NUL');
    return part.replaceAll('{address}', where.address).replaceAll('{port}', String(where.port));
  });
  return { kind: 'script', argv, user };
}

function httpOf(
  scheme: 'http' | 'https',
  file: HttpFile,
  endpoint: Endpoint,
  place: Place,
): HttpTarget {
  const { method = 'GET', path = '/', host, status, verify = true, sni } = file;
  return {
    kind: 'http',
    url: `${scheme}://${formatEndpoint(endpoint)}${path}`,
    method,
    status: status === undefined ? ANY_SUCCESS : rangesOf(status, scheme, place),
    host,
    verify,
    serverName: scheme === 'https' ? (sni ?? nameIn(host)) : undefined,
    body: expectationOf({ text: 'body', pattern: 'body_regex' }, file, scheme, place),
  };
}

/** An address is no name that can be asked for (RFC 6066 section 3). */
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
      const message = `the range ${one} is empty: the smaller number comes first`;
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
    findings.error(at, 'conflict', `"${keys.text}" says already what is expected`, 'key');
  }
  if (typeof text === 'string') return { kind: 'text', text };
  if (typeof pattern !== 'string') return undefined;
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    findings.error(at, 'type', `no regular expression: ${why}`);
  }
  return { kind: 'pattern', pattern };
}
