"""The supervisor and its workers: what happens to processes, sockets and signals.

The program under test is api_fixture: the whole of nexus-api around a service that sleeps, crashes or leaks when told
to, so that no database is needed and every fault can be had at will. Nothing here waits for a fixed time.
"""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import fcgi
from stack import TOP, children, title, wait_until

BUILD = pathlib.Path(os.environ.get("NEXUS_BUILD_DIR") or TOP / "build")
FIXTURE = BUILD / "src" / "api" / "api_fixture"


@pytest.fixture(scope="module")
def program():
    done = subprocess.run(["make", "-C", str(BUILD), "src/api/api_fixture"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return FIXTURE


class Pool:
    """One nexus-api (fixture) with its own socket, configuration and log."""

    def __init__(self, folder, program):
        self.folder, self.program = folder, program
        self.socket = folder / "api.sock"
        self.conf = folder / "nexus.conf"
        self.log_file = folder / "log"
        self.options = {"listen": self.socket, "metrics_listen": "", "workers": 2}
        self.process = None

    def configure(self, **options):
        self.options.update(options)
        text = "".join(f"{name} = {value}\n" for name, value in self.options.items() if value is not None)
        new = self.folder / "nexus.conf.new"
        new.write_text(text)
        new.rename(self.conf)

    def start(self, env=None, wait=True, **kwargs):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([str(self.program), "-c", str(self.conf)], stderr=log,
                                            stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, **kwargs)
        if wait:
            self.wait_log("ready")
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(10)

    def signal(self, number):
        self.process.send_signal(number)

    def workers(self):
        return [pid for pid in children(self.process.pid) if title(pid).startswith("nexus-api: worker")]

    def logs(self, message=None):
        text = self.log_file.read_text()  # its last line may be in the making
        lines = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines() if line.startswith("{")]
        return [line for line in lines if message is None or line["message"] == message]

    def wait_log(self, message, count=1, deadline=10.0):
        return wait_until(lambda: len(self.logs(message)) >= count and self.logs(message), deadline,
                          f"{count} x '{message}' in the log")

    def call(self, query="", **kwargs):
        status, _, body = fcgi.call(self.socket, query, **kwargs)
        pid, version, served = body.split()
        return status, int(pid), version.decode(), int(served)

    def reload(self):
        """SIGHUP, and wait until the next generation serves and the old workers are gone."""
        before = len(self.logs("ready"))
        old = self.workers()
        self.signal(signal.SIGHUP)
        self.wait_log("ready", before + 1)
        wait_until(lambda: not set(old) & set(self.workers()), what="old workers to end")


@pytest.fixture
def pool(tmp_path, program):
    # Unix socket paths are short: not every tmp_path fits.
    folder = pathlib.Path("/tmp") / f"nexus-pool-{os.getpid()}-{time.monotonic_ns() % 1000000}"
    folder.mkdir()
    made = Pool(folder, program)
    made.configure()
    yield made
    made.stop()
    shutil.rmtree(folder)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def scrape(port, request="GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"):
    with socket.create_connection(("127.0.0.1", port), 5) as peer:
        peer.sendall(request.encode())
        head, _, body = fcgi.read_all(peer).partition(b"\r\n\r\n")
    return head.decode(), body.decode()


def metric(port, name):
    for line in scrape(port)[1].splitlines():
        if line.rsplit(" ", 1)[0] == name:
            return float(line.rsplit(" ", 1)[1])
    return 0.0


class Load:
    """Clients that call again and again; every failure is kept."""

    def __init__(self, pool, clients=4, query="sleep=1"):
        self.pool, self.query, self.clients = pool, query, clients
        self.ending = threading.Event()
        self.done, self.failures = 0, []

    def client(self):
        while not self.ending.is_set():
            try:
                status = self.pool.call(self.query)[0]
                assert status == 200
                self.done += 1
            except Exception as error:  # whatever went wrong is the finding
                self.failures.append(repr(error))

    def __enter__(self):
        self.threads = [threading.Thread(target=self.client) for _ in range(self.clients)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()


# --- the command line

@pytest.mark.parametrize("arguments, code, says", [
    (["--version"], 0, "nexus-api "),
    (["--help"], 0, "Usage: nexus-api"),
    (["--chek"], 2, "did you mean --check?"),
    (["serve"], 2, 'unknown argument "serve"'),
    (["-c"], 2, "needs a value"),
    (["--check=yes"], 2, "unknown argument"),
    (["--check", "-c", "/nonexistent"], 1, "/nonexistent"),
])
def test_command_line(program, arguments, code, says):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert says in done.stdout + done.stderr
    assert (done.stdout if code else done.stderr) == ""


@pytest.mark.parametrize("line, says", [
    ("workerz = 3", "nexus.conf:1"),
    ("workers = many", "nexus.conf:1"),
    ("log_level = loud", "log_level"),
    ("secret_file = /nonexistent/secret", "/nonexistent/secret"),
])
def test_check_names_what_is_wrong_in_one_line(pool, line, says):
    pool.conf.write_text(line + "\n")
    for action in (["--check"], []):
        done = subprocess.run([pool.program, *action, "-c", pool.conf], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert says in done.stderr and done.stderr.count("\n") == 1


def test_start_that_fails_leaves_no_socket(pool):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        pool.configure(metrics_listen="127.0.0.1:%d" % taken.getsockname()[1])
        done = subprocess.run([pool.program, "-c", pool.conf], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Address already in use" in done.stderr
    assert not pool.socket.exists()


def test_four_workers_a_core_unless_told_otherwise(pool):
    pool.configure(workers=0)
    pool.start()
    pool.signal(signal.SIGUSR1)
    status = pool.wait_log("status")[0]
    assert status["workers"] == status["ready"] == len(pool.workers()) == 4 * len(os.sched_getaffinity(0))


def test_titles_show_who_is_who(pool):
    pool.start()
    assert title(pool.process.pid) == "nexus-api: supervisor"
    assert sorted(map(title, pool.workers())) == ["nexus-api: worker 1", "nexus-api: worker 2"]


# --- life of a worker

def test_dead_worker_is_replaced_within_100_ms(pool):
    pool.start()
    times = []
    for _ in range(5):
        time_alive = time.monotonic()
        wait_until(lambda: time.monotonic() - time_alive > 1.1)  # older than what counts as a quick death
        before = set(pool.workers())
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        start = time.monotonic()
        wait_until(lambda: len(set(pool.workers()) - {victim}) == 2, 5, pause=0.001)
        times.append(time.monotonic() - start)
    assert min(times) < 0.1  # a loaded machine may spoil the others
    assert pool.logs("worker died")[0]["how"] == "signal 9 (Killed)"


def test_crash_costs_the_request_that_caused_it(pool):
    pool.start()
    with pytest.raises(fcgi.Broken):
        pool.call("crash")
    assert pool.wait_log("worker died")[0]["how"] == "signal 6 (Aborted)"
    wait_until(lambda: len(pool.workers()) == 2)
    assert pool.call()[0] == 200


def test_crash_loop_is_slowed_down(pool):
    pool.configure(workers=1)
    refuse = pool.folder / "refuse"
    pool.start(env={"FIXTURE_REFUSE": str(refuse)})
    refuse.touch()
    os.kill(pool.workers()[0], signal.SIGKILL)
    deaths = pool.wait_log("worker died", 6, 15)
    waits = [line["next_in_ms"] for line in deaths]
    assert waits[0] == 0 and waits[5] > waits[3] > waits[2] > 50
    assert "told to refuse" in pool.logs("worker cannot start")[0]["reason"]
    refuse.unlink()
    wait_until(lambda: pool.call()[0] == 200, 15)


def test_stopped_worker_in_a_request_is_killed_at_the_deadline(pool):
    pool.configure(request_deadline="400ms")
    pool.start()
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        hanging = executor.submit(fcgi.call, pool.socket, "spin")
        line = pool.wait_log("worker is stuck and gets killed")[0]
        with pytest.raises(fcgi.Broken):
            hanging.result()
    assert line["op"] == "fixture_do" and line["state"] == "busy" and 400 <= line["stuck_ms"] < 1500
    wait_until(lambda: len(pool.workers()) == 2)
    assert pool.call()[0] == 200


def test_worker_frozen_by_sigstop_is_killed_busy_or_idle(pool):
    pool.configure(request_deadline="400ms")
    pool.start()
    frozen = pool.workers()
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    pool.wait_log("worker is stuck and gets killed", 2, 20)
    wait_until(lambda: len(set(pool.workers()) - set(frozen)) == 2)
    assert pool.call()[0] == 200


def test_worker_retires_after_its_share_of_requests(pool):
    port = free_port()
    pool.configure(workers=1, worker_max_requests=20, metrics_listen=f"127.0.0.1:{port}")
    pool.start()
    shares = {}
    for _ in range(100):
        status, pid, _, served = pool.call()
        assert status == 200
        shares[pid] = served
    assert len(shares) >= 4
    assert all(18 <= share <= 22 for share in list(shares.values())[:-1])
    assert pool.logs("worker died") == []
    recycles = metric(port, "nexus_worker_recycles_total")
    assert recycles in (len(shares) - 1, len(shares))  # the last request may have been the last one's share
    assert metric(port, 'nexus_http_requests_total{op="fixture_do",code="200"}') == 100


def test_worker_retires_when_it_has_grown(pool):
    pool.configure(workers=1, worker_max_growth="8MiB")
    pool.start()
    first = pool.call()[1]
    pids = {pool.call("leak=65536")[1] for _ in range(300)}
    assert len(pids) == 2 and first in pids
    assert pool.logs("worker has grown and retires")[0]["grown_bytes"] > 8 << 20


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGPIPE])
def test_stray_signals_do_not_disturb_a_request(pool, number):
    pool.configure(workers=1)
    pool.start()
    pid = pool.call()[1]
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        running = executor.submit(pool.call, "sleep=100")
        while not running.done():
            os.kill(pid, number)
        assert running.result()[:2] == (200, pid)
    assert pool.call()[1] == pid


# --- bad peers

def half_open(peer):
    peer.sendall(fcgi.begin())
    peer.shutdown(socket.SHUT_WR)


BAD_PEERS = {
    "silent": lambda peer: None,
    "half open": half_open,
    "two bytes": lambda peer: peer.sendall(b"\x01\x01"),
    "begin only": lambda peer: peer.sendall(fcgi.begin()),
    "params without end": lambda peer: peer.sendall(fcgi.begin() + fcgi.record(fcgi.PARAMS, b"\x0e\x01REQ")),
    "version 9": lambda peer: peer.sendall(fcgi.record(fcgi.BEGIN_REQUEST, b"\0\1\0\0\0\0\0\0", version=9)),
    "unknown type": lambda peer: peer.sendall(fcgi.record(200, b"x" * 64)),
    "abort": lambda peer: peer.sendall(fcgi.begin() + fcgi.record(fcgi.ABORT_REQUEST)),
    "two begins": lambda peer: peer.sendall(fcgi.begin() + fcgi.begin()),
    "length lies": lambda peer: peer.sendall(fcgi.begin() + fcgi.record(fcgi.PARAMS, b"\x01\x01ab", length=60000)),
    "huge name": lambda peer: peer.sendall(
        fcgi.begin() + fcgi.record(fcgi.PARAMS, b"\x90\0\0\0\x90\0\0\0" + b"x" * 100)),
    "get values": lambda peer: peer.sendall(
        fcgi.record(fcgi.GET_VALUES, fcgi.pairs({"FCGI_MAX_CONNS": ""}), request_id=0)),
    "http": lambda peer: peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "random": lambda peer: peer.sendall(os.urandom(4096)),
    "authorizer": lambda peer: peer.sendall(fcgi.begin(fcgi.AUTHORIZER) + fcgi.stream(fcgi.PARAMS, b"")
                                            + fcgi.record(fcgi.STDIN)),
}


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.mark.parametrize("name", BAD_PEERS)
def test_bad_peer_is_dropped_and_the_worker_goes_on(pool, name):
    pool.configure(workers=1, read_timeout="200ms")
    pool.start()
    files, pid = open_files(pool.workers()[0]), pool.call()[1]
    with fcgi.connect(pool.socket) as peer:
        with contextlib.suppress(ConnectionError):
            BAD_PEERS[name](peer)
        start = time.monotonic()
        ends = [content[4] for kind, content in fcgi.parse(fcgi.read_all(peer)) if kind == fcgi.END_REQUEST]
        assert fcgi.REQUEST_COMPLETE not in ends
        assert time.monotonic() - start < 2
    assert pool.call()[1] == pid
    wait_until(lambda: open_files(pid) == files)


@pytest.mark.parametrize("name", BAD_PEERS)
def test_peer_that_is_gone_at_once(pool, name):
    pool.configure(workers=1, read_timeout="200ms")
    pool.start()
    files, pid = open_files(pool.workers()[0]), pool.call()[1]
    for _ in range(20):
        with fcgi.connect(pool.socket) as peer, contextlib.suppress(ConnectionError):
            BAD_PEERS[name](peer)
    assert pool.call()[1] == pid
    wait_until(lambda: open_files(pid) == files)


def test_peer_that_goes_away_before_the_answer(pool):
    pool.configure(workers=1)
    pool.start()
    pid = pool.call()[1]
    for _ in range(20):
        with fcgi.connect(pool.socket) as peer:
            peer.sendall(fcgi.request_bytes("sleep=5"))
    assert pool.call()[1] == pid


def test_keep_connection_is_not_honoured(pool):
    """A kept connection would pin the worker."""
    pool.configure(workers=1)
    pool.start()
    status, *_ = fcgi.call(pool.socket, flags=fcgi.KEEP_CONN)  # reads until the worker closes
    assert status == 200


def test_running_out_of_descriptors_is_survived(pool):
    port = free_port()
    pool.configure(workers=1, metrics_listen=f"127.0.0.1:{port}")
    pool.start()
    pid = pool.workers()[0]
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
    pool.call()  # the accept that was under way already has its descriptor
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(pool.call)
        line = pool.wait_log("cannot accept connections, waiting")[0]
        wait_until(lambda: metric(port, "nexus_accept_errors_total") >= 3)
        assert not waiting.done()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        assert waiting.result()[:2] == (200, pid)
    assert line["reason"] == "Too many open files"


# --- the end

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_lets_requests_finish(pool, number):
    pool.start()
    with concurrent.futures.ThreadPoolExecutor(6) as executor:
        running = [executor.submit(pool.call, "sleep=300") for _ in range(6)]  # two are served, four wait
        wait_until(lambda: connections(pool.socket) == 6)
        pool.signal(number)
        assert [r.result()[0] for r in running] == [200] * 6
    assert pool.process.wait(10) == 0
    assert not pool.socket.exists()
    assert pool.logs()[-1]["message"] == "stopped"


def connections(path):
    """Connections to a Unix socket, accepted or waiting."""
    rows = pathlib.Path("/proc/net/unix").read_text().splitlines()
    return sum(row.endswith(f" {path}") for row in rows) - 1  # one is the listening socket


def test_drain_has_a_limit(pool):
    pool.configure(drain_timeout="300ms")
    pool.start()
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        hanging = executor.submit(fcgi.call, pool.socket, "spin")
        wait_until(lambda: busy(pool))
        pool.signal(signal.SIGTERM)
        assert pool.process.wait(10) == 0
        with pytest.raises(fcgi.Broken):
            hanging.result()
    assert len(pool.logs("process did not end in time and gets killed")) == 1


def busy(pool):
    """Some worker sleeps in its request: in nanosleep, not in accept."""
    def wchan(pid):
        with contextlib.suppress(OSError):
            return pathlib.Path(f"/proc/{pid}/syscall").read_text().split()[0]
        return ""
    return any(wchan(pid) in ("35", "230") for pid in pool.workers())  # nanosleep, clock_nanosleep


def test_second_sigterm_is_hard(pool):
    pool.start()
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        hanging = executor.submit(fcgi.call, pool.socket, "spin")
        wait_until(lambda: busy(pool))
        pool.signal(signal.SIGTERM)
        pool.wait_log("stopping")
        pool.signal(signal.SIGTERM)
        assert pool.process.wait(5) == 0
        with pytest.raises(fcgi.Broken):
            hanging.result()
    assert pool.logs("stopping at once")


def test_no_worker_outlives_its_supervisor(pool):
    port = free_port()
    pool.configure(metrics_listen=f"127.0.0.1:{port}")
    pool.start()
    all_children = children(pool.process.pid)
    assert len(all_children) == 4  # two workers, metrics, the tracker
    pool.process.kill()
    pool.process.wait()
    wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() and title(pid) for pid in all_children), 5)
    pool.start(wait=False)  # the stale socket is no obstacle
    pool.wait_log("ready", 2)
    assert pool.call()[0] == 200


