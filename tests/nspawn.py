"""A real systemd for tests: what `make install` installs is put over this machine's /usr in a container, which is booted and in
which a probe (tests/systemd/) runs as root. What the probe has found out is JSON in /out/result."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from stack import TOP

BUILD = pathlib.Path(os.environ.get("NEXUS_BUILD_DIR") or TOP / "build")
TESTS = "/usr/lib/nexus-tests"
PROBE = """[Unit]
DefaultDependencies=no
Requires=basic.target
After=basic.target
[Service]
Type=oneshot
TimeoutStartSec={seconds}
Environment=PYTHONPATH=/usr/lib/nexus-tests
ExecStart=/usr/bin/python3 /out/probe.py
StandardOutput=append:/out/log
StandardError=append:/out/log
ExecStopPost=/bin/systemctl --no-block exit 0
"""
PASSWD = {"root": (0, "/root"), "daemon": (1, "/"), "www-data": (33, "/"), "postgres": (70, "/var/lib/postgresql"), "redis": (71, "/var/lib/redis"),
          "rabbitmq": (72, "/var/lib/rabbitmq"), "nobody": (65534, "/")}


class Tree:
    """The root of a container: `root` is all but /usr, `dest` what is installed."""

    def __init__(self, folder):
        self.root, self.dest = folder / "root", folder / "dest"
        for name in ("etc/systemd/system", "usr", "var/lib", "tmp", "root/secrets", "out"):
            (self.root / name).mkdir(parents=True)
        for link in ("bin", "sbin", "lib", "lib64"):
            (self.root / link).symlink_to(f"usr/{link}")
        self.install()
        self.accounts()
        (self.root / "out").chmod(0o777)
        (self.root / "etc/machine-id").write_text("")
        (self.root / "etc/os-release").write_text("ID=debian\n")

    def install(self):
        done = subprocess.run(["make", "-s", "-C", str(BUILD), "install", f"DESTDIR={self.dest}"], capture_output=True, text=True, check=False,
                              env={k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")})
        assert done.returncode == 0, done.stdout + done.stderr
        self.units, = (path.parent for path in self.dest.rglob("nexus-api.service"))
        self.conf = pathlib.Path(re.search(r"^ExecStart=.* -c (\S+)/nexus\.conf$", self.unit("nexus-api.service"), re.M)[1])
        self.prefix = pathlib.Path("/") / self.units.relative_to(self.dest).parents[2]
        # What does not go below /usr belongs to the root itself.
        for path in self.dest.iterdir():
            if path.name != "usr":
                shutil.copytree(path, self.root / path.name, symlinks=True, dirs_exist_ok=True)

    def unit(self, name):
        """Text of an installed unit."""
        return (self.units / name).read_text()

    def at(self, path):
        """Where a path of the container is now, while it is made."""
        relative = pathlib.Path(path).relative_to("/")
        return (self.dest if relative.parts[0] == "usr" else self.root) / relative

    def accounts(self):
        rows = sorted(PASSWD.items(), key=lambda one: one[1])
        (self.root / "etc/passwd").write_text("".join(f"{name}:x:{uid}:{uid}::{home}:/usr/sbin/nologin\n" for name, (uid, home) in rows))
        (self.root / "etc/group").write_text("".join(f"{'nogroup' if name == 'nobody' else name}:x:{uid}:\n" for name, (uid, _) in rows))

    def put(self, path, text, mode=0o644):
        where = self.at(path)
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(text)
        where.chmod(mode)

    def settings(self, keys=True, **options):
        self.put(self.conf / "nexus.conf", "".join(f"{name} = {value}\n" for name, value in options.items()))
        self.put(self.conf / "credentials/secret", os.urandom(32).hex(), 0o600)
        folder = self.at(self.conf / "keys")
        if keys:
            folder.mkdir()
            subprocess.run([BUILD / "nexusctl", "keys", "generate"], env={"NEXUS_TOKEN_KEYS": str(folder)}, check=True, capture_output=True)

    def tests(self, *names):
        """Below /usr, where every sandbox sees them."""
        folder = self.at(TESTS)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy2(TOP / "tests" / name, folder)

    def sandbox(self, service):
        """A unit with everything of a service but what it runs: tests/systemd/sandbox.py tries to break out of it."""
        lines = [line for line in self.unit(f"{service}.service").splitlines()
                 if not re.match(r"(Type|NotifyAccess|Exec\w+|Restart\w*|WatchdogSec|Requires|PartOf|After|Wants)=", line)]
        at = lines.index("[Service]") + 1
        self.put(f"/etc/systemd/system/{service}-sandbox.service", "\n".join([
            *lines[:at], "Type=oneshot", f"ExecStart=/usr/bin/python3 {TESTS}/sandbox.py {service} {self.conf}",
            f"StandardOutput=append:/out/{service}-sandbox", f"StandardError=append:/out/{service}-sandbox", *lines[at:], ""]))

    def out(self, name):
        path = self.root / "out" / name
        return path.read_text(errors="replace") if path.exists() else None

    def boot(self, probe, seconds=100):
        """Run a probe; skips where there can be no container."""
        shutil.copy2(TOP / "tests/systemd" / probe, self.root / "out/probe.py")
        self.put("/etc/systemd/system/probe.service", PROBE.format(seconds=seconds))
        # nspawn keeps bpf() from what it runs, by which systemd holds units to their addresses.
        done = subprocess.run(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--system-call-filter=bpf", "-D", str(self.root),
             f"--overlay=/usr:{self.dest}/usr:/usr", "--boot", "--", "systemd.unit=probe.service"],
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=seconds + 80, check=False)
        if self.out("log") is None:
            pytest.skip(f"no container here: {done.stdout.decode(errors='replace').strip()[-200:]}")
        assert self.out("result") is not None, self.out("log")
        return json.loads(self.out("result"))


@contextlib.contextmanager
def tree():
    if os.geteuid() != 0 or not shutil.which("systemd-nspawn"):
        pytest.skip("needs root and systemd-nspawn")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nexus-boot-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield Tree(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
