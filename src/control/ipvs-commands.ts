/** What operators can ask of one real server: `POST /v1/ipvs/drain` and `/v1/ipvs/undrain`. */
import type { Duration } from '../net/time.ts';
import type { DrainDocument } from './ipvs-document.ts';

export interface DrainTerms {
  readonly service: string;
  readonly server: string;
  /** How long to wait until its connections are gone; null: not at all. */
  readonly wait: Duration | null;
  /** Drain it even if it is the last server. */
  readonly force: boolean;
}

/** Each throws `CommandRefusal`. */
export interface DrainCommands {
  drain(terms: DrainTerms, by: string): Promise<DrainDocument>;
  undrain(terms: Pick<DrainTerms, 'service' | 'server'>, by: string): Promise<DrainDocument>;
}
