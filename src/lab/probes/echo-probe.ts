/** Sends ICMP echo requests to an address. It reads no answers: captures do. */
import { AF_INET, AF_INET6, SOCK_RAW } from '../../kernel/ffi/constants.ts';
import { libc } from '../../kernel/ffi/libc.ts';
import { MessageVector } from '../../kernel/ffi/message-vector.ts';
import { openSocket, setOption } from '../../kernel/ffi/socket.ts';
import { familyOf, type IpAddress, ipToBytes } from '../../net/address.ts';
import { ECHO_LENGTH, encodeEchoRequest, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../packets/echo.ts';
import type { Pace } from './pace.ts';

// <linux/icmp.h>, <linux/icmpv6.h>: the types that a raw socket must not receive.
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const ICMPV6_FILTER = 1;

export function echoProbe(address: IpAddress, intervalMicroseconds: number): Pace {
  const family = familyOf(address);
  const send = echoSender(address);
  const identifier = process.pid & 0xffff;
  return {
    intervalMilliseconds: intervalMicroseconds / 1_000,
    act: (counter) => send(encodeEchoRequest(family, identifier, counter)),
  };
}

function openEchoSocket(address: IpAddress): number {
  if (familyOf(address) === 'ipv4') {
    const fd = openSocket('ICMP socket', AF_INET, SOCK_RAW, PROTOCOL_ICMP);
    setOption('filter ICMP', fd, SOL_RAW, ICMP_FILTER, new Uint8Array(4).fill(0xff));
    return fd;
  }
  const fd = openSocket('ICMPv6 socket', AF_INET6, SOCK_RAW, PROTOCOL_ICMPV6);
  setOption('filter ICMPv6', fd, PROTOCOL_ICMPV6, ICMPV6_FILTER, new Uint8Array(32).fill(0xff));
  return fd;
}

/** `struct sockaddr_in` or `sockaddr_in6`, port and scope zero. */
function socketAddress(address: IpAddress): Uint8Array {
  const ipv4 = familyOf(address) === 'ipv4';
  const bytes = new Uint8Array(ipv4 ? 16 : 28);
  new DataView(bytes.buffer).setUint16(0, ipv4 ? AF_INET : AF_INET6, true);
  bytes.set(ipToBytes(address), ipv4 ? 4 : 8);
  return bytes;
}

/** A request that cannot be sent, for lack of a route or a neighbor, counts as not answered. */
function echoSender(address: IpAddress): (message: Uint8Array) => void {
  const fd = openEchoSocket(address);
  const to = socketAddress(address);
  const vector = new MessageVector({ slots: 1, slotBytes: ECHO_LENGTH, nameBytes: to.length });
  vector.names[0]?.set(to);
  return (message) => {
    vector.load(0, message);
    libc().sendmmsg(fd, vector.addressFrom(0), 1, 0);
  };
}
