"""HAProxy with the project's configuration in front of two Nginx hosts."""
import contextlib
import json
import os
import re
import socket
import subprocess
import threading

import pytest
import requests

from edge import free_port, running_edge
from stack import TOP, wait_until

CONFIG = TOP / "haproxy" / "haproxy.cfg"


class Balancer:
    def __init__(self, folder, certificate, ca, web1, web2):
        self.port, self.admin_path = free_port(), folder / "admin.sock"
        bundle = folder / "bundle.pem"
        bundle.write_text(certificate.read_text() + certificate.with_name("server.key").read_text())
        self.log_path = folder / "haproxy.log"
        self.ca = str(ca)
        self.env = {**os.environ, "NEXUS_LOG": "fd@1", "NEXUS_ADMIN": str(self.admin_path), "NEXUS_HOST": "localhost",
                    "NEXUS_MAXCONN": "500", "NEXUS_PUBLIC_URL": "https://localhost",
                    "NEXUS_BIND": f"127.0.0.1:{self.port}", "NEXUS_BIND_HTTP": f"127.0.0.1:{free_port()}",
                    "NEXUS_CERT": str(bundle), "NEXUS_CA": str(ca), "NEXUS_WEB1": web1, "NEXUS_WEB2": web2}
        self.url = f"https://localhost:{self.port}"

    def check(self):
        return subprocess.run(["haproxy", "-c", "-dW", "-f", str(CONFIG)], env=self.env, capture_output=True,
                              text=True, check=False)

    @contextlib.contextmanager
    def running(self):
        with self.log_path.open("w") as log:
            process = subprocess.Popen(["haproxy", "-db", "-f", str(CONFIG)], env=self.env, stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: self.up(process), 20, "both hosts to be up")
            yield self
        finally:
            process.terminate()
            process.wait(20)

    def up(self, process):
        assert process.poll() is None, self.log_path.read_text()
        return set(self.states().values()) == {"UP"}

    def admin(self, command):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(5)
            peer.connect(str(self.admin_path))
            peer.sendall(command.encode() + b"\n")
            answer = b""
            while piece := peer.recv(65536):
                answer += piece
            return answer.decode()

    def states(self):
        """{server: UP, DOWN, DRAIN...}"""
        rows = [row.split(",") for row in self.admin("show stat").splitlines() if row.startswith("nexus,")]
        return {row[1]: row[17] for row in rows if row[1].startswith("web")}

    def get(self, path, **kwargs):
        with requests.Session() as session:
            session.trust_env, session.verify = False, self.ca
            return session.request(kwargs.pop("method", "GET"), self.url + path, timeout=30, **kwargs)


@pytest.fixture
def hosts(short_path):
    """Two Nginx hosts, whose workers are always ready, and a balancer before them."""
    with running_edge(short_path / "a") as first, running_edge(short_path / "b") as second:
        bundle = short_path / "ca.pem"
        bundle.write_text(first.ca.read_text() + second.ca.read_text())
        balancer = Balancer(short_path, first.ca, bundle, f"unix@{first.proxy_socket}", f"unix@{second.proxy_socket}")
        with balancer.running():
            yield balancer, first, second


def requests_of(edge):
    return [params for params, _, _ in edge.worker.seen if params["REQUEST_URI"] != "/readyz"]


def test_configuration_is_valid(short_path, hosts):
    done = hosts[0].check()
    assert done.returncode == 0 and "WARNING" not in done.stdout + done.stderr, done.stderr


def test_one_id_and_the_true_address_all_the_way(hosts):
    balancer, first, second = hosts
    response = balancer.get("/v1/x?secret=1", headers={"X-Forwarded-For": "6.6.6.6", "X-Request-Id": "f" * 32,
                                                       "Forwarded": "for=6.6.6.6"})
    assert response.status_code == 200
    params = (requests_of(first) + requests_of(second))[0]
    identity = response.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", identity) and identity != "f" * 32
    assert params["REQUEST_ID"] == identity and params["REMOTE_ADDR"] == "127.0.0.1"
    assert "6.6.6.6" not in str(params)
    entries = wait_until(lambda: [json.loads(text[text.index("{"):]) for text in balancer.log_path.read_text().splitlines()
                                  if identity in text], 5, "a log line")
    assert entries[0]["path"] == "/v1/x" and entries[0]["status"] == 200

    def logged():
        return [entry for edge in (first, second) for entry in edge.log_lines() if entry["request_id"] == identity]

    wait_until(lambda: len(logged()) == 1, 5, "one line in the log of one Nginx")


def test_a_host_that_vanishes_costs_no_read(hosts):
    balancer, first, _ = hosts
    statuses, done = [], threading.Event()

    def load():
        while not done.is_set():
            statuses.append(balancer.get("/v1/x").status_code)

    clients = [threading.Thread(target=load) for _ in range(4)]
    for client in clients:
        client.start()
    wait_until(lambda: len(statuses) > 20, 20, "some load")
    first.kill()
    wait_until(lambda: balancer.states()["web1"].startswith("DOWN"), 15, "the balancer to notice")
    seen = len(statuses)
    wait_until(lambda: len(statuses) > seen + 20, 20, "more load")
    done.set()
    for client in clients:
        client.join()
    assert set(statuses) == {200}


def test_draining_keeps_what_is_under_way(hosts):
    balancer, first, second = hosts
    balancer.admin("set server nexus/web1 state drain")
    wait_until(lambda: balancer.states()["web1"].startswith("DRAIN"), 10, "web1 to drain")
    before = len(requests_of(first))
    for _ in range(6):
        assert balancer.get("/v1/x").status_code == 200
    assert len(requests_of(first)) == before and len(requests_of(second)) >= 6
    balancer.admin("set server nexus/web1 state ready")
    wait_until(lambda: balancer.states()["web1"] == "UP", 10, "web1 to be back")


def test_a_host_that_is_not_ready_gets_nothing(hosts):
    balancer, first, second = hosts
    for edge in (first, second):
        edge.worker.answer = lambda params, body: (503, {"Content-Type": "application/problem+json"}, b"{}")
    wait_until(lambda: all(state.startswith("DOWN") for state in balancer.states().values()), 15, "both to be down")
    response = balancer.get("/v1/x")
    problem = response.json()
    assert response.status_code == problem["status"] == 503 and problem["code"] == "unavailable"
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "https://localhost/problems/unavailable"
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["x-request-id"] == problem["request_id"]


def test_before_the_real_stack(stack, short_path):
    proxy = f"unix@{stack.run_dir.resolve()}/sock/edge.sock"
    balancer = Balancer(short_path, stack.ca.with_name("server.pem"), stack.ca, proxy, proxy)
    with balancer.running():
        assert balancer.get("/healthz").status_code == 200
        missing = balancer.get("/v1/no-such-thing")
        assert missing.status_code == 404 and missing.json()["request_id"] == missing.headers["x-request-id"]
        assert balancer.get("/v1/properties?limit=1").status_code == 200
