/** What a capture file is made of, whatever its format. */
import { type Result, success } from '../../net/result.ts';

/** One interface of a capture; the same object for each of its frames. */
export interface CapturedLink {
  /** <https://www.tcpdump.org/linktypes.html> */
  readonly linkType: number;
  /** Its place among the interfaces of the file. */
  readonly number: number;
  readonly name: string | undefined;
}

/** `at` is in microseconds since 1970; the frame is a view of the file. */
export type CaptureSink = (frame: Uint8Array, at: number, link: CapturedLink) => void;

/** `cut-off`: the last record is not there in full; `damaged`: what is there makes no sense. */
export interface CaptureEnd {
  readonly state: 'whole' | 'cut-off' | 'damaged';
  /** Where the first record lies that was not read. */
  readonly offset: number | undefined;
}

export const WHOLE: CaptureEnd = { state: 'whole', offset: undefined };

export function endOf(state: 'cut-off' | 'damaged', offset: number): Result<CaptureEnd, never> {
  return success({ state, offset });
}
