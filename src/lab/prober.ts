/**
 * `node prober.js ADDRESS MICROSECONDS`: one ICMP echo per interval until it is killed. It looks at
 * no answer: a capture does that, with the kernel's time stamps. ping(8) cannot do this job: while
 * an answer is missing it sends no more than one request in 10 ms.
 */

import { AF_INET, AF_INET6, SOCK_RAW } from '../kernel/ffi/constants.ts';
import { libc } from '../kernel/ffi/libc.ts';
import { MessageVector } from '../kernel/ffi/message-vector.ts';
import { openSocket, setOption } from '../kernel/ffi/socket.ts';
import { enterRealtime } from '../kernel/scheduler/realtime.ts';
import { familyOf, type IpAddress, ip, ipToBytes } from '../net/address.ts';
import { ECHO_LENGTH, encodeEchoRequest, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from './echo.ts';

// <linux/icmp.h>, <linux/icmpv6.h>: which types a raw socket is not to receive.
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const ICMPV6_FILTER = 1;

/** The lowest: enough to send in time on a busy machine, below every agent that asks for more. */
const REALTIME_PRIORITY = 1;

/** Behind by more, the process was stopped: what was missed then is not caught up on. */
const CATCH_UP_MAX = 100;

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

function sender(address: IpAddress): (message: Uint8Array) => void {
  const fd = openEchoSocket(address);
  const to = socketAddress(address);
  const vector = new MessageVector({ slots: 1, slotBytes: ECHO_LENGTH, nameBytes: to.length });
  vector.names[0]?.set(to);
  return (message) => {
    vector.load(0, message);
    libc().sendmmsg(fd, vector.addressFrom(0), 1, 0);
  };
}

/** A request that cannot leave, for want of a route or a neighbor, counts as one not answered. */
function probe(address: IpAddress, intervalMicroseconds: number): void {
  enterRealtime(REALTIME_PRIORITY);
  const family = familyOf(address);
  const send = sender(address);
  const identifier = process.pid & 0xffff;
  const intervalMilliseconds = intervalMicroseconds / 1_000;
  let counter = 0;
  let due = performance.now();
  const turn = () => {
    const now = performance.now();
    if (now - due > CATCH_UP_MAX * intervalMilliseconds) due = now;
    for (; due <= now; due += intervalMilliseconds) {
      send(encodeEchoRequest(family, identifier, counter++));
    }
    setTimeout(turn, Math.max(0, due - performance.now()));
  };
  turn();
}

probe(ip(process.argv[2] ?? ''), Number(process.argv[3] ?? 1_000));
