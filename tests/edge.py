"""Nginx with the project's configuration in front of a pretended worker: what the edge does, seen from both sides."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading

import requests

from stack import TOP, wait_until

NGINX_CONF = TOP / "conf" / "nginx"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PretendedWorker:
    """A FastCGI responder on a unix socket. `answer(params, body)` returns (status, headers, body), or None to close the
    connection unanswered, or HANG to keep it open. Requests are kept in .seen as (params, body, flags)."""

    HANG = object()

    def __init__(self, path):
        self.path, self.seen, self.answer = str(path), [], self.echo
        self.held = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def echo(params, body):
        return 200, {"Content-Type": "application/json"}, json.dumps({"params": params, "body": len(body)}).encode()

    def close(self):
        self.listener.close()
        for connection in self.held:
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream = connection.makefile("rb")
        params, body, flags, number = b"", b"", None, 0
        while True:
            header = stream.read(8)
            if len(header) < 8:
                return
            _, kind, number, length, padding, _ = struct.unpack(">BBHHBB", header)
            content = stream.read(length + padding)[:length]
            if kind == 1:  # begin request
                flags = content[2]
            elif kind == 4:
                params += content
            elif kind == 5:
                if not content:
                    break
                body += content
        decoded = dict(self._pairs(params))
        self.seen.append((decoded, body, flags))
        reply = self.answer(decoded, body)
        if reply is self.HANG:
            self.held.append(connection)
            return
        if reply is not None:
            status, headers, text = reply
            head = f"Status: {status}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
            out = head.encode() + (b"" if decoded["REQUEST_METHOD"] == "HEAD" else text)
            with contextlib.suppress(OSError):
                for start in range(0, len(out), 65000):
                    piece = out[start:start + 65000]
                    connection.sendall(struct.pack(">BBHHBB", 1, 6, number, len(piece), 0, 0) + piece)
                connection.sendall(struct.pack(">BBHHBB", 1, 6, number, 0, 0, 0))
                connection.sendall(struct.pack(">BBHHBB", 1, 3, number, 8, 0, 0) + bytes(8))
        stream.close()
        connection.close()

    @staticmethod
    def _pairs(data):
        def length(at):
            if data[at] < 128:
                return data[at], at + 1
            return struct.unpack(">I", data[at:at + 4])[0] & 0x7FFFFFFF, at + 4
        at = 0
        while at < len(data):
            name, at = length(at)
            value, at = length(at)
            yield data[at:at + name].decode(), data[at + name:at + name + value].decode("utf-8", "replace")
            at += name + value


class Edge:
    """The private Nginx of quickstart in a folder of its own; `change` is [(pattern, replacement)] on its snippets."""

    def __init__(self, folder, change=()):
        self.folder, self.port = pathlib.Path(folder), free_port()
        for name in ("nginx/conf.d", "nginx/snippets", "nginx/temp", "log", "sock", "tls", "www"):
            (self.folder / name).mkdir(parents=True)
        os.chmod(self.folder, 0o755)
        self.ca = self.folder / "tls" / "server.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", str(self.folder / "tls/server.key"), "-out", str(self.ca)],
                       check=True, capture_output=True)
        for source in [NGINX_CONF / "conf.d/nexus.conf", *(NGINX_CONF / "snippets").glob("*.conf")]:
            text = source.read_text()
            for pattern, replacement in change:
                text = re.sub(pattern, replacement, text)
            (self.folder / "nginx" / source.relative_to(NGINX_CONF)).write_text(text)
        main = (NGINX_CONF / "quickstart.conf.in").read_text()
        user = "user root;" if os.geteuid() == 0 else ""  # pytest's folders are for nobody else
        for name, value in {"@RUN@": str(self.folder), "@PORT@": str(self.port), "@USER@": user,
                            "@ORIGINS@": 'default "";'}.items():
            main = main.replace(name, value)
        main = main.replace(f"    listen [::1]:{self.port}", f"    #listen [::1]:{self.port}")
        self.conf = self.folder / "nginx" / "nginx.conf"
        self.conf.write_text(main)
        (self.folder / "www" / "bench.json").write_text("{}\n")
        self.url = f"https://localhost:{self.port}"
        self.proxy_socket = self.folder / "sock" / "edge.sock"
        self.worker = PretendedWorker(self.folder / "sock" / "api.sock")
        self.process = None

    def start(self):
        command = ["nginx", "-e", str(self.folder / "log/nginx.log"), "-c", str(self.conf)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until(self._listens, 20, "Nginx to listen")
        return self

    def _listens(self):
        assert self.process.poll() is None, (self.folder / "log/nginx.log").read_text()
        with socket.create_connection(("127.0.0.1", self.port), 1):
            return True

    def kill(self):
        """Master and workers at once, as when the host is gone."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        self.proxy_socket.unlink(missing_ok=True)
        self.worker.close()

    def session(self):
        session = requests.Session()
        session.trust_env, session.verify = False, str(self.ca)
        return session

    def request(self, method, path, **kwargs):
        with self.session() as session:
            return session.request(method, self.url + path, timeout=30, **kwargs)

    def raw(self, data, tls=True):
        """Send bytes, return everything that comes back until the peer closes."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as plain:
            plain.settimeout(10)
            stream = plain
            if tls:
                stream = ssl.create_default_context(cafile=str(self.ca)).wrap_socket(plain, server_hostname="localhost")
            stream.sendall(data)
            return self._drain(stream)

    @staticmethod
    def _drain(stream):
        received = b""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while piece := stream.recv(65536):
                received += piece
        return received

    def log_lines(self):
        text = (self.folder / "log/nginx-access.log").read_text()
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


@contextlib.contextmanager
def running_edge(folder, change=()):
    edge = Edge(folder, change)
    try:
        yield edge.start()
    finally:
        edge.stop()
