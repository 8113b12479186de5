/** Commands and top attributes of the generic netlink family IPVS (<linux/ip_vs.h>). */
import type { AttributeWriter } from '../../attributes.ts';
import { encodeGeneric } from '../generic.ts';

export const IPVS_FAMILY = 'IPVS';
const IPVS_VERSION = 1;

const IPVS_COMMAND = {
  newService: 1,
  setService: 2,
  removeService: 3,
  getService: 4,
  newServer: 5,
  setServer: 6,
  removeServer: 7,
  getServer: 8,
  newDaemon: 9,
  removeDaemon: 10,
  getDaemon: 11,
  setConfig: 12,
  getConfig: 13,
  getInfo: 15,
} as const;

export const IPVS_CMD_ATTR_SERVICE = 1;
export const IPVS_CMD_ATTR_DEST = 2;
export const IPVS_CMD_ATTR_DAEMON = 3;

export function encodeIpvs(
  command: keyof typeof IPVS_COMMAND,
  attributes?: AttributeWriter,
): Uint8Array {
  return encodeGeneric(IPVS_COMMAND[command], IPVS_VERSION, attributes);
}
