/** An address and a port as one text: `192.0.2.11:9112`, `[2001:db8::11]:9112`. */
import { type IpAddress, ip, parseIp } from './address.ts';

export interface Endpoint {
  readonly address: IpAddress;
  /** 1..65535. */
  readonly port: number;
}

const LOOPBACK = ip('127.0.0.1');

/** A port without an address, `9112` or `:9112`, means the loopback address. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const parts = /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?([0-9]{1,5})$/.exec(text);
  if (parts === null) return undefined;
  const [, inBrackets, bare = '', digits] = parts;
  const address = addressOf(inBrackets, bare);
  const port = Number(digits);
  if (address === undefined || port < 1 || port > 65_535) return undefined;
  return { address, port };
}

/** Also for documents, in which an address is a plain string, and for servers with port 0. */
export function formatEndpoint({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function isLoopback(address: IpAddress): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** Brackets may only hold an IPv6 address. */
function addressOf(inBrackets: string | undefined, bare: string): IpAddress | undefined {
  if (inBrackets !== undefined) return inBrackets.includes(':') ? parseIp(inBrackets) : undefined;
  return bare === '' ? LOOPBACK : parseIp(bare);
}
