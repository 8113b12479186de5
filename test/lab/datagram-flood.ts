/** Sends the same datagrams again and again, at a rate, from another network namespace. */
import { AF_INET, MSG_DONTWAIT, SOCK_DGRAM } from '../../src/kernel/ffi/constants.ts';
import { libc } from '../../src/kernel/ffi/libc.ts';
import { MessageVector } from '../../src/kernel/ffi/message-vector.ts';
import { bindAddress, closeFd, openSocket, setSendBuffer } from '../../src/kernel/ffi/socket.ts';
import { ipSocketAddress } from '../../src/kernel/ffi/socket-address.ts';
import { sleep } from '../../src/lab/wait.ts';
import type { IpAddress } from '../../src/net/address.ts';
import { at } from '../../src/net/assert.ts';
import { inNamespace } from '../kernel/namespace.ts';

const SLOTS = 64;
const SLOT_BYTES = 1_500;
const NAME_BYTES = 16;

interface Rate {
  readonly perSecond: number;
  readonly milliseconds: number;
}

export class DatagramFlood {
  readonly #fd: number;
  readonly #vector = new MessageVector({
    slots: SLOTS,
    slotBytes: SLOT_BYTES,
    nameBytes: NAME_BYTES,
  });

  constructor(
    namespace: string,
    source: IpAddress,
    target: { readonly address: IpAddress; readonly port: number },
    datagrams: readonly Uint8Array[],
  ) {
    this.#fd = inNamespace(namespace, () => {
      const fd = openSocket('socket of the flood', AF_INET, SOCK_DGRAM, 0);
      bindAddress('socket of the flood', fd, ipSocketAddress(source, 0));
      setSendBuffer(fd, 4 * 1024 * 1024);
      return fd;
    });
    const name = ipSocketAddress(target.address, 0, target.port);
    for (let slot = 0; slot < SLOTS; slot++) {
      this.#vector.load(slot, at(datagrams, slot % datagrams.length));
      at(this.#vector.names, slot).set(name);
    }
    this.#vector.prepare(SLOTS);
  }

  /** Resolves when the time is over. */
  async run({ perSecond, milliseconds }: Rate): Promise<void> {
    const from = performance.now();
    let sent = 0;
    for (let age = 0; age < milliseconds; age = performance.now() - from) {
      const due = Math.floor((perSecond * age) / 1_000) - sent;
      for (let left = due; left > 0; left -= SLOTS) {
        const address = this.#vector.addressFrom(0);
        libc().sendmmsg(this.#fd, address, Math.min(left, SLOTS), MSG_DONTWAIT);
      }
      sent += Math.max(0, due);
      await sleep(2);
    }
  }

  close(): void {
    closeFd(this.#fd);
  }
}
