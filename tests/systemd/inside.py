"""What probes in a booted container have in common."""
import contextlib
import os
import pathlib
import subprocess
import time


def systemctl(*args):
    return subprocess.run(["systemctl", *args], capture_output=True, text=True, check=False)


def show(unit, name):
    """A property of a unit."""
    return systemctl("show", "--value", "-p", name, unit).stdout.strip()


def main_pid(unit):
    return int(show(unit, "MainPID"))


def until(condition, deadline=20):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def children(pid):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(stat.parent.name))
    return sorted(found)


def is_root(pid):
    return os.stat(f"/proc/{pid}").st_uid == 0


def has_secret(pid, conf):
    """Whether the environment of a process tells the secret."""
    return pathlib.Path(conf, "credentials/secret").read_bytes().strip() in pathlib.Path(f"/proc/{pid}/environ").read_bytes()


def journal(unit):
    return subprocess.run(["journalctl", "--no-pager", "-q", "-o", "cat", "-u", unit], capture_output=True, text=True, check=False).stdout
