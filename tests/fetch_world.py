"""A host, and an Internet of one other host, in network namespaces: what nexus-fetch calls there, and which packets leave.

`python3 fetch_world.py BUILD OUT` runs inside `unshare --net --mount` and writes JSON; tests/test_fetch.py starts it and judges.
In the Internet are a name server (9.9.9.9), whose answers are the table NAMES, and HTTPS servers at GOOD and GOOD6 that misbehave
as their path says. Every other address leads there too, so that what is sent to one is seen.
"""
import concurrent.futures
import contextlib
import http.server
import json
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import zlib

OWN, OWN6, GATE, GATE6 = "45.45.45.2", "2600:1::2", "45.45.45.1", "2600:1::1"
RESOLVER, GOOD, GOOD6 = "9.9.9.9", "93.184.216.34", "2606:2800:220:1::34"

# name: addresses, in the order they are given; a name in it is a CNAME; a list of lists changes with each query
NAMES = {
    "good.test": [GOOD], "good6.test": [GOOD6], "both.test": [GOOD, GOOD6], "alias.test": ["good.test"],
    "loop.test": ["127.0.0.1"], "ten.test": ["10.0.0.1"], "meta.test": ["169.254.169.254"], "lan.test": ["192.168.1.1"],
    "cgn.test": ["100.64.1.1"], "zero.test": ["0.0.0.0"], "own.test": [OWN], "own6.test": [OWN6],
    "cname.test": ["ten.test"], "cname2.test": ["cname.test"], "mixed.test": [GOOD, "10.0.0.1"], "mixed2.test": ["10.0.0.1", GOOD],
    "mixed6.test": [GOOD, "fd00::1"], "mixed64.test": [GOOD6, "127.0.0.1"], "mixed7.test": [GOOD, GOOD6, "::1"],
    "loop6.test": ["::1"], "ula.test": ["fd00::1"], "link.test": ["fe80::1"], "mapped.test": ["::ffff:10.0.0.1"],
    "nat64.test": ["64:ff9b::a00:1"], "sixtofour.test": ["2002:a00:1::1"], "teredo.test": ["2001:0:1::1"], "multi.test": ["224.0.0.1"],
    "doc6.test": ["2001:db8::1"], "any6.test": ["::"], "xn--lcalhost-n0a.test": ["127.0.0.1"],
    "rebind.test": [[GOOD], ["127.0.0.1"]], "rebind2.test": [[GOOD], ["10.0.0.1"]],
}


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


# --- the Internet

