/**
 * Generic netlink (<linux/genetlink.h>): many families of commands over one protocol. The kernel assigns
 * the numbers of families at run time; the family `nlctrl`, which has a fixed number, looks them up.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |    Command    |    Version    |           Reserved            |
 *     +---------------+---------------+-------------------------------+
 *     |                          Attributes                           |
 */
import { failure, type Result, success } from '../../../net/result.ts';
import { byteAt } from '../../bytes.ts';
import {
  type AttributeDecodeError,
  type Attributes,
  AttributeWriter,
  decodeAttributes,
} from '../attributes.ts';

export const NETLINK_GENERIC = 16;
export const GENL_ID_CTRL = 16;

const HEADER_LENGTH = 4;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;

type GenericDecodeError =
  | { readonly code: 'generic-truncated'; readonly length: number }
  | AttributeDecodeError;

export interface GenericMessage {
  readonly command: number;
  readonly attributes: Attributes;
}

export function encodeGeneric(
  command: number,
  version: number,
  attributes = new AttributeWriter(),
): Uint8Array {
  const list = attributes.finish();
  const payload = new Uint8Array(HEADER_LENGTH + list.length);
  payload[0] = command;
  payload[1] = version;
  payload.set(list, HEADER_LENGTH);
  return payload;
}

export function decodeGeneric(payload: Uint8Array): Result<GenericMessage, GenericDecodeError> {
  if (payload.length < HEADER_LENGTH) {
    return failure({ code: 'generic-truncated', length: payload.length });
  }
  const attributes = decodeAttributes(payload, HEADER_LENGTH);
  if (!attributes.ok) return attributes;
  return success({ command: byteAt(payload, 0), attributes: attributes.value });
}

/** Asks for the number of a family; the kernel loads its module if possible. */
export function encodeFamilyRequest(name: string): Uint8Array {
  return encodeGeneric(
    CTRL_CMD_GETFAMILY,
    1,
    new AttributeWriter().text(CTRL_ATTR_FAMILY_NAME, name),
  );
}

export function decodeFamilyNumber(payload: Uint8Array): number | undefined {
  const message = decodeGeneric(payload);
  return message.ok ? message.value.attributes.uint16(CTRL_ATTR_FAMILY_ID) : undefined;
}
