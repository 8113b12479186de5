/**
 * Which addresses this program has added, on a kernel that does not keep the mark of an address (IFA_PROTO,
 * Linux 5.18): those that the caller remembers from former runs, wherever the next listing finds them, and
 * those that this object has seen added, in their place only. An address may move from one link or prefix length
 * to another. Who adds a remembered address after that listing is another program.
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
  readonly #remembered: Set<IpAddress>;
  /** By link, address and prefix length. */
  readonly #own = new Set<string>();

  constructor(remembered: Iterable<IpAddress>) {
    this.#remembered = new Set(remembered);
  }

  /** Another run of this program has added them. */
  claim(addresses: Iterable<IpAddress>): void {
    for (const address of addresses) this.#remembered.add(address);
  }

  /** The kernel's answer to a change of this program. */
  note(change: KernelChange, { errno }: KernelAnswer): void {
    if ('entry' in change || errno !== 0) return;
    const place = placeOf(change.index, change);
    if (change.operation === 'add') this.#own.add(place);
    if (change.operation !== 'remove') return;
    this.#own.delete(place);
    // The next one to add it may be another program.
    this.#remembered.delete(change.address);
  }

  /** One of a listing. `index`: the link that the kernel has it on. */
  listed(index: number, state: AddressState): AddressState {
    if (this.#remembered.has(state.address)) this.#own.add(placeOf(index, state));
    return this.marked(index, state);
  }

  /** A listing was complete. */
  allListed(): void {
    this.#remembered.clear();
  }

  /** `index`: the link that the kernel has it on. */
  marked(index: number, state: AddressState): AddressState {
    const isOurs = state.ours || this.#own.has(placeOf(index, state));
    return isOurs === state.ours ? state : { ...state, ours: true };
  }
}

function placeOf(
  index: number,
  { address, prefixLength, peer }: Pick<AddressState, 'address' | 'prefixLength' | 'peer'>,
): string {
  return `${index} ${address}/${prefixLength} ${peer ?? '-'}`;
}
