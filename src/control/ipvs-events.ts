/** Events of the load balancer: connections at a move, and what becomes of real servers. */

export type IpvsEventFacts =
  | {
      readonly kind: 'connections';
      readonly instance: string;
      /** `hand-over`: from here; `take-over`: to here, told when it is known what has arrived. */
      readonly move: 'hand-over' | 'take-over';
      /** Who takes over, or had them before; null: no other director has told of its table. */
      readonly peer: string | null;
      /** Live connections of the former MASTER. */
      readonly live: number;
      /** Those that the new MASTER lacked at the moment of the move; null: not known. */
      readonly missing_before: number | null;
      /** Those that the new MASTER lacks: they are lost. Null: not known. */
      readonly missing: number | null;
    }
  | ServerEventFacts;

/** Servers are named as `10.0.0.11:80`. */
export type ServerEventFacts =
  | {
      readonly kind: 'ipvs-server-down' | 'ipvs-server-up';
      readonly service: string;
      readonly server: string;
      /** That it has now; null: it is not in the table. */
      readonly weight: number | null;
      /** What its check has found. */
      readonly result: string;
    }
  /** The weight that follows its load is another one; told when it has moved by a fifth. */
  | {
      readonly kind: 'ipvs-weight';
      readonly service: string;
      readonly server: string;
      readonly from: number;
      readonly to: number;
      readonly result: string;
    }
  /** It does not tell its load, or does so again. */
  | {
      readonly kind: 'ipvs-weight-unknown' | 'ipvs-weight-known';
      readonly service: string;
      readonly server: string;
      readonly weight: number | null;
      readonly result: string;
    }
  | {
      readonly kind: 'ipvs-drain' | 'ipvs-undrain';
      readonly service: string;
      readonly server: string;
      readonly by: string;
    }
  /** The fallback gets new connections because nobody else takes any, or does so no longer. */
  | {
      readonly kind: 'ipvs-fallback-on' | 'ipvs-fallback-off';
      readonly service: string;
      readonly server: string;
    }
  /** Nobody takes new connections and there is no fallback, or somebody does again. */
  | { readonly kind: 'ipvs-service-down' | 'ipvs-service-up'; readonly service: string }
  /** Servers that went up or down while there were too many to tell of each; the log has them. */
  | { readonly kind: 'ipvs-left-out'; readonly count: number };

export function isIpvsEvent<Facts extends { readonly kind: string }>(
  facts: Facts,
): facts is Extract<Facts, IpvsEventFacts> {
  return facts.kind === 'connections' || facts.kind.startsWith('ipvs-');
}

/** `error`: clients are refused; `warn`: somebody should look. */
export function ipvsGravityOf(facts: IpvsEventFacts): 'info' | 'warn' | 'error' {
  switch (facts.kind) {
    case 'connections':
      return facts.missing === 0 ? 'info' : 'warn';
    case 'ipvs-service-down':
      return 'error';
    case 'ipvs-server-down':
    case 'ipvs-weight-unknown':
    case 'ipvs-fallback-on':
    case 'ipvs-left-out':
      return 'warn';
    case 'ipvs-server-up':
    case 'ipvs-weight':
    case 'ipvs-weight-known':
    case 'ipvs-drain':
    case 'ipvs-undrain':
    case 'ipvs-fallback-off':
    case 'ipvs-service-up':
      return 'info';
  }
}
