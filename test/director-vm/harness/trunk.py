"""trunk.py ACCESS TRUNK VLAN: joins an untagged port with a tagged one, for hosts whose kernel has no 802.1q.

Frames of ACCESS leave by TRUNK with the tag, tagged frames of TRUNK leave by ACCESS without it. Prints `ready`.

trunk.py plain NAME: turns off the offloads of an interface, so that each packet is complete when it is read.
"""
import ctypes
import fcntl
import select
import socket
import struct
import sys

ETH_P_ALL = 3
ETH_P_8021Q = 0x8100
SIOCETHTOOL = 0x8946
# linux/ethtool.h: what would leave the checksum, or the cutting into frames, to a card.
OFFLOADS_OFF = (0x17, 0x1F, 0x22, 0x24, 0x2C)
# linux/if_packet.h
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_IGNORE_OUTGOING = 23
TP_STATUS_VLAN_VALID = 0x10


def open_port(name):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    port.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    port.bind((name, 0))
    return port


def receive(port):
    """The frame and its VLAN, None without a tag; the kernel reports the tag beside the frame."""
    frame, ancillary, _, _ = port.recvmsg(65_536, 64)
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                return frame, tci & 0x0FFF
    return frame, None


def plain(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in OFFLOADS_OFF:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0), 8)
            request = struct.pack("16sP", name.encode(), ctypes.addressof(value))
            try:
                fcntl.ioctl(control, SIOCETHTOOL, request)
            except OSError:
                pass


def main():
    access_name, trunk_name, vlan = sys.argv[1], sys.argv[2], int(sys.argv[3])
    access, trunk = open_port(access_name), open_port(trunk_name)
    tag = struct.pack("!HH", ETH_P_8021Q, vlan)
    print("ready", flush=True)
    while True:
        for port in select.select([access, trunk], [], [])[0]:
            frame, heard = receive(port)
            if port is access and heard is None:
                trunk.send(frame[:12] + tag + frame[12:])
            elif port is trunk and heard == vlan:
                access.send(frame)


if sys.argv[1] == "plain":
    plain(sys.argv[2])
else:
    main()
