/** Services with health checks whose results the test chooses. */
import type { Logger } from 'pino';
import type { KnownState } from '../../../../src/checker/supervisor/probe-watch.ts';
import type { HealthSettings, ServiceSettings } from '../../../../src/config/ipvs-settings.ts';
import type { ServerEventFacts } from '../../../../src/control/events/ipvs-events.ts';
import { DrainStore } from '../../../../src/ipvs/health/drain-store.ts';
import type { HealthChange } from '../../../../src/ipvs/health/health-change.ts';
import { HealthKeeper } from '../../../../src/ipvs/health/health-keeper.ts';
import { HealthReporter } from '../../../../src/ipvs/health/health-reporter.ts';
import type { HealthSnapshot } from '../../../../src/ipvs/health/health-snapshot.ts';
import { IpvsLog } from '../../../../src/ipvs/keep/ipvs-log.ts';
import { ip } from '../../../../src/net/address.ts';
import { formatEndpoint } from '../../../../src/net/endpoint.ts';
import type { Server } from '../../../../src/net/ipvs.ts';
import { probeName, type ServerProbe } from '../../../../src/net/probe.ts';
import { after, instant, seconds } from '../../../../src/net/time.ts';
import type { Input } from '../../../../src/protocol/engine/inputs.ts';

const TIMING = { interval: seconds(2), timeout: seconds(1), rise: 1, fall: 1 };

export function server(last: number, weight = 1): Server {
  return {
    address: ip(`10.0.0.${last}`),
    port: 80,
    forwarding: 'nat',
    weight,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnel: undefined,
  };
}

export function tcpCheck({ address, port }: Server): ServerProbe {
  return { kind: 'tcp', endpoint: { address, port }, ...TIMING };
}

export function weightProbe({ address }: Server): ServerProbe {
  const weight = { reads: 'weight', smoothing: 0, minimum: 1, maximum: 100 } as const;
  return { kind: 'script', argv: ['/bin/load', address], user: undefined, weight, ...TIMING };
}

/** Every server is checked. */
export function service(
  servers: readonly Server[],
  health: Partial<HealthSettings> = {},
  name = 'web',
): ServiceSettings {
  const address = ip('203.0.113.100');
  return {
    name,
    service: {
      key: { kind: 'address', family: 'ipv4', protocol: 'tcp', address, port: 80 },
      scheduler: 'wlc',
      schedulerFlags: 0,
      onePacket: false,
      persistence: undefined,
    },
    servers,
    require: undefined,
    health: {
      checks: Object.fromEntries(servers.map((one) => [formatEndpoint(one), [tcpCheck(one)]])),
      weights: {},
      onFailure: 'quiesce',
      fallback: undefined,
      minimum: undefined,
      ...health,
    },
  };
}

/** An hour passes between two looks at its clock: each repair is a first one. */
export function quietLog(lines: string[] = []): IpvsLog {
  const take = (_: unknown, message: string) => lines.push(message);
  let now = instant(0);
  const hoursLater = () => {
    now = after(now, seconds(3_600));
    return now;
  };
  const logger = { info: take, warn: take, error: take } as unknown as Logger;
  return new IpvsLog(logger, hoursLater);
}

export function healthRig(
  services: readonly ServiceSettings[],
  stateDirectory = '/nonexistent',
  inherited?: HealthSnapshot,
) {
  const fed: Input[] = [];
  const changed: string[] = [];
  const lines: string[] = [];
  const events: ServerEventFacts[] = [];
  const kept: ServerEventFacts[] = [];
  const notified: HealthChange[] = [];
  const clock = { now: 0 };
  const log = quietLog(lines);
  const drains = new DrainStore(stateDirectory);
  const reporter = new HealthReporter({
    record: (facts) => events.push(facts),
    keep: (facts) => kept.push(facts),
    notify: (change) => notified.push(change),
    now: () => clock.now,
  });
  const remembered = new Map<string, KnownState>();
  const prober = {
    remember: (states: Iterable<readonly [string, KnownState]>) => {
      for (const [probe, state] of states) remembered.set(probe, state);
    },
    ...{ reconfigure: () => {}, reading: () => undefined, wait: 0, close: () => {} },
  };
  const health = new HealthKeeper({
    ...{ log, drains, reporter },
    prober,
    feed: (input) => fed.push(input),
    onChange: (names) => changed.push(...names),
  });
  if (inherited !== undefined) health.adopt(inherited);
  health.want(services);
  const result = (probe: ServerProbe, up: boolean, value?: number) =>
    health.changed(probeName(probe), { up, value, detail: up ? 'connected' : 'ECONNREFUSED' });
  return {
    ...{ health, drains, fed, changed, lines, events, kept, notified, clock, prober },
    ...{ remembered, result, log },
  };
}
