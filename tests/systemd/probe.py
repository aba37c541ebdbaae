"""Runs as root inside a booted container (tests/test_systemd_boot.py): what the units do, as JSON in /out/result."""
import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import threading
import time

sys.path.insert(0, "/opt/nexus/tests")
import fcgi  # noqa: E402

SOCKET = "/run/nexus/api.sock"


def systemctl(*args):
    return subprocess.run(["systemctl", *args], capture_output=True, text=True, check=False)


def show(name):
    return systemctl("show", "--value", "-p", name, "nexus-api.service").stdout.strip()


def until(condition, deadline=20):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


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
              "active": [show("ActiveState"), systemctl("is-active", "nexus-api.socket").stdout.strip()]}
    about = os.stat(SOCKET)
    result["socket"] = [oct(stat.S_IMODE(about.st_mode)), about.st_uid != 0]
    result["status_text"] = show("StatusText")
    result["healthz"] = ask()
    pid = show("MainPID")
    environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    secret = pathlib.Path("/etc/nexus/credentials/secret").read_bytes().strip()
    result["secret_in_environment"] = secret in environment
    result["user_is_root"] = os.stat(f"/proc/{pid}").st_uid == 0
    result["reload"] = systemctl("reload", "nexus-api.service").returncode
    until(lambda: "generation 2" in show("StatusText"))
    result["reload_text"], result["same_pid"] = show("StatusText"), show("MainPID") == pid
    result["restart"] = under_load(lambda: systemctl("restart", "nexus-api.service"))
    restarts = int(show("NRestarts"))
    os.kill(int(show("MainPID")), signal.SIGSTOP)
    until(lambda: int(show("NRestarts")) > restarts and show("ActiveState") == "active")
    result["watchdog"] = [int(show("NRestarts")) - restarts, ask()]
    result["sandbox_unit"] = systemctl("start", "nexus-sandbox.service").returncode
    began = time.monotonic()
    result["stop"] = systemctl("stop", "nexus.target", "nexus-api.service", "nexus-api.socket").returncode
    result["stop_seconds"], result["stop_result"] = time.monotonic() - began, show("Result")
    result["journal"] = subprocess.run(["journalctl", "--no-pager", "-u", "nexus-api.service"], capture_output=True,
                                       text=True, check=False).stdout[-4000:]
    pathlib.Path("/out/result").write_text(json.dumps(result))


main()
