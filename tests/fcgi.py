"""A small FastCGI client (FastCGI specification 1.0) for tests that talk to the worker socket without Nginx."""
import socket
import struct

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES = range(1, 10)
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
KEEP_CONN = 1
REQUEST_COMPLETE = 0  # protocol status of END_REQUEST


def record(kind, content=b"", request_id=1, padding=0, version=1, length=None):
    """One record; `length` lies about the content's length."""
    size = len(content) if length is None else length
    return struct.pack("!BBHHBx", version, kind, request_id, size, padding) + content + b"\0" * padding


def begin(role=RESPONDER, flags=0):
    return record(BEGIN_REQUEST, struct.pack("!HB5x", role, flags))


def _length(n):
    return bytes([n]) if n < 128 else struct.pack("!I", n | 0x80000000)


def pairs(params):
    """Name-value pairs; `params` is a dict or a list of pairs (names may repeat)."""
    out = b""
    for name, value in params.items() if isinstance(params, dict) else params:
        name, value = (x if isinstance(x, bytes) else x.encode() for x in (name, value))
        out += _length(len(name)) + _length(len(value)) + name + value
    return out


def stream(kind, data):
    """A stream as records of at most 65,535 bytes and its empty end."""
    return b"".join(record(kind, data[i:i + 65535]) for i in range(0, len(data), 65535)) + record(kind)


def request_bytes(query="", method="GET", path="/", body=b"", flags=0, **more):
    params = {"REQUEST_METHOD": method, "SCRIPT_NAME": path, "REQUEST_URI": path + ("?" + query if query else ""),
              "DOCUMENT_URI": path, "QUERY_STRING": query, "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
              "CONTENT_LENGTH": str(len(body)) if body else "", **more}
    return begin(flags=flags) + stream(PARAMS, pairs(params)) + stream(STDIN, body)


def connect(server, timeout=10.0):
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(timeout)
    peer.connect(str(server))
    return peer


def read_all(peer):
    """What the other side sends until it closes; b"" stands for a reset too."""
    data = b""
    try:
        while chunk := peer.recv(65536):
            data += chunk
    except ConnectionError:
        pass
    return data


def parse(data):
    """[(kind, content)] of the complete records in data."""
    found = []
    while len(data) >= 8:
        _, kind, _, size, padding = struct.unpack("!BBHHBx", data[:8])
        found.append((kind, data[8:8 + size]))
        data = data[8 + size + padding:]
    return found


class Broken(Exception):
    """The other side closed before the end of the answer."""


def answer(data):
    """(status, headers, body) of a whole answer; Broken when END_REQUEST is missing."""
    records = parse(data)
    if END_REQUEST not in (kind for kind, _ in records):
        raise Broken(f"{len(data)} bytes without END_REQUEST")
    text = b"".join(content for kind, content in records if kind == STDOUT)
    head, _, body = text.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
    return int(headers.get("Status", "200").split()[0]), headers, body


def call(server, query="", timeout=10.0, **request):
    """One request on its own connection."""
    with connect(server, timeout) as peer:
        peer.sendall(request_bytes(query, **request))
        return answer(read_all(peer))