class Resolver:
    """UDP, A and AAAA, TTL 0."""

    def __init__(self):
        self.seen = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((RESOLVER, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            self.socket.sendto(self.answer(query), peer)

    @staticmethod
    def pack(name):
        return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"

    def answers(self, name, kind):
        found = NAMES.get(name, [])
        if found and isinstance(found[0], list):
            turn = self.seen[name, kind] = self.seen.get((name, kind), -1) + 1
            found = found[min(turn, len(found) - 1)]
        for address in found:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            if address in NAMES:
                yield 5, name, self.pack(address)
                for kind_of, _, data in self.answers(address, kind):
                    yield kind_of, address, data
            elif (family == socket.AF_INET6) == (kind == 28):
                yield kind, name, socket.inet_pton(family, address)

    def answer(self, query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
            at += 1 + query[at]
        kind, name = struct.unpack(">H", query[at + 1:at + 3])[0], ".".join(labels)
        records = list(self.answers(name, kind))
        code = 0 if name in NAMES else 3
        head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        return head + query[12:at + 5] + b"".join(self.pack(owner) + struct.pack(">HHIH", k, 1, 0, len(d)) + d for k, owner, d in records)


class Hostile(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def head(self, status, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def forever(self, piece, pause=0.0):
        while True:
            self.wfile.write(piece)
            self.wfile.flush()
            if pause:
                time.sleep(pause)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.close_connection = True
        with contextlib.suppress(OSError, ssl.SSLError):
            getattr(self, "on_" + path.strip("/").replace("-", "_"), self.on_ok)(urllib.parse.unquote(query))

    do_POST = do_GET

    def on_ok(self, _):
        self.head(200, ("Content-Length", "2"), ("ETag", '"v1"'))
        self.wfile.write(b"ok")

    def on_secrets(self, _):
        text = json.dumps(dict(self.headers)).encode()
        self.head(200, ("Content-Length", str(len(text))))
        self.wfile.write(text)

    def on_hang(self, _):
        time.sleep(60)

    def on_trickle(self, _):
        self.head(200, ("Content-Length", "100000"))
        self.forever(b"x", 0.2)

    def on_trickle_head(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self.forever(b"x", 0.2)

    def on_redirect(self, to):
        self.head(302, ("Location", to), ("Content-Length", "5"))
        self.wfile.write(b"moved")

    def on_around(self, _):
        self.head(302, ("Location", "/around"), ("Content-Length", "0"))

    def on_tengb(self, _):
        self.head(200, ("Content-Length", str(10 << 30)))
        self.forever(b"\0" * 65536)

    def on_tengb_quiet(self, _):
        self.head(200, ("Connection", "close"))
        self.forever(b"\0" * 65536)

    def on_tengb_chunked(self, _):
        self.head(200, ("Transfer-Encoding", "chunked"))
        self.forever(b"10000\r\n" + b"\0" * 65536 + b"\r\n")

    def on_error_flood(self, _):
        self.head(500, ("Connection", "close"))
        self.forever(b"\0" * 65536)

    def on_gzip(self, _):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(64)) + packer.flush()
        self.head(200, ("Content-Encoding", "gzip"), ("Content-Length", str(len(bomb))))
        self.wfile.write(bomb)

    def on_lie_long(self, _):
        self.head(200, ("Content-Length", "1000"))
        self.wfile.write(b"short")

    def on_lie_short(self, _):
        self.head(200, ("Content-Length", "5"))
        self.wfile.write(b"x" * 5000)

    def on_lie_negative(self, _):
        self.head(200, ("Content-Length", "-1"))
        self.wfile.write(b"x")

    def on_lie_two(self, _):
        self.head(200, ("Content-Length", "18446744073709551617"))
        self.wfile.write(b"x")

    def on_headers(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self.forever(b"X-More: " + b"y" * 1000 + b"\r\n")

    def on_long_header(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self.forever(b"y" * 4000)

    def on_hundred(self, _):
        self.forever(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_nine(self, _):
        self.wfile.write(b"no HTTP at all")

    def on_big(self, size):
        self.head(200, ("Content-Length", size))
        self.wfile.write(b"a" * int(size))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, context, handler=Hostile):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.context = context
        super().__init__((address, 443), handler)

    def finish_request(self, request, client_address):
        with contextlib.suppress(OSError, ssl.SSLError):
            request.settimeout(60)
            super().finish_request(self.context.wrap_socket(request, server_side=True), client_address)

    def handle_error(self, *args):
        pass


def world(folder, handler=Hostile):
    while not (folder / "world-linked").exists():
        time.sleep(0.01)
    for address in (f"{GATE}/24", f"{RESOLVER}/32", f"{GOOD}/32", f"{GATE6}/64", f"{GOOD6}/128"):
        run("ip", "addr", "add", address, "dev", "world", *(["nodad"] if ":" in address else []))
    run("ip", "link", "set", "world", "up")
    run("ip", "link", "set", "lo", "up")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    for address in (GOOD, GOOD6):
        threading.Thread(target=Server(address, context, handler).serve_forever, daemon=True).start()
    Resolver()
    (folder / "world-ready").write_text("")
    signal.pause()


# --- the host

class Packets:
    """Where the packets go that leave by an interface."""

    def __init__(self, interface):
        self.seen = []
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((interface, 0))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            frame, where = self.socket.recvfrom(65535)
            kind, packet = where[1], frame[14:]
            if where[2] != socket.PACKET_OUTGOING:
                continue
            if kind == 0x0800:
                self.seen.append(socket.inet_ntop(socket.AF_INET, packet[16:20]))
            elif kind == 0x86DD and packet[6] not in (0, 58):  # not what the kernel says by ICMP about neighbours
                self.seen.append(socket.inet_ntop(socket.AF_INET6, packet[24:40]))
            elif kind == 0x0806:
                self.seen.append("arp " + socket.inet_ntop(socket.AF_INET, packet[24:28]))


class Host:
    def __init__(self, build, folder):
        self.build, self.folder, self.number = build, folder, iter(range(10**6))
        self.conf = folder / "nexus.conf"
        self.conf.write_text(f"fetch_socket = {folder}/fetch.sock\nfetch_calls = 40\n")

    def start(self):
        # Much less than what the hostile servers send; sanitizers take terabytes of addresses.
        bounded = not re.search(rb"__asan_init", (self.build / "nexus-fetch").read_bytes())
        limit = (lambda: resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))) if bounded else None
        self.log = open(self.folder / "fetch.log", "wb")
        self.fetcher = subprocess.Popen([self.build / "nexus-fetch", "-c", self.conf], stderr=self.log, preexec_fn=limit)
        end = time.monotonic() + 10
        while not (self.folder / "fetch.sock").exists():
            assert time.monotonic() < end and self.fetcher.poll() is None
            time.sleep(0.01)

    def call(self, url, *args):
        start = time.monotonic()
        done = subprocess.run([self.build / "nexusctl", "-c", self.conf, "--json", "fetch", "--ca", self.folder / "ca.pem", "--timeout", "20",
                               *map(str, args), url], capture_output=True, text=True, check=False, env={"LC_ALL": "C"})
        said = json.loads(done.stdout) if done.stdout else {"status": 0, "why": done.stderr}
        return {**said, "exit": done.returncode, "seconds": time.monotonic() - start}

    def to_file(self, url, limit):
        path = self.folder / f"out-{next(self.number)}"
        said = self.call(url, "--file", path, "--limit", limit)
        return {**said, "file": path.stat().st_size}


def up(folder, program=__file__):
    """Link this host to another one, on which `program --world FOLDER` calls world()."""
    child = subprocess.Popen(["unshare", "--net", sys.executable, program, "--world", folder])
    run("ip", "link", "set", "lo", "up")
    end = time.monotonic() + 10
    while os.readlink(f"/proc/{child.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
        assert time.monotonic() < end
        time.sleep(0.01)
    run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "world", "netns", str(child.pid))
    (folder / "world-linked").write_text("")
    run("ip", "addr", "add", f"{OWN}/24", "dev", "up0")
    run("ip", "addr", "add", f"{OWN6}/64", "dev", "up0", "nodad")
    run("ip", "link", "set", "up0", "up")
    run("ip", "route", "add", "default", "via", GATE)
    run("ip", "-6", "route", "add", "default", "via", GATE6)
    (folder / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
    run("mount", "--bind", str(folder / "resolv.conf"), os.path.realpath("/etc/resolv.conf"))
    while not (folder / "world-ready").exists():
        assert time.monotonic() < end and child.poll() is None
        time.sleep(0.01)
    return child


def certificates(folder):
    names = ",".join(f"DNS:{name}" for name in NAMES) + f",IP:{GOOD}"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test",
        "-addext", f"subjectAltName={names}", "-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem"))
    (folder / "server.pem").write_text((folder / "key.pem").read_text() + (folder / "ca.pem").read_text())


def others_while_many_hang(host):
    """A good call while 30 of 40 places are taken by one that hangs; and what is beyond the places."""
    hanging = [subprocess.Popen([host.build / "nexusctl", "-c", host.conf, "fetch", "--ca", host.folder / "ca.pem", "--timeout", "15",
                                 "https://good.test/hang"], stdout=subprocess.DEVNULL) for _ in range(30)]
    made = lambda: sum(1 for stat in pathlib.Path("/proc").glob("[0-9]*/stat") if stat_parent(stat) == host.fetcher.pid)
    end = time.monotonic() + 10
    while made() < 30 and time.monotonic() < end:
        time.sleep(0.02)
    result = {"busy": made(), "good": host.call("https://good.test/ok"), "still": sum(one.poll() is None for one in hanging)}
    more = [subprocess.Popen([host.build / "nexusctl", "-c", host.conf, "fetch", "--ca", host.folder / "ca.pem", "--timeout", "15",
                              "https://good.test/hang"], stdout=subprocess.DEVNULL) for _ in range(10)]
    while made() < 40 and time.monotonic() < end:
        time.sleep(0.02)
    result["beyond"] = host.call("https://good.test/ok")
    for one in hanging + more:
        one.kill()
        one.wait()
    return result


def stat_parent(stat):
    with contextlib.suppress(OSError):
        return int(stat.read_text().rsplit(")", 1)[1].split()[1])
    return 0


def control():
    """What a forbidden packet looks like to the counters, lest they be blind."""
    for family, address in ((socket.AF_INET, "10.0.0.1"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "fd00::1")):
        with socket.socket(family, socket.SOCK_STREAM) as s, contextlib.suppress(OSError):
            s.settimeout(0.05)
            s.connect((address, 443))


def main(build, out, plan):
    folder = out.parent
    certificates(folder)
    child, host = up(folder), Host(build, folder)
    host.start()
    result = {}
    try:
        outside, inside = Packets("up0"), Packets("lo")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            result["forbidden"] = dict(zip(plan["forbidden"], pool.map(lambda url: host.call(url, "--redirects", 3), plan["forbidden"])))
            result["rebind"] = [host.call("https://rebind.test/ok"), host.call("https://rebind.test/ok")]
            result["packets"] = {"outside": sorted(set(outside.seen)), "inside": sorted(set(inside.seen))}
            result["good"] = dict(zip(plan["good"], pool.map(lambda url: host.call(url, "--redirects", 3), plan["good"])))
            hostile = list(pool.map(lambda path: host.call(f"https://good.test/{path}", "--timeout", 2), plan["hostile"]))
            result["hostile"] = dict(zip(plan["hostile"], hostile))
            result["files"] = dict(zip(plan["files"], pool.map(lambda path: host.to_file(f"https://good.test/{path}", 5 << 20), plan["files"])))
        result["others"] = others_while_many_hang(host)
        control()
        end = time.monotonic() + 5
        while time.monotonic() < end and not ("127.0.0.1" in inside.seen and "10.0.0.1" in outside.seen):
            time.sleep(0.02)
        result["control"] = {"outside": sorted(set(outside.seen)), "inside": sorted(set(inside.seen))}
        host.fetcher.terminate()
        result["log"] = (folder / "fetch.log").read_text()
    finally:
        host.fetcher.kill()
        child.kill()
        host.fetcher.wait()
        child.wait()
    out.write_text(json.dumps(result))


if __name__ == "__main__":
    if sys.argv[1] == "--world":
        world(pathlib.Path(sys.argv[2]))
    else:
        main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), json.loads(sys.stdin.read()))
