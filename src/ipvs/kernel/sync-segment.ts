/**
 * A member of the multicast group of the sync daemons. The kernel's daemons use their `port` and up to
 * 63 ports above it; directors send summaries of their tables to the port after those.
 */
import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { familyOf, type IpAddress } from '../../net/address.ts';

interface SegmentSettings {
  readonly interface: string;
  readonly group: IpAddress;
  /** Local port, where datagrams of other directors arrive. */
  readonly port: number;
  readonly ttl: number;
}

export class SyncSegment {
  readonly #socket: Socket;
  readonly #group: string;

  private constructor(socket: Socket, group: string) {
    this.#socket = socket;
    this.#group = group;
  }

  /** Rejects when the interface has no address of the family, or the port is in use. */
  static open(
    settings: SegmentSettings,
    hear: (bytes: Uint8Array) => void,
    fail: (error: Error) => void,
  ): Promise<SyncSegment> {
    const { group, interface: link, port, ttl } = settings;
    const isIpv6 = familyOf(group) === 'ipv6';
    const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', reuseAddr: true });
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ port }, () => {
        try {
          const place = isIpv6 ? `::%${link}` : addressOn(link);
          socket.addMembership(group, place);
          socket.setMulticastInterface(place);
          socket.setMulticastTTL(ttl);
          socket.setMulticastLoopback(false);
        } catch (error) {
          socket.close();
          reject(error);
          return;
        }
        socket.removeAllListeners('error');
        socket.on('error', fail);
        socket.on('message', hear);
        resolve(new SyncSegment(socket, isIpv6 ? `${group}%${link}` : group));
      });
    });
  }

  send(bytes: Uint8Array, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, port, this.#group, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  close(): void {
    this.#socket.close();
  }
}

function addressOn(link: string): string {
  const found = networkInterfaces()[link]?.find(({ family }) => family === 'IPv4');
  if (found === undefined) throw new Error(`${link} has no IPv4 address`);
  return found.address;
}
