/** The content of a capture file of any format. */
import { type Result, success } from '../../net/result.ts';

/** An interface of a capture; all its frames share one object. */
export interface CapturedLink {
  /** <https://www.tcpdump.org/linktypes.html> */
  readonly linkType: number;
  /** Its position among the interfaces of the file. */
  readonly number: number;
  readonly name: string | undefined;
}

/** `at` is in microseconds since 1970; `frame` is a view of the file. */
export type CaptureSink = (frame: Uint8Array, at: number, link: CapturedLink) => void;

/** `cut-off`: the last record is incomplete. `damaged`: a record contradicts itself. */
export interface CaptureEnd {
  readonly state: 'whole' | 'cut-off' | 'damaged';
  /** The position of the first record that was not read. */
  readonly offset: number | undefined;
}

export const WHOLE: CaptureEnd = { state: 'whole', offset: undefined };

export function endOf(state: 'cut-off' | 'damaged', offset: number): Result<CaptureEnd, never> {
  return success({ state, offset });
}
