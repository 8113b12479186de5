/** Probes of real servers back in the words of the file. */
import { formatEndpoint } from '../../net/endpoint.ts';
import type { Expectation, HttpTarget, ServerProbe, StatusRange } from '../../net/probe.ts';
import { formatDuration } from '../../net/time.ts';
import type { MinimumSettings } from '../ipvs-settings.ts';
import type {
  CheckMapping,
  HttpFile,
  MinServersFile,
  WeightFromFile,
} from '../schema/check-schema.ts';

export function effectiveCheck(probe: ServerProbe): CheckMapping {
  return { ...targetWords(probe), ...timing(probe), rise: probe.rise, fall: probe.fall };
}

export function effectiveWeightFrom(probe: ServerProbe): WeightFromFile {
  const scale = 'weight' in probe ? probe.weight : undefined;
  return {
    ...targetWords(probe),
    ...timing(probe),
    fall: probe.fall,
    ...(scale === undefined
      ? {}
      : {
          reads: scale.reads,
          smoothing: scale.smoothing,
          min: scale.minimum,
          max: scale.maximum,
        }),
  };
}

export function effectiveMinimum({ count, weight }: MinimumSettings): MinServersFile {
  return weight === undefined ? count : { count, weight };
}

function timing({ interval, timeout }: ServerProbe) {
  return { interval: formatDuration(interval), timeout: formatDuration(timeout) };
}

function targetWords(target: ServerProbe): CheckMapping {
  switch (target.kind) {
    case 'tcp':
      return { tcp: {}, connect_to: formatEndpoint(target.endpoint) };
    case 'http':
      return httpWords(target);
    case 'dns': {
      const { name, type, answer, endpoint } = target;
      const dns = { name, type, ...(answer === undefined ? {} : { answer }) };
      return { dns, connect_to: formatEndpoint(endpoint) };
    }
    case 'udp': {
      const { send, expect, endpoint } = target;
      const payload = send === '' ? {} : { send_hex: send };
      const udp = { ...payload, ...expected(expect, 'expect', 'expect_regex') };
      return { udp, connect_to: formatEndpoint(endpoint) };
    }
    case 'ping':
      return { ping: {}, connect_to: target.address };
    case 'script': {
      const { argv, user } = target;
      return { exec: { command: [...argv], ...(user === undefined ? {} : { user }) } };
    }
  }
}

function httpWords(target: HttpTarget): CheckMapping {
  const [, scheme, authority = '', path = '/'] =
    /^(https?):\/\/([^/]+)(.*)$/.exec(target.url) ?? [];
  const { host, method, serverName, verify } = target;
  const request: HttpFile = {
    method: method as NonNullable<HttpFile['method']>,
    path,
    ...(host === undefined ? {} : { host }),
    status: target.status.map(rangeText),
    ...expected(target.body, 'body', 'body_regex'),
  };
  if (scheme === 'http') return { http: request, connect_to: authority };
  const sni = serverName === undefined ? {} : { sni: serverName };
  return { https: { ...request, verify, ...sni }, connect_to: authority };
}

function rangeText({ first, last }: StatusRange): number | string {
  return first === last ? first : `${first}-${last}`;
}

function expected<Text extends string, Pattern extends string>(
  expectation: Expectation | undefined,
  text: Text,
  pattern: Pattern,
): { [Key in Text | Pattern]?: string } {
  const words: { [Key in Text | Pattern]?: string } = {};
  if (expectation?.kind === 'text') Object.assign(words, { [text]: expectation.text });
  if (expectation?.kind === 'pattern') Object.assign(words, { [pattern]: expectation.pattern });
  return words;
}
