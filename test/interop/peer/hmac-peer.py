#!/usr/bin/env python3
"""A peer that signs its advertisements, written from draft-cassen-vrrp-auth-hmac-00 alone.

It shares no code with the agent. `send` advertises at each interval; `listen` prints what it hears, one
JSON document per line, with its own verdict on the signature.
"""
import argparse
import hashlib
import hmac
import ipaddress
import json
import socket
import struct
import sys
import time

PROTOCOL = 112
GROUP = {4: '224.0.0.18', 6: 'ff02::12'}


def ones_complement(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pseudo_header_v6(source, destination, length):
    return source.packed + destination.packed + struct.pack('!I3xB', length, PROTOCOL)


def message(version, vrid, priority, interval, vip):
    """A VRRP message whose checksum is zero."""
    address = ipaddress.ip_address(vip).packed
    if version == 2:
        head = struct.pack('!BBBBBBH', 0x21, vrid, priority, 1, 0, max(1, round(interval)), 0)
        return head + address + bytes(8)
    return struct.pack('!BBBBHH', 0x31, vrid, priority, 1, round(interval * 100), 0) + address


def digest(key, family, source, body, head):
    version, vrid = body[0] >> 4, body[1]
    pseudo = struct.pack('!BBBB', family, version, vrid, 0) + source.packed.ljust(16, b'\0')
    zeroed = body[:6] + b'\0\0' + body[8:]
    return hmac.new(key, pseudo + zeroed + head + bytes(16), hashlib.sha256).digest()[:16]


def signed(body, key, key_id, source, destination, clock):
    seconds = int(clock)
    fraction = int((clock - seconds) * 65536)
    head = struct.pack('!BBHIHH', 1, key_id, 0, seconds & 0xFFFFFFFF, fraction, 0)
    trailer = head + digest(key, source.version, source, body, head)
    if source.version == 4:
        checksum = ones_complement(body)
    else:
        length = len(body) + len(trailer)
        checksum = ones_complement(pseudo_header_v6(source, destination, length) + body + trailer)
    return body[:6] + struct.pack('!H', checksum) + body[8:] + trailer


def open_socket(interface, source):
    family = socket.AF_INET if source.version == 4 else socket.AF_INET6
    raw = socket.socket(family, socket.SOCK_RAW, PROTOCOL)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    index = socket.if_nametoindex(interface)
    if source.version == 4:
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        request = socket.inet_aton(GROUP[4]) + struct.pack('=4si', bytes(4), index)
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    else:
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        request = socket.inet_pton(socket.AF_INET6, GROUP[6]) + struct.pack('=I', index)
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    return raw, index


def send(options, source, key):
    raw, index = open_socket(options.interface, source)
    if source.version == 4:
        # Not for a listener: the kernel gives a bound raw socket no multicast.
        raw.bind((str(source), 0))
    destination = ipaddress.ip_address(GROUP[source.version])
    to = (str(destination), 0) if source.version == 4 else (str(destination), 0, 0, index)
    body = message(options.version, options.vrid, options.priority, options.interval, options.vip)
    packet = None
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        if packet is None or not options.replay:
            clock = time.time() + options.skew
            packet = signed(body, key, options.key_id, source, destination, clock)
        raw.sendto(packet, to)
        time.sleep(options.interval)


def judge(data, sender, key, key_id):
    """The verdict on a message and its trailer."""
    body, trailer = data[:-28], data[-28:]
    if len(data) < 36 or trailer[0] != 1 or trailer[2:4] != b'\0\0':
        return 'unsigned'
    if trailer[1] != key_id:
        return 'unknown-key'
    seconds = struct.unpack('!I', trailer[4:8])[0]
    if abs(time.time() - seconds) > 5:
        return 'stale'
    right = digest(key, sender.version, sender, body, trailer[:12])
    return 'right' if hmac.compare_digest(right, trailer[12:]) else 'bad'


def listen(options, source, key):
    raw, _ = open_socket(options.interface, source)
    raw.settimeout(0.2)
    end = time.monotonic() + options.seconds
    last = {}
    while time.monotonic() < end:
        try:
            data, (address, *_) = raw.recvfrom(2048)
        except socket.timeout:
            continue
        if source.version == 4:
            data = data[(data[0] & 15) * 4:]
        sender = ipaddress.ip_address(address.split('%')[0])
        if sender == source or data[1] != options.vrid:
            continue
        sequence = int.from_bytes(data[-24:-16], 'big')
        newer = sequence > last.get(sender, 0)
        last[sender] = sequence
        verdict = judge(data, sender, key, options.key_id)
        heard = {'source': str(sender), 'priority': data[2], 'verdict': verdict, 'newer': newer}
        print(json.dumps(heard), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('action', choices=['send', 'listen'])
    parser.add_argument('--interface', required=True)
    parser.add_argument('--source', required=True)
    parser.add_argument('--key', required=True, help='in hexadecimal')
    parser.add_argument('--key-id', type=int, default=1)
    parser.add_argument('--vrid', type=int, required=True)
    parser.add_argument('--vip', default='192.0.2.100')
    parser.add_argument('--version', type=int, default=3)
    parser.add_argument('--priority', type=int, default=200)
    parser.add_argument('--interval', type=float, default=0.1)
    parser.add_argument('--skew', type=float, default=0)
    parser.add_argument('--replay', action='store_true', help='send the first message again and again')
    parser.add_argument('--seconds', type=float, default=3)
    options = parser.parse_args()
    source = ipaddress.ip_address(options.source)
    act = send if options.action == 'send' else listen
    act(options, source, bytes.fromhex(options.key))


if __name__ == '__main__':
    sys.exit(main())
