#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""offload_ends.py echo: sends datagrams back, once they are what peer_udp.c sends.
offload_ends.py sink N: prints the SHA-256 of what comes over each of N connections.
offload_ends.py vlan INTERFACE NAME: makes TAP device NAME, which is a VLAN of INTERFACE; not every
kernel has such devices, and none minds which priority comes, or how long a frame is.
offload_ends.py frames INTERFACE: sends frames with right and wrong checksums; prints what
offload_peer is to say of each."""
import contextlib
import fcntl
import hashlib
import os
import selectors
import socket
import struct
import sys

CAME, GOES = 0xA005, struct.pack("!2H", 0x8100, 0x6005)  # tags, with priorities


def payload(size):
    return bytes((7 * i + size) & 255 for i in range(size))


def echo():
    ends = selectors.DefaultSelector()
    for family, any_address in [(socket.AF_INET, ""), (socket.AF_INET6, "::")]:
        end = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        end.bind((any_address, 5007))
        ends.register(end, selectors.EVENT_READ)
    want = [payload(size) for size in range(1473)]
    while True:
        for key, _ in ends.select():
            data, sender = key.fileobj.recvfrom(2048)
            if data[2:] != want[len(data)][2:]:
                sys.exit(f"{len(data)} bytes from {sender} are wrong")
            key.fileobj.sendto(data, sender)


def sink(connections):
    with socket.create_server(("::", 5009), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        for _ in range(connections):
            digest = hashlib.sha256()
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(1 << 16):
                    digest.update(data)
            print(digest.hexdigest(), flush=True)


def vlan(interface, name):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1002))  # TUNSETIFF
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA: the kernel takes tags out of frames
    link.bind((interface, 3))  # ETH_P_ALL
    ends = selectors.DefaultSelector()
    ends.register(link, selectors.EVENT_READ)
    ends.register(tap, selectors.EVENT_READ)
    while True:
        for key, _ in ends.select():
            if key.fileobj == tap:
                frame = os.read(tap, 2048)
                link.send(frame[:12] + GOES + frame[12:])
                continue
            frame, about, _, sender = link.recvmsg(2048, 64)
            status, tag = struct.unpack_from("I12xH", about[0][2])
            if sender[2] == socket.PACKET_OUTGOING or len(frame) > 1514:
                continue
            if status & 0x10 and tag == CAME:
                with contextlib.suppress(OSError):  # it is not up yet
                    os.write(tap, frame)


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def l4(proto, addresses, wrong, size):
    """UDP or TCP; wrong: is added to the checksum; None: there is none."""
    data = payload(size)
    if proto == 17:
        head, at = struct.pack("!4H", 5000, 6000, 8 + size, 0), 6
    else:
        head, at = struct.pack("!2H2I4H", 5000, 6000, 1, 1, 0x5010, 1000, 0, 0), 16
    pseudo = addresses + struct.pack("!2I", len(head) + size, proto)
    right = checksum(pseudo + head + data) or 0xFFFF
    val = 0 if wrong is None else (right + wrong) & 0xFFFF
    return head[:at] + struct.pack("!H", val) + head[at + 2 :] + data


def ip4(proto, wrong=0, size=100, ip_wrong=0, options=b"", fragment=0):
    addresses = bytes([10, 9, 0, 1, 10, 9, 0, 2])
    rest = l4(proto, addresses, wrong, size)
    words = (0x4500 + (len(options) // 4 << 8), 20 + len(options) + len(rest), 7, fragment)
    head = struct.pack("!4H2BH", *words, 64, proto, 0) + addresses + options
    val = (checksum(head) + ip_wrong) & 0xFFFF
    return b"\x08\0" + head[:10] + struct.pack("!H", val) + head[12:] + rest


def ip6(proto, wrong=0, size=100, extension=b""):
    addresses = bytes.fromhex(f"fd{1:030x}fd{2:030x}")
    rest = l4(proto, addresses, wrong, size)
    if extension:
        extension = bytes([proto]) + extension
    head = struct.pack("!IH2B", 6 << 28, len(extension) + len(rest), 0 if extension else proto, 64)
    return b"\x86\xdd" + head + addresses + extension + rest


GOOD4, GOOD6 = "L3_GOOD L4_GOOD IP4", "L4_GOOD IP6"
NOP = b"\1" * 4
PADDING = bytes([0, 1, 4, 0, 0, 0, 0])  # a hop-by-hop header, after its first byte

# What the card gets, and what it is to say of it; an empty frame type is none.
FRAMES = [
    (ip4(17), GOOD4 + " UDP"),
    (ip4(17, size=0), GOOD4 + " UDP"),
    (ip4(17, size=1), GOOD4 + " UDP"),
    (ip4(17, size=1472), GOOD4 + " UDP"),
    (ip4(17, wrong=1), "L3_GOOD L4_BAD IP4 UDP"),
    (ip4(17, wrong=0x100, size=1471), "L3_GOOD L4_BAD IP4 UDP"),
    (ip4(17, wrong=None), "L3_GOOD IP4 UDP"),
    (ip4(17, ip_wrong=1), "L3_BAD L4_GOOD IP4 UDP"),
    (ip4(17, ip_wrong=1, wrong=1), "L3_BAD L4_BAD IP4 UDP"),
    (ip4(17, options=NOP), GOOD4 + " UDP"),
    (ip4(17, options=NOP, wrong=1), "L3_GOOD L4_BAD IP4 UDP"),
    (ip4(17, fragment=0x2000), "L3_GOOD IP4"),
    (ip4(17, fragment=0x0010), "L3_GOOD IP4"),
    (ip4(6), GOOD4 + " TCP"),
    (ip4(6, size=1460), GOOD4 + " TCP"),
    (ip4(6, wrong=1), "L3_GOOD L4_BAD IP4 TCP"),
    (ip4(6, wrong=None), "L3_GOOD L4_BAD IP4 TCP"),
    (ip4(6, ip_wrong=0x8000), "L3_BAD L4_GOOD IP4 TCP"),
    (ip4(50), "L3_GOOD IP4"),
    (ip6(17), GOOD6 + " UDP"),
    (ip6(17, size=0), GOOD6 + " UDP"),
    (ip6(17, size=1451), GOOD6 + " UDP"),
    (ip6(17, wrong=1), "L4_BAD IP6 UDP"),
    (ip6(17, wrong=None), "L4_BAD IP6 UDP"),
    (ip6(17, extension=PADDING), GOOD6 + " UDP"),
    (ip6(17, extension=PADDING, wrong=1), "L4_BAD IP6 UDP"),
    (ip6(6), GOOD6 + " TCP"),
    (ip6(6, size=1440), GOOD6 + " TCP"),
    (ip6(6, wrong=1), "L4_BAD IP6 TCP"),
    (b"\x88\xb5" + bytes(60), ""),
]
TAGS = [(None, True), (0x0005, True), (0xA005, True), (0x6000, True), (0x0006, False)]


def frames(interface):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        number = 0
        for tag, comes in TAGS:
            for data, about in FRAMES:
                head = bytes.fromhex("0200000000c002000000ee") + bytes([number])
                if tag is not None:
                    head += struct.pack("!2H", 0x8100, tag)
                    about = f"VLAN {about}".strip() + f" {tag:#x}"
                out.send(head + data)
                if comes:
                    print(f"{number} {about}".strip())
                number += 1
        out.send(bytes.fromhex("0200000000c002000000eeff88b5") + bytes(50))
        print(255)


WHAT = {"echo": echo, "sink": lambda n: sink(int(n)), "vlan": vlan, "frames": frames}
WHAT[sys.argv[1]](*sys.argv[2:])
