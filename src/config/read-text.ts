/** Reads the text of configuration and scenario files. */
import { readStart } from '../files/regular-file.ts';
import { failure, type Result, success } from '../net/result.ts';
import type { Finding } from './finding.ts';
import { MAXIMUM_LENGTH } from './text/document.ts';

/** Never throws; an unreadable file gives a finding at 1:1. */
export function readText(file: string): Result<string, readonly Finding[]> {
  try {
    // One byte more than allowed, so that a longer file is refused rather than cut.
    const bytes = readStart(file, MAXIMUM_LENGTH + 1);
    return success(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `cannot read the file: ${reason}`;
    return failure([{ line: 1, column: 1, code: 'unreadable', message }]);
  }
}