def test_a_live_socket_is_not_stolen(pool):
    pool.start()
    done = subprocess.run([pool.program, "-c", pool.conf], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "another process is listening" in done.stderr
    assert pool.call()[0] == 200


# --- generations

def test_reload_takes_new_configuration(pool):
    pool.start()
    supervisor = pool.process.pid
    pool.configure(workers=3)
    pool.reload()
    assert len(pool.workers()) == 3 and pool.process.poll() is None
    assert pool.logs("ready")[-1]["generation"] == 2 and pool.logs("ready")[-1]["pid"] == supervisor


def test_fifty_reloads_under_load_fail_no_request(pool):
    pool.start()
    files = open_files(pool.process.pid)
    with Load(pool) as load:
        for n in range(50):
            pool.signal(signal.SIGHUP)
            pool.wait_log("ready", n + 2, 20)
        wait_until(lambda: len(pool.workers()) == 2, what="old generations to end")
    assert load.failures == []
    assert load.done > 500
    assert pool.logs("worker died") == []
    assert pool.logs("ready")[-1]["generation"] == 51
    assert open_files(pool.process.pid) == files


def test_a_burst_of_reloads_is_one_or_two(pool):
    pool.start()
    with Load(pool) as load:
        for _ in range(50):
            pool.signal(signal.SIGHUP)
        pool.wait_log("ready", 2)
        wait_until(lambda: len(pool.workers()) == 2, what="old generations to end")
    assert load.failures == []
    assert 2 <= pool.logs("ready")[-1]["generation"] < 20


@pytest.mark.parametrize("spoil", ["configuration", "program", "secret"])
def test_bad_reload_changes_nothing(pool, spoil):
    pool.program = shutil.copy(pool.program, pool.folder / "nexus-api")
    pool.start()
    before = pool.workers()
    with Load(pool) as load:
        if spoil == "configuration":
            pool.conf.write_text("workerz = 3\n")
        elif spoil == "secret":
            pool.configure(secret_file="/nonexistent/secret")
        else:
            (pool.folder / "new").write_text("not a program")
            (pool.folder / "new").rename(pool.program)
        pool.signal(signal.SIGHUP)
        line = pool.wait_log("reload refused, nothing has changed")[0]
    says = {"configuration": "workerz", "secret": "/nonexistent/secret", "program": "Permission denied"}
    assert says[spoil] in line["reason"]
    assert load.failures == [] and load.done > 0
    assert pool.workers() == before


def test_stop_during_a_check_that_hangs(pool):
    pool.program = shutil.copy(pool.program, pool.folder / "nexus-api")
    pool.start()
    (pool.folder / "new").write_text("#!/bin/sh\nexec sleep 1000\n")
    (pool.folder / "new").chmod(0o755)
    (pool.folder / "new").rename(pool.program)
    pool.signal(signal.SIGHUP)
    wait_until(lambda: "sleep 1000" in map(title, children(pool.process.pid)))
    assert pool.call()[0] == 200
    pool.signal(signal.SIGTERM)
    assert pool.process.wait(5) == 0


def test_settings_that_need_a_restart_are_named(pool):
    pool.start()
    pool.configure(listen=pool.folder / "other.sock")
    pool.reload()
    assert pool.logs("this setting needs a restart")[0]["option"] == "listen"
    assert pool.call()[0] == 200


def test_reload_cures_a_generation_that_cannot_start(pool):
    refuse = pool.folder / "refuse"
    pool.program = shutil.copy(pool.program, pool.folder / "nexus-api")
    pool.start(env={"FIXTURE_REFUSE": str(refuse)})
    before = pool.workers()
    refuse.touch()
    pool.signal(signal.SIGHUP)
    pool.wait_log("worker cannot start", 2)
    cured = pathlib.Path(pool.program).read_bytes().replace(b"FIXTURE_REFUSE", b"FIXTURE_OBEYED")
    (pool.folder / "new").write_bytes(cured)
    (pool.folder / "new").chmod(0o755)
    (pool.folder / "new").rename(pool.program)
    pool.signal(signal.SIGHUP)  # followed once the generation has had its time
    with Load(pool) as load:
        ready = pool.wait_log("ready", 2, 30)
        wait_until(lambda: not set(before) & set(pool.workers()), what="old workers to end")
    assert ready[-1]["generation"] == 3
    assert load.failures == []


def test_new_program_is_picked_up(pool):
    original = pool.program
    pool.program = shutil.copy(original, pool.folder / "nexus-api")
    pool.start()
    assert pool.call()[2] == "fixture-version-1"
    new = pool.folder / "new"
    new.write_bytes(pathlib.Path(original).read_bytes().replace(b"fixture-version-1", b"fixture-version-2"))
    new.chmod(0o755)
    new.rename(pool.program)
    with Load(pool) as load:
        pool.reload()
    assert load.failures == []
    assert pool.call()[2] == "fixture-version-2"


def test_generation_that_cannot_start_leaves_the_old_one_serving(pool):
    refuse = pool.folder / "refuse"
    pool.start(env={"FIXTURE_REFUSE": str(refuse)})
    before = pool.workers()
    refuse.touch()
    with Load(pool) as load:
        pool.signal(signal.SIGHUP)
        pool.wait_log("worker cannot start", 4)
        assert set(before) <= set(pool.workers())
        assert len(pool.logs("ready")) == 1
        refuse.unlink()
        pool.wait_log("ready", 2, 20)
        wait_until(lambda: not set(before) & set(pool.workers()), what="old workers to end")
    assert load.failures == []


def test_counters_survive_a_reload(pool):
    port = free_port()
    pool.configure(metrics_listen=f"127.0.0.1:{port}")
    pool.start()
    for _ in range(7):
        pool.call()
    pool.reload()
    pool.call()
    assert metric(port, 'nexus_http_requests_total{op="fixture_do",code="200"}') == 8
    assert metric(port, "nexus_reloads_total") == 1 and metric(port, "nexus_generation") == 2


def test_drain_during_a_reload_finishes_the_request(pool):
    pool.configure(workers=1)
    pool.start()
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        running = executor.submit(pool.call, "sleep=600")
        wait_until(lambda: busy(pool))
        pool.signal(signal.SIGHUP)
        pool.wait_log("ready", 2)
        new = pool.call()[1]
        assert running.result()[0] == 200 and running.result()[1] != new


def test_worker_killed_under_load_costs_at_most_its_own_request(pool):
    pool.configure(workers=4)
    pool.start()
    kills = 20
    with Load(pool, clients=8) as load:
        for _ in range(kills):
            victims = wait_until(lambda: len(pool.workers()) == 4 and pool.workers(), 20)
            done = load.done
            os.kill(victims[0], signal.SIGKILL)
            wait_until(lambda: load.done > done + 50, 20)
    assert len(load.failures) <= kills


# --- systemd

def listening(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind(str(path))
    s.listen(64)
    return s


def start_activated(pool, sockets, names):
    """As systemd does: descriptors from 3 on, LISTEN_PID set in the process that becomes the program."""
    def prepare():
        fds = [s.fileno() for s in sockets]
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i, inheritable=True)
        os.closerange(3 + len(high), 200)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)), LISTEN_FDNAMES=names)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(os.open(pool.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), 2)
            prepare()
            os.execv(str(pool.program), [str(pool.program), "-c", str(pool.conf)])
        finally:
            os._exit(127)
    os.close(read)
    os.close(write)
    return pid


