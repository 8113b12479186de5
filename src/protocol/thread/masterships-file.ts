/** The file of the masterships: a header, then a row for each virtual router that an agent may have. */
import { mapShared } from '../../kernel/shared-memory/shared-memory.ts';
import { mastershipsLength } from '../engine/masterships.ts';

/** Every VRID on a few interfaces. */
export const INSTANCES_MAX = 4_096;

/** Numbers before the rows: the format, and the boot of the host to whose clock the times belong. */
export const HEADER_LENGTH = 2;

export const FILE_BYTES = (HEADER_LENGTH + mastershipsLength(INSTANCES_MAX)) * 8;

/** The rows, as memory that is shared with the file. */
export function mapMasterships(fd: number): Float64Array {
  return new Float64Array(mapShared(fd, FILE_BYTES), HEADER_LENGTH * 8);
}
