/** The service manager's end of sd_notify(3): a datagram socket that keeps all messages. */
import { AF_UNIX, MSG_DONTWAIT, SOCK_DGRAM } from '../../../src/kernel/ffi/constants.ts';
import { libc } from '../../../src/kernel/ffi/libc.ts';
import { bindAddress, closeFd, openSocket } from '../../../src/kernel/ffi/socket.ts';

export class ServiceListener {
  readonly messages: string[] = [];
  readonly #fd: number;
  /** The kernel keeps ten datagrams (net.unix.max_dgram_qlen). */
  readonly #reading = setInterval(() => this.read(), 20);

  constructor(path: string) {
    this.#fd = openSocket('service manager', AF_UNIX, SOCK_DGRAM, 0);
    const name = new TextEncoder().encode(path);
    const address = new Uint8Array(2 + name.length + 1);
    new DataView(address.buffer).setUint16(0, AF_UNIX, true);
    address.set(name, 2);
    bindAddress('service manager', this.#fd, address);
  }

  /** All messages so far. */
  read(): readonly string[] {
    const buffer = new Uint8Array(4_096);
    for (;;) {
      const length = libc().recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT);
      if (length < 0) return this.messages;
      this.messages.push(new TextDecoder().decode(buffer.subarray(0, length)));
    }
  }

  close(): void {
    clearInterval(this.#reading);
    closeFd(this.#fd);
  }
}
