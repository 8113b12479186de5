/**
 * Which addresses this program has added, on a kernel that does not keep the mark of an address (IFA_PROTO,
 * Linux 5.18): those that the caller remembers from former runs, and those that this object has seen added.
 */
import type { IpAddress } from '../../net/address.ts';
import type { KernelAnswer } from '../../net/kernel-answer.ts';
import type { AddressState, KernelChange } from '../../net/link.ts';

const FIRST_WITH_MARKS = { major: 5, minor: 18 } as const;

/** `release` as in uname(2): `6.1.0-13-amd64`. An unknown one counts as recent. */
export function keepsMarks(release: string): boolean {
  const [, major, minor] = /^([0-9]+)\.([0-9]+)/.exec(release) ?? [];
  if (major === undefined) return true;
  if (Number(major) !== FIRST_WITH_MARKS.major) return Number(major) > FIRST_WITH_MARKS.major;
  return Number(minor) >= FIRST_WITH_MARKS.minor;
}

export class AddressOrigin {
  readonly #own: Set<IpAddress>;

  constructor(remembered: Iterable<IpAddress>) {
    this.#own = new Set(remembered);
  }

  /** The kernel's answer to a change of this program. */
  note(change: KernelChange, { errno }: KernelAnswer): void {
    if ('entry' in change || errno !== 0) return;
    if (change.operation === 'add') this.#own.add(change.address);
    if (change.operation === 'remove') this.#own.delete(change.address);
  }

  marked(state: AddressState): AddressState {
    return state.ours || !this.#own.has(state.address) ? state : { ...state, ours: true };
  }
}
