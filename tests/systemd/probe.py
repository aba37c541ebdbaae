"""Runs as root inside a booted container (tests/test_systemd_boot.py): what the units do, as JSON in /out/result."""
import json
import os
import pathlib
import signal
import stat
import threading
import time

import fcgi
from inside import has_secret, is_root, journal, main_pid, show, systemctl, until

SOCKET, API = "/run/nexus/api.sock", "nexus-api.service"
CONF = pathlib.Path("/out/conf").read_text()


def ask():
    """HTTP status of /healthz from a worker, or what went wrong."""
    try:
        with fcgi.connect(SOCKET) as peer:
            peer.sendall(fcgi.request_bytes(path="/healthz"))
            return int(fcgi.answer(fcgi.read_all(peer))[0])
    except (OSError, fcgi.Broken) as error:
        return repr(error)


def under_load(action):
    """Run `action` while four clients ask; {answer: count}."""
    answers, done = [], threading.Event()

    def load():
        while not done.is_set():
            answers.append(ask())

    clients = [threading.Thread(target=load) for _ in range(4)]
    for client in clients:
        client.start()
    until(lambda: len(answers) > 20)
    action()
    seen = len(answers)
    until(lambda: len(answers) > seen + 20)
    done.set()
    for client in clients:
        client.join()
    return {str(answer): answers.count(answer) for answer in set(answers)}


def main():
    result = {"start": systemctl("start", "nexus.target").returncode,
              "active": [show(API, "ActiveState"), systemctl("is-active", "nexus-api.socket").stdout.strip()]}
    about = os.stat(SOCKET)
    result["socket"] = [oct(stat.S_IMODE(about.st_mode)), about.st_uid != 0]
    result["status_text"] = show(API, "StatusText")
    result["healthz"] = ask()
    pid = main_pid(API)
    result["secret_in_environment"], result["user_is_root"] = has_secret(pid, CONF), is_root(pid)
    result["reload"] = systemctl("reload", API).returncode
    until(lambda: "generation 2" in show(API, "StatusText"))
    result["reload_text"], result["same_pid"] = show(API, "StatusText"), main_pid(API) == pid
    result["restart"] = under_load(lambda: systemctl("restart", API))
    restarts = int(show(API, "NRestarts"))
    os.kill(main_pid(API), signal.SIGSTOP)
    until(lambda: int(show(API, "NRestarts")) > restarts and show(API, "ActiveState") == "active")
    result["watchdog"] = [int(show(API, "NRestarts")) - restarts, ask()]
    # Without a database and whatever else it needs nexus-jobs waits, and is well.
    result["jobs"] = [show("nexus-jobs.service", "ActiveState"), show("nexus-jobs.service", "NRestarts")]
    began = time.monotonic()
    result["stop"] = systemctl("stop", "nexus.target", API, "nexus-api.socket").returncode
    result["stop_seconds"], result["stop_result"] = time.monotonic() - began, show(API, "Result")
    result["journal"] = journal(API)[-4000:]
    pathlib.Path("/out/result").write_text(json.dumps(result))


main()
