#!/usr/bin/env python3
"""Writes an initramfs: a cpio archive (format "newc"), compressed.

  initramfs.py OUT NAME=FILE...      each FILE as /NAME, executable
"""
import gzip
import pathlib
import sys

REGULAR = 0o100755


def entry(name, data, mode, inode):
    path = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + path
    return padded(head) + padded(data)


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def main():
    if len(sys.argv) < 3 or any("=" not in pair for pair in sys.argv[2:]):
        print("initramfs.py: OUT NAME=FILE...", file=sys.stderr)
        sys.exit(2)
    archive = b""
    for inode, pair in enumerate(sys.argv[2:], 1):
        name, file = pair.split("=", 1)
        archive += entry(name, pathlib.Path(file).read_bytes(), REGULAR, inode)
    archive += entry("TRAILER!!!", b"", 0, 0)
    pathlib.Path(sys.argv[1]).write_bytes(gzip.compress(archive, 1))


main()
