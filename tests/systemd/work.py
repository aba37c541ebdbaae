"""Runs as root inside a booted container (tests/test_systemd_work.py): database, mail server and a little Internet are there, and
the services work under their sandboxes, are told to reload, restarted, killed, frozen and stopped. As JSON in /out/result."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zlib

import fcgi
import fetch_world as world
import psycopg2
import smtp
from inside import children, has_secret, is_root, journal, main_pid, show, systemctl, until
from marketplace import PROPERTY, day

GIVEN = json.loads(pathlib.Path("/out/given").read_text())
CONF = pathlib.Path(GIVEN["conf"])
API, JOBS, FETCH, DECODE = SERVICES = ["nexus-api.service", "nexus-jobs.service", "nexus-fetch.service", "nexus-decode.service"]
SOCKETS = ["nexus-api.socket", "nexus-fetch.socket", "nexus-decode.socket"]
INSIDE = "10.9.9.9"
HOOKS, RELEASED = pathlib.Path("/out/hooks"), pathlib.Path("/out/released")
PG = "/usr/lib/postgresql/15/bin"
result = {}


# --- what is around the services

class Site(world.Hostile):
    """https://good.test, on another host: a calendar, receivers of webhooks."""

    def calendar(self, text):
        self.head(200, ("Content-Type", "text/calendar"), ("Content-Length", len(text)))
        self.wfile.write(text.encode())

    def on_calendar(self, _):
        night = lambda offset: day(offset).replace("-", "")
        self.calendar("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Other//EN\r\nBEGIN:VEVENT\r\nUID:a@other\r\n"
                      f"DTSTART;VALUE=DATE:{night(10)}\r\nDTEND;VALUE=DATE:{night(13)}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")

    def on_nonsense(self, _):
        self.calendar("no such.")

    def on_hook(self, _):
        with HOOKS.open("a") as file:
            file.write(json.dumps([self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"]["id"]]) + "\n")
        until(lambda: self.path != "/slow-hook" or RELEASED.exists(), 30)
        self.head(204)

    on_slow_hook = on_hook


def as_user(name, *command):
    return subprocess.run(["setpriv", f"--reuid={name}", f"--regid={name}", "--clear-groups", *command], check=True, text=True,
                          stdout=subprocess.PIPE, cwd="/").stdout


def around():
    """Another host with the one server and the name server, and servers on this one that nobody is to reach from inside."""
    world.run("ip", "addr", "add", f"{INSIDE}/32", "dev", "lo")
    world.up(pathlib.Path("/out"), __file__)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/out/server.pem")
    for address in (INSIDE, "127.0.0.1"):
        threading.Thread(target=world.Server(address, context).serve_forever, daemon=True).start()


def database():
    """As docs/install.md says."""
    as_user("postgres", f"{PG}/initdb", "-N", "-D", "/var/lib/postgresql/15", "--auth-local=peer", "--encoding=UTF8", "--locale=C.UTF-8")
    data, conf = pathlib.Path("/var/lib/postgresql/15"), pathlib.Path(GIVEN["postgresql"])
    for name in ("pg_hba.conf", "pg_ident.conf"):
        (data / name).write_text((conf / name).read_text() + (data / name).read_text())
    assert systemctl("start", "postgresql.service", "redis-server.service").returncode == 0
    for name in ("roles.sql", "database.sql"):
        as_user("postgres", "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", "/run/postgresql", "-d", "postgres", "-f", str(conf / name))


def query(sql, *args):
    with contextlib.closing(psycopg2.connect("host=/run/postgresql dbname=nexus user=nexus_owner")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql, args or None)
            return cursor.fetchall() if cursor.description else []


def call(method, path, body=None, token=None):
    """(status, JSON) of the API."""
    headers = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
    if body is not None:
        headers["CONTENT_TYPE"] = "application/json"
    status, _, answer = fcgi.call("/run/nexus/api.sock", method=method, path=path, body=json.dumps(body).encode() if body is not None else b"",
                                  HTTP_HOST="localhost", HTTPS="on", **headers)
    return status, json.loads(answer or "null")


def made(answer):
    status, body = answer
    assert status in (200, 201, 202), body
    return body


# --- steps

def start():
    result["migrate"] = systemctl("start", "nexus-migrate.service").returncode
    subprocess.run([GIVEN["nexusctl"], "-c", str(CONF / "nexus.conf"), "keys", "generate"], check=True)
    result["start"] = systemctl("start", "nexus.target").returncode
    until(lambda: call("GET", "/readyz")[0] == 200)
    result["ready"] = call("GET", "/readyz")[0]  # nothing else can be tried without
    result["active"] = [show(unit, "ActiveState") for unit in (*SOCKETS, API, JOBS)]
    pids = [main_pid(unit) for unit in (API, JOBS)]
    result["is_root"], result["tells"] = [is_root(pid) for pid in pids], [has_secret(pid, CONF) for pid in pids]


def exposure():
    result["exposure"] = {}
    for unit in (*SERVICES, "nexus-migrate.service"):
        text = subprocess.run(["systemd-analyze", "security", "--no-pager", unit], capture_output=True, text=True, check=False).stdout
        result["exposure"][unit] = float(text.rsplit("exposure level for", 1)[1].split(":")[1].split()[0])


def sandboxes():
    # Where the kernel or the container lets systemd load no filter it says so, and then addresses prove nothing.
    result["firewall"] = "IP firewalling" not in subprocess.run(["journalctl", "--no-pager", "-o", "cat"], capture_output=True, text=True,
                                                                check=False).stdout
    result["sandbox"] = {}
    for unit in SERVICES:
        service = unit.removesuffix(".service")
        result["sandbox"][service] = systemctl("start", f"{service}-sandbox.service").returncode


def sign_up(mailbox):
    email = "host@example.com"
    made(call("POST", "/v1/users", {"email": email, "password": "a long enough password 1", "name": "Host"}))
    until(lambda: mailbox.to(email))
    result["mails"] = len(mailbox.to(email))
    return made(call("POST", "/v1/auth/login", {"email": email, "password": "a long enough password 1"}))["access_token"]


def calendar(token):
    place = made(call("POST", "/v1/properties", PROPERTY, token))["id"]
    state = {}
    for name, url in (("good", "https://good.test/calendar"), ("nonsense", "https://good.test/nonsense"), ("inside", "https://ten.test/calendar")):
        feed = f"/v1/properties/{place}/feeds/" + made(call("POST", f"/v1/properties/{place}/feeds", {"name": name, "url": url}, token))["id"]
        until(lambda path=feed: made(call("GET", path, token=token))["state"] != "new")
        state[name] = made(call("GET", feed, token=token))
    result["feeds"] = {name: [one["state"], one.get("fault"), one.get("detail")] for name, one in state.items()}
    result["imported"] = query("select lower(nights) - current_date, upper(nights) - lower(nights) from occupancy where kind = 'import' order by 1")


def hooked(path):
    return [subject for where, subject in map(json.loads, HOOKS.read_text().splitlines()) if where == path] if HOOKS.exists() else []


def webhooks(token):
    made(call("POST", "/v1/webhook-endpoints", {"url": "https://good.test/hook", "types": ["property.created"]}, token))
    places = [made(call("POST", "/v1/properties", PROPERTY, token))["id"] for _ in range(3)]
    result["webhooks"] = until(lambda: set(places) <= set(hooked("/hook"))) and len(hooked("/hook")) == len(set(hooked("/hook")))
    result["fetch"] = [show(FETCH, "ActiveState"), is_root(main_pid(FETCH))]


def add(first, count, milliseconds):
    query("select job_add('probe', '', jsonb_build_object('number', n, 'sleep_ms', %s::int)) from generate_series(%s::bigint, %s) n",
          milliseconds, first, first + count - 1)


def running():
    return query("select count(*) from jobs where job = 'probe' and leased_until is not null")[0][0]


def over(first, count):
    """[effects, numbers, attempts that were not the first] of probes once none is left."""
    until(lambda: not query("select 1 from jobs where job = 'probe' limit 1"), 40)
    return list(query("select count(*), count(distinct number), count(*) filter (where attempt > 1) from job_probes"
                      " where number between %s and %s", first, first + count - 1)[0])


def workers():
    return children(main_pid(JOBS))


def reload():
    pid, before, states = main_pid(JOBS), workers(), set()
    add(1000, 30, 100)
    until(running)
    reloading = subprocess.Popen(["systemctl", "reload", JOBS])  # comes back when work has ended

    def settled():
        states.add(show(JOBS, "ActiveState"))
        return reloading.poll() is not None
    until(settled)
    until(lambda: len(workers()) == len(before))
    result["reload"] = [reloading.wait(), sorted(states), main_pid(JOBS) == pid, bool(set(workers()) & set(before)), *over(1000, 30)]


def reload_refused():
    settings, before = CONF / "nexus.conf", workers()
    text = settings.read_text()
    settings.write_text(text + "no_such_option = 1\n")
    systemctl("reload", JOBS)
    until(lambda: "no_such_option" in journal(JOBS))
    settings.write_text(text)
    result["refused"] = ["no_such_option" in journal(JOBS), workers() == before, show(JOBS, "ActiveState")]


def restart():
    add(2000, 30, 100)
    until(running)
    result["restart"] = [systemctl("restart", JOBS).returncode, show(JOBS, "ActiveState"), *over(2000, 30)]


def kill_workers():
    before = workers()
    add(3000, 30, 100)
    until(running)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    back = until(lambda: len(workers()) == len(before) and not set(workers()) & set(before))
    query("update jobs set run_at = now() where job = 'probe' and leased_until is null")
    result["killed workers"] = [back, show(JOBS, "NRestarts"), *over_soon(3000, 30)[:2]]


def over_soon(first, count):
    """Attempts that were cut off wait half a minute for their next one; nobody has to wait for that here."""
    def hurried():
        query("update jobs set run_at = now() where job = 'probe' and leased_until is null and run_at > now()")
        return not query("select 1 from jobs where job = 'probe' limit 1")
    until(hurried, 40)
    return over(first, count)


def restarts(unit, number, first):
    """A main process ends by a signal: systemd starts another, and no job is lost."""
    before, pid = int(show(unit, "NRestarts")), main_pid(unit)
    add(first, 20, 50)
    until(running)
    os.kill(pid, number)
    again = until(lambda: int(show(unit, "NRestarts")) == before + 1 and show(unit, "ActiveState") == "active" and main_pid(unit) not in (0, pid))
    return [again, *over_soon(first, 20)[:2]]


def fetcher(token):
    """Killed, it is back and takes calls; restarted, it lets the one under way come to its end."""
    made(call("POST", "/v1/webhook-endpoints", {"url": "https://good.test/slow-hook", "types": ["property.updated"]}, token))
    before, pid = int(show(FETCH, "NRestarts")), main_pid(FETCH)
    os.kill(pid, signal.SIGKILL)
    seen = len(hooked("/hook"))
    place = made(call("POST", "/v1/properties", PROPERTY, token))["id"]
    arrived = until(lambda: len(hooked("/hook")) > seen)
    result["killed fetcher"] = [arrived, int(show(FETCH, "NRestarts")) - before]
    made(call("PATCH", f"/v1/properties/{place}", {"title": "Another title"}, token))
    until(lambda: hooked("/slow-hook"))
    restarting = subprocess.Popen(["systemctl", "restart", FETCH])
    draining = until(lambda: show(FETCH, "ActiveState") == "deactivating")
    RELEASED.touch()
    delivered = lambda: query("select subject::text, attempts from webhook_deliveries where type = 'property.updated' and status = 'delivered'")
    result["restarted fetcher"] = [draining, restarting.wait(30), show(FETCH, "ActiveState"), until(delivered),
                                   delivered() == [(place, 1)], hooked("/slow-hook") == [place]]


def png(width, height):
    """A picture of noise."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + os.urandom(3 * width) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))


def decode(picture):
    """[fault, width, height, variants, bytes] of what nexus-decode answers; src/decode/decode.h says what is sent."""
    with tempfile.TemporaryFile() as file, socket.socket(socket.AF_UNIX) as peer:
        file.write(picture)
        file.flush()
        peer.settimeout(60)
        peer.connect("/run/nexus/decode.sock")
        socket.send_fds(peer, [struct.pack("=IIqq", 0x4e584431, 0, len(picture), 10**7)], [file.fileno()])
        answer = fcgi.read_all(peer)
    _, fault, width, height, count = struct.unpack_from("=IIiiI", answer)
    return [fault, width, height, count, len(answer)]


def decoder():
    """Pictures, before and after it was killed."""
    bomb = png(4, 4).replace(struct.pack(">II", 4, 4), struct.pack(">II", 20000, 20000), 1)
    result["decoded"] = [decode(png(900, 600)), decode(b"GIF89a" + bytes(100)), decode(bomb)]
    before, pid = int(show(DECODE, "NRestarts")), main_pid(DECODE)
    result["decoder"] = [show(DECODE, "ActiveState"), is_root(pid)]
    os.kill(pid, signal.SIGKILL)
    result["decoded again"] = [decode(png(300, 200))[:3], int(show(DECODE, "NRestarts")) - before]


def photo(token):
    """An upload becomes variants: the API writes the file, nexus-jobs has it decoded and puts them in place."""
    place = made(call("POST", "/v1/properties", PROPERTY, token))["id"]
    body = (b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' + png(400, 300)
            + b"\r\n--edge--\r\n")
    status, _, answer = fcgi.call("/run/nexus/api.sock", method="POST", path=f"/v1/properties/{place}/photos", body=body, HTTP_HOST="localhost", HTTPS="on",
                                  HTTP_AUTHORIZATION=f"Bearer {token}", CONTENT_TYPE="multipart/form-data; boundary=edge")
    state = made((status, json.loads(answer)))
    read = lambda: made(call("GET", f"/v1/properties/{place}/photos/{state['id']}", token=token))
    until(lambda: read()["state"] != "processing")
    files = [path for path in pathlib.Path("/var/lib/nexus/photos/public").rglob("*") if path.is_file()]
    result["photo"] = [status, read()["state"], len(read().get("variants", [])), sorted(path.suffix for path in files),
                       {path.stat().st_uid == 0 for path in files} == {False}]


def stop():
    add(6000, 1, 1500)
    until(running)
    began = time.monotonic()
    result["stop"] = systemctl("stop", "nexus.target", *SERVICES, *SOCKETS).returncode
    result["stop_seconds"] = time.monotonic() - began
    result["stop_results"] = [[show(unit, "Result"), show(unit, "ActiveState")] for unit in SERVICES]
    result["drained"] = query("select attempt from job_probes where number = 6000")
    result["sockets"] = sorted(path.name for path in pathlib.Path("/run/nexus").iterdir())


def tell():
    result["journal"] = {unit: journal(unit) for unit in (*SERVICES, *SOCKETS, "nexus-migrate.service")}
    pathlib.Path("/out/result").write_text(json.dumps(result, default=str))


def step(function, *args):
    began = time.monotonic()
    try:
        return function(*args)
    except Exception:  # noqa: BLE001 (told to the tests)
        result.setdefault("broken", {})[function.__name__] = traceback.format_exc()
        return None
    finally:
        print(f"{function.__name__}: {time.monotonic() - began:.1f} s", flush=True)
        tell()


def main():
    step(around)
    step(database)
    with smtp.server() as (port, mailbox):
        settings = CONF / "nexus.conf"
        settings.write_text(settings.read_text() + f"smtp_url = smtp://127.0.0.1:{port}\n")
        step(start)
        token = step(sign_up, mailbox)
        step(calendar, token)
        step(webhooks, token)
        for function in (exposure, sandboxes, reload, reload_refused, restart, kill_workers):
            step(function)
        result["killed"] = step(restarts, JOBS, signal.SIGKILL, 4000)
        result["frozen"] = step(restarts, JOBS, signal.SIGSTOP, 5000)
        step(fetcher, token)
        step(decoder)
        step(photo, token)
        step(stop)
    result["failed"] = systemctl("list-units", "--state=failed", "--plain", "--no-legend", "nexus*").stdout
    tell()


if "--world" in sys.argv:
    world.world(pathlib.Path(sys.argv[2]), Site)
else:
    main()
