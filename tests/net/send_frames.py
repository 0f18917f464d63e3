#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""send_frames.py INTERFACE SENT: sends frames of all kinds, writes them to SENT, one a line.
send_frames.py --compare CAPTURE SENT: are they in the capture, whole and in order?"""
import socket
import struct
import sys

MINE = bytes.fromhex("8888")  # first bytes of the payload: a stack's own frames are left out


def frames():
    addresses = bytes.fromhex("02000000000202000000000f")
    for i, n in enumerate([60, 61, 64, 65, 128, 1000, 1500, 1510]):
        for tag in [b"", struct.pack("!HH", 0x8100, 0x2000 | i), struct.pack("!HH", 0x88A8, 7)]:
            head = addresses + tag + struct.pack("!H", 0x88B5)
            yield head + (MINE + bytes([i]) * n)[: n - len(head)]


def captured(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16 : at + 16 + size]
        at += 16 + size


def compare(path, sent):
    got = [frame.hex() for frame in captured(path) if MINE in frame[14:20]]
    with open(sent, encoding="ascii") as file:
        want = file.read().split()
    print(f"{len(got)} of {len(want)} frames came")
    sys.exit(got != want)


def send(interface, sent):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        with open(sent, "w", encoding="ascii") as file:
            for frame in frames():
                out.send(frame)
                print(frame.hex(), file=file)


if sys.argv[1] == "--compare":
    compare(sys.argv[2], sys.argv[3])
else:
    send(sys.argv[1], sys.argv[2])
