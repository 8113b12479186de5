/** Creates the probe that the settings describe. */
import type { Reactor } from '../../kernel/reactor/reactor.ts';
import type { ProbeSettings } from '../../net/probe.ts';
import { DnsProbe } from './dns.ts';
import { FileProbe } from './file.ts';
import { GatewayProbe } from './gateway.ts';
import { HttpProbe, type HttpProbeOptions } from './http.ts';
import { HttpStatusProbe } from './http-status.ts';
import type { PatternMatcher } from './pattern-matcher.ts';
import { PingProbe } from './ping.ts';
import type { Probe } from './probe.ts';
import { ProcessProbe } from './process.ts';
import { ScriptProbe } from './script.ts';
import { TcpProbe } from './tcp.ts';
import { UdpProbe } from './udp.ts';
import { WeightProbe } from './weight-probe.ts';

export interface ProbeContext {
  /** Created with the first probe that needs it. */
  readonly reactor: () => Reactor;
  readonly patterns: PatternMatcher;
  /** Asks for another run. */
  readonly onChange: () => void;
  /** The number or weight that a former process found last; undefined: none. */
  readonly last: number | undefined;
}

/** Settings with a weight scale make a `WeightProbe`, all others a plain probe. */
export function makeProbe(settings: ProbeSettings, context: ProbeContext): Probe {
  const probe = makePlainProbe(settings, context);
  const scale = 'weight' in settings ? settings.weight : undefined;
  return scale === undefined ? probe : new WeightProbe(probe, scale, context.last);
}

function makePlainProbe(settings: ProbeSettings, context: ProbeContext): Probe {
  const { reactor, patterns, onChange, last } = context;
  switch (settings.kind) {
    case 'script':
      return new ScriptProbe(settings);
    case 'file':
      return new FileProbe(settings.path, settings.reads, onChange, last);
    case 'process':
      return new ProcessProbe(settings, reactor(), onChange);
    case 'gateway':
      return new GatewayProbe(settings, reactor());
    case 'http':
      return makeHttpProbe(settings, patterns);
    case 'tcp':
      return new TcpProbe(settings.endpoint, settings.source);
    case 'dns':
      return new DnsProbe(settings);
    case 'udp':
      return new UdpProbe(settings, patterns);
    case 'ping':
      return new PingProbe(settings.address, reactor());
  }
}

function makeHttpProbe(settings: HttpProbeOptions, patterns: PatternMatcher): Probe {
  const { url, body, weight, digest } = settings;
  const needsBody = body !== undefined || weight !== undefined || digest !== undefined;
  const isPlain = url.startsWith('http:') && !needsBody;
  return isPlain ? new HttpStatusProbe(settings) : new HttpProbe(settings, patterns);
}
