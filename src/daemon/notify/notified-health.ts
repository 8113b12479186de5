/** The forms of a change of a service or a real server: line of a FIFO, environment, document. */
import type { HealthChange } from '../../ipvs/health/health-change.ts';
import type { Endpoint } from '../../net/endpoint.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { type ServiceKey, serviceName } from '../../net/ipvs.ts';

/** One line, in the format of keepalived: `RS [10.0.0.11]:tcp:80 [203.0.113.100]:tcp:80 DOWN`. */
export function healthLine({ key, server, isUp }: HealthChange): string {
  const service = key.kind === 'mark' ? `FWM ${key.mark}` : placeText(key, key.protocol);
  const state = stateText(isUp);
  if (server === undefined) return `VS ${service} ${state}\n`;
  const protocol = key.kind === 'mark' ? 'none' : key.protocol;
  return `RS ${placeText(server, protocol)} ${service} ${state}\n`;
}

/** For commands. */
export function healthEnvironment(
  change: HealthChange,
  router: string,
  at: string,
): Record<string, string> {
  const { service, key, server, isUp, weight, reason } = change;
  return {
    VRRP_ROUTER: router,
    VRRP_TYPE: server === undefined ? 'SERVICE' : 'SERVER',
    VRRP_NAME: service,
    VRRP_STATE: stateText(isUp),
    VRRP_SERVICE: serviceName(key),
    ...(server === undefined ? {} : { VRRP_SERVER: formatEndpoint(server) }),
    VRRP_WEIGHT: String(weight),
    VRRP_REASON: reason,
    VRRP_AT: at,
  };
}

/** For webhooks. */
export function healthDocument(
  change: HealthChange,
  router: string,
  at: string,
): Record<string, unknown> {
  const { service, key, server, isUp, weight, reason } = change;
  return {
    router,
    type: server === undefined ? 'service' : 'server',
    name: service,
    service: serviceName(key),
    ...(server === undefined ? {} : { server: formatEndpoint(server) }),
    ...{ state: stateText(isUp), weight, reason, at },
  };
}

export function stateText(isUp: boolean): 'UP' | 'DOWN' {
  return isUp ? 'UP' : 'DOWN';
}

function placeText({ address, port }: Endpoint | Extract<ServiceKey, Endpoint>, protocol: string) {
  return `[${address}]:${protocol}:${port}`;
}
