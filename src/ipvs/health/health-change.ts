/** A change of a real server or of the quorum of a service, for those who are notified of it. */
import type { Endpoint } from '../../net/endpoint.ts';
import type { ServiceKey } from '../../net/ipvs.ts';

export interface HealthChange {
  /** Name of the service. */
  readonly service: string;
  readonly key: ServiceKey;
  /** Undefined: it is the service that is up or down. */
  readonly server: Endpoint | undefined;
  readonly isUp: boolean;
  /** Of a server: its weight now, 0 if it is not in the table. Of a service: that of its live servers. */
  readonly weight: number;
  /** In words. */
  readonly reason: string;
}
