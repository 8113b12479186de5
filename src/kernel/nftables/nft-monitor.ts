/**
 * Notices changes of any kind in nftables (NFNLGRP_NFTABLES of <linux/netfilter/nfnetlink.h>), and
 * looks up whether a table exists.
 */
import { AttributeWriter } from '../../wire/netlink/attributes.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { openedTogether } from '../ffi/opened-together.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { Reactor } from '../reactor/reactor.ts';

const NETLINK_NETFILTER = 12;
const NFNLGRP_NFTABLES = 7;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_GETTABLE = 1;
const NFTA_TABLE_NAME = 1;
const NFPROTO_INET = 1;

/** The kernel has no such table, or no nftables at all. */
const NONE: ReadonlySet<string> = new Set(['ENOENT', 'EPROTONOSUPPORT', 'EOPNOTSUPP', 'EINVAL']);

export class NftMonitor {
  readonly #socket: NetlinkSocket;
  readonly #reactor: Reactor;

  /** Throws `KernelError`. */
  constructor(onChange: () => void) {
    const { socket, reactor } = openedTogether((own) => {
      const opened = own(openMonitor());
      const watching = own(new Reactor(onChange));
      watching.add(opened.fd, () => {
        // The content does not matter, so lost messages do not either.
        opened.receive(() => undefined);
        onChange();
      });
      return { socket: opened, reactor: watching };
    });
    this.#socket = socket;
    this.#reactor = reactor;
  }

  close(): void {
    this.#reactor.close();
    this.#socket.close();
  }
}

function openMonitor(): NetlinkSocket {
  return new NetlinkSocket({
    protocol: NETLINK_NETFILTER,
    name: 'nftables monitor',
    groups: [NFNLGRP_NFTABLES],
  });
}

/** True if the family `inet` has a table of this name; false on a kernel without nftables. */
export function hasTable(name: string): boolean {
  // `struct nfgenmsg`: family, version, resource id.
  const attributes = new AttributeWriter().text(NFTA_TABLE_NAME, name).finish();
  const payload = Uint8Array.from([NFPROTO_INET, 0, 0, 0, ...attributes]);
  const type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE;
  let socket: NetlinkSocket | undefined;
  try {
    socket = new NetlinkSocket({ protocol: NETLINK_NETFILTER, name: 'nftables request' });
    return socket.query('look for a table', { type, flags: 0, payload }).length > 0;
  } catch (error) {
    if (error instanceof KernelError && NONE.has(error.errno)) return false;
    throw error;
  } finally {
    socket?.close();
  }
}