def test_socket_activation_and_restart_refuse_nobody(pool):
    pool.configure(listen="/nonexistent/unused.sock")
    activated = listening(pool.socket)
    port = free_port()
    metrics = socket.create_server(("127.0.0.1", port))
    pids = []
    for n in range(3):
        pids.append(start_activated(pool, [activated, metrics], "nexus-api.socket:metrics"))
        pool.wait_log("ready", 2 * n + 1)
        status, worker, *_ = pool.call()
        assert status == 200 and worker != pids[-1]
        assert "nexus_build_info" in scrape(port)[1]
        with concurrent.futures.ThreadPoolExecutor(4) as executor:
            running = [executor.submit(pool.call, "sleep=50") for _ in range(4)]
            os.kill(pids[-1], signal.SIGTERM)
            assert os.waitpid(pids[-1], 0)[1] == 0
            if n < 2:
                continue_with = start_activated(pool, [activated, metrics], "nexus-api.socket:metrics")
                assert [r.result()[0] for r in running] == [200] * 4
                pool.wait_log("ready", 2 * n + 2)  # the one before may have answered all four
                os.kill(continue_with, signal.SIGTERM)
                assert os.waitpid(continue_with, 0)[1] == 0
            else:
                activated.close()
    assert pool.socket.exists()  # not ours to remove


