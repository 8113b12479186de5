/** Addresses of services and servers, which have a port or take somebody else's. */
import { familyOf, type IpAddress, parseIp } from '../../net/address.ts';

/** The port is undefined where there is none. */
export function parseAddressAndPort(
  text: string,
): { readonly address: IpAddress; readonly port: number | undefined } | undefined {
  const plain = parseIp(text);
  if (plain !== undefined) return { address: plain, port: undefined };
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/.exec(text);
  const [, inBrackets, bare, digits] = parts ?? [];
  const address = parseIp(inBrackets ?? bare ?? '');
  const port = digits === undefined ? undefined : Number(digits);
  if (address === undefined || (port ?? 0) > 65_535) return undefined;
  if ((inBrackets !== undefined) !== (familyOf(address) === 'ipv6')) return undefined;
  return { address, port };
}
