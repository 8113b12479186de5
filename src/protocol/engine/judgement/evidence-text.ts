/** The evidence of a judgement in words, for events, causes and `status`. */
import type { SilenceEvidence } from '../../../../fsm/judgement/silence.ts';
import type { IpAddress } from '../../../net/address.ts';
import { type Duration, formatDuration } from '../../../net/time.ts';
import type { PathLossCause } from '../view.ts';

export interface Findings extends SilenceEvidence {
  /** Name of the director that is MASTER, or was last; undefined: unknown. */
  readonly director: string | undefined;
  /** The third hosts that were asked. */
  readonly hosts: readonly IpAddress[];
  readonly question: 'ARP' | 'ND';
  readonly deadAfter: Duration | undefined;
  /** Reasons of the MASTER for FAULT. */
  readonly faults: readonly string[];
}

export function pathLossOf({ segment, answers }: SilenceEvidence): PathLossCause {
  if (segment === 'broken') return 'segment-broken';
  return answers === 'yes' ? 'vrrp-blocked' : 'unreachable';
}

export function pathLossText(cause: PathLossCause, findings: Findings): string {
  const { director, hosts, question } = findings;
  const master = `${director ?? 'the MASTER'} is MASTER over the peer link`;
  switch (cause) {
    case 'vrrp-blocked':
      return `${master} and answers ${question} here: VRRP is blocked between the directors (firewall? IGMP snooping?)`;
    case 'unreachable':
      return `${master}${serving(findings)}, and does not answer ${question} here: the directors do not reach each other on the segment (port isolation? VLAN?)`;
    case 'segment-broken':
      return `no third host answers ${question} here (${hosts.join(', ')}): this director is cut off from the segment (cable? switch port?)`;
  }
}

export function resignedText({ director, faults }: Findings): string {
  const why = faults.length === 0 ? '' : ` (${faults.join(', ')})`;
  return `${director} resigned over the peer link${why} and named this director`;
}

export function cutOffText({ director, hosts, question }: Findings): string {
  return `no third host answers ${director} on the segment, and ${hosts.join(', ')} answers ${question} here`;
}

export function deadText({ director, deadAfter, question }: Findings): string {
  const time = deadAfter === undefined ? 'long' : formatDuration(deadAfter);
  return `${director} has been silent for ${time} over the peer link, by VRRP and to ${question}`;
}

function serving({ says }: SilenceEvidence): string {
  return says === 'can-serve' ? ' and third hosts answer it' : '';
}