@contextlib.contextmanager
def notify_socket(folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(folder / "notify"))
        s.settimeout(10)
        yield s


def next_message(s, wanted):
    """The next datagram that has a line starting with `wanted`, as a dict."""
    while True:
        fields = dict(line.split("=", 1) for line in s.recv(4096).decode().split("\n"))
        if wanted in fields:
            return fields


def test_systemd_is_told(pool):
    with notify_socket(pool.folder) as s:
        pool.start(env={"NOTIFY_SOCKET": str(pool.folder / "notify"), "WATCHDOG_USEC": "400000"})
        assert next_message(s, "READY") == {"READY": "1"}
        assert re.fullmatch(r"generation 1: 2 of 2 workers ready, 0 of earlier .*", next_message(s, "STATUS")["STATUS"])
        assert next_message(s, "WATCHDOG") == {"WATCHDOG": "1"}
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        pool.signal(signal.SIGHUP)
        reloading = next_message(s, "RELOADING")
        assert reloading["RELOADING"] == "1"
        assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        next_message(s, "READY")
        pool.conf.write_text("nonsense\n")
        pool.signal(signal.SIGHUP)
        next_message(s, "RELOADING")
        next_message(s, "READY")
        pool.signal(signal.SIGTERM)
        next_message(s, "STOPPING")
        pool.process.wait(10)


