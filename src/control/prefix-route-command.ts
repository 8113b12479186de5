/** How an operator restores the route to the prefix of an address, as the kernel adds it (ip-route(8)). */

export interface UnroutedPrefixDocument {
  readonly prefix: string;
  readonly interface: string;
  /** Of this host, in the prefix. */
  readonly address: string;
}

export function prefixRouteCommand({
  prefix,
  interface: name,
  address,
}: UnroutedPrefixDocument): string {
  return prefix.includes(':')
    ? `ip -6 route replace ${prefix} dev ${name} proto kernel metric 256`
    : `ip route replace ${prefix} dev ${name} proto kernel scope link src ${address}`;
}
