/**
 * Acknowledgements: NLMSG_ERROR and the end of a dump (netlink(7)), with the explanation of the kernel
 * (NETLINK_EXT_ACK). An error of zero means success.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------------------------------------------------------+
 *     |                     Error (negative errno)                    |
 *     +---------------------------------------------------------------+
 *     |      NLMSG_ERROR: header of the request (16), and its         |
 *     |      payload unless NLM_F_CAPPED                              |
 *     +---------------------------------------------------------------+
 *     |      Attributes if NLM_F_ACK_TLVS                             |
 */
import { failure, type Result, success } from '../../net/result.ts';
import { decodeAttributes } from './attributes.ts';
import {
  align4,
  type NetlinkMessage,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_DONE,
  NLMSG_HEADER_LENGTH,
  viewOf,
} from './message.ts';

const NLMSGERR_ATTR_MSG = 1;
const NLMSGERR_ATTR_OFFS = 2;
const ERROR_LENGTH = 4;

interface Acknowledgement {
  /** Zero, or a positive errno. */
  readonly errno: number;
  /** The explanation of the kernel. */
  readonly text: string | undefined;
  /** The position of the offending attribute in the request. */
  readonly offset: number | undefined;
}

export interface AcknowledgementDecodeError {
  readonly code: 'netlink-acknowledgement-truncated';
  readonly length: number;
}

/** Reads an NLMSG_ERROR or an NLMSG_DONE. Ignores malformed attributes: the errno still counts. */
export function decodeAcknowledgement(
  message: NetlinkMessage,
): Result<Acknowledgement, AcknowledgementDecodeError> {
  const { payload } = message;
  if (payload.length < ERROR_LENGTH) {
    return failure({ code: 'netlink-acknowledgement-truncated', length: payload.length });
  }
  const errno = Math.abs(viewOf(payload).getInt32(0, true));
  const start = attributesStart(message);
  if ((message.flags & NLM_F_ACK_TLVS) === 0) {
    return success({ errno, text: undefined, offset: undefined });
  }
  const attributes = decodeAttributes(payload, start);
  if (!attributes.ok) return success({ errno, text: undefined, offset: undefined });
  return success({
    errno,
    text: attributes.value.text(NLMSGERR_ATTR_MSG),
    offset: attributes.value.uint32(NLMSGERR_ATTR_OFFS),
  });
}

function attributesStart(message: NetlinkMessage): number {
  if (message.type === NLMSG_DONE) return ERROR_LENGTH;
  const capped = (message.flags & NLM_F_CAPPED) !== 0;
  if (capped || message.payload.length < ERROR_LENGTH + NLMSG_HEADER_LENGTH) {
    return ERROR_LENGTH + NLMSG_HEADER_LENGTH;
  }
  const requestLength = viewOf(message.payload).getUint32(ERROR_LENGTH, true);
  return ERROR_LENGTH + align4(Math.max(requestLength, NLMSG_HEADER_LENGTH));
}