def test_watchdog_is_not_fed_when_no_worker_makes_progress(pool):
    pool.configure(workers=1)
    refuse = pool.folder / "refuse"
    with notify_socket(pool.folder) as s:
        pool.start(env={"NOTIFY_SOCKET": str(pool.folder / "notify"), "WATCHDOG_USEC": "200000",
                        "FIXTURE_REFUSE": str(refuse)})
        next_message(s, "WATCHDOG")
        refuse.touch()
        os.kill(pool.workers()[0], signal.SIGKILL)
        pool.wait_log("worker cannot start", 2)
        s.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                s.recv(4096)
        s.settimeout(1)
        with pytest.raises(TimeoutError):
            next_message(s, "WATCHDOG")


# --- metrics

def test_metrics_are_well_formed(pool):
    port = free_port()
    pool.configure(metrics_listen=f"127.0.0.1:{port}")
    pool.start()
    for _ in range(3):
        pool.call("sleep=3")
    head, body = scrape(port)
    assert head.startswith("HTTP/1.1 200 OK") and "Content-Type: text/plain; version=0.0.4" in head
    typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", body, re.M))
    helped = set(re.findall(r"^# HELP (\S+) \S", body, re.M))
    assert set(typed) == helped
    for line in body.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r'(\w+)(\{(?:\w+="[^"]*",?)+\})? (\S+)', line).groups()
        family = name if name in typed else re.sub(r"_(bucket|sum|count)$", "", name)
        assert family in typed
        assert (typed[family] == "counter") == name.endswith("_total")
        assert float(value) >= 0
    buckets = [float(v) for v in re.findall(r'_bucket\{op="fixture_do",le="[^"]+"\} (\S+)', body)]
    assert buckets == sorted(buckets) and buckets[-1] == 3
    assert metric(port, 'nexus_http_request_duration_seconds_count{op="fixture_do"}') == 3
    assert 0.009 <= metric(port, 'nexus_http_request_duration_seconds_sum{op="fixture_do"}') < 3
    promtool = shutil.which("promtool")
    if promtool:
        done = subprocess.run([promtool, "check", "metrics"], input=body, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("request_text, code", [
    ("GET / HTTP/1.1\r\n\r\n", 404),
    ("POST /metrics HTTP/1.1\r\n\r\n", 405),
    ("HEAD /metrics HTTP/1.0\r\n\r\n", 200),
    ("GET /metrics?x=1 HTTP/1.1\r\n\r\n", 200),
    ("GET /metrics\r\n\r\n", 400),
    ("\r\n\r\n", 408),
    ("x" * 9000 + "\r\n\r\n", 408),
])
def test_metrics_answer_only_what_they_should(pool, request_text, code):
    port = free_port()
    pool.configure(metrics_listen=f"127.0.0.1:{port}", workers=1)
    pool.start()
    head, body = scrape(port, request_text)
    assert head.startswith(f"HTTP/1.1 {code} ")
    if request_text.startswith("HEAD"):
        assert body == ""
    elif code != 200:
        assert json.loads(body)["status"] == code and "application/problem+json" in head


def test_metrics_process_is_replaced(pool):
    port = free_port()
    pool.configure(metrics_listen=f"127.0.0.1:{port}", workers=1)
    pool.start()
    victim = next(pid for pid in children(pool.process.pid) if title(pid) == "nexus-api: metrics")
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: "nexus_build_info" in scrape(port)[1])
    assert pool.call()[0] == 200
