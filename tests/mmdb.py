"""Writes a small database of locations in MaxMind's format (version 2.0): a binary tree over the bits of an IPv6 address, then data."""
import ipaddress
import struct


UINT16, UINT32, UINT64 = 5, 6, 9  # readers insist on the width


def _control(kind, size):
    head = bytes([kind << 5 | min(size, 29)]) if kind < 8 else bytes([min(size, 29), kind - 7])
    assert size < 285
    return head + (bytes([size - 29]) if size >= 29 else b"")


def _encode(value):
    if isinstance(value, str):
        data = value.encode()
        return _control(2, len(data)) + data
    if isinstance(value, tuple):
        kind, number = value
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        return _control(kind, len(data)) + data
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(_encode, value))
    return _control(7, len(value)) + b"".join(_encode(k) + _encode(v) for k, v in value.items())


def write(path, networks):
    """networks: {"203.0.113.0/24": {...}}, disjoint; IPv4 lies at ::/96 as in MaxMind's own files."""
    nodes, data = [[None, None]], b""
    for text, value in networks.items():
        network = ipaddress.ip_network(text)
        address, bits = int(network.network_address), network.prefixlen + (96 if network.version == 4 else 0)
        at = 0
        for i in range(bits):
            bit = address >> (127 - i) & 1
            if i == bits - 1:
                nodes[at][bit] = ("data", len(data))
            elif nodes[at][bit] is None:
                nodes.append([None, None])
                nodes[at][bit] = len(nodes) - 1
            at = nodes[at][bit] if i < bits - 1 else at
        data += _encode(value)
    count = len(nodes)

    def record(r):
        return (count if r is None else count + 16 + r[1] if isinstance(r, tuple) else r).to_bytes(3, "big")
    tree = b"".join(record(left) + record(right) for left, right in nodes)
    meta = {"binary_format_major_version": (UINT16, 2), "binary_format_minor_version": (UINT16, 0), "build_epoch": (UINT64, 1700000000), "database_type": "Test",
            "description": {"en": "Test"}, "ip_version": (UINT16, 6), "languages": ["en"], "node_count": (UINT32, count), "record_size": (UINT16, 24)}
    path.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _encode(meta))
