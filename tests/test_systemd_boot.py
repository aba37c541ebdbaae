"""The units in a real systemd: a container of this machine's /usr is booted, and a probe inside drives the service."""
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
FOLDERS = {"@sbindir@": "/opt/nexus/sbin", "@bindir@": "/opt/nexus/bin", "@sysconfdir@": "/etc"}
PROBE = """[Unit]
DefaultDependencies=no
Requires=basic.target
After=basic.target
[Service]
Type=oneshot
TimeoutStartSec=100
ExecStart=/usr/bin/python3 /out/probe.py
StandardOutput=append:/out/log
StandardError=append:/out/log
ExecStopPost=/bin/systemctl --no-block exit 0
"""


def fill(name):
    text = (TOP / "systemd" / name).read_text()
    for key, value in FOLDERS.items():
        text = text.replace(key, value)
    return text


def sandbox_unit(service):
    """The service with everything but what it runs."""
    lines = [line for line in service.splitlines()
             if not re.match(r"(Type|NotifyAccess|Exec\w+|Restart\w*|WatchdogSec|Requires|PartOf|After)=", line)]
    at = lines.index("[Service]") + 1
    return "\n".join([*lines[:at], "Type=oneshot", "ExecStart=/usr/bin/python3 /opt/nexus/tests/sandbox.py",
                      "StandardOutput=append:/out/sandbox", "StandardError=append:/out/sandbox", *lines[at:]])


def build_tree(root):
    for folder in ("etc/systemd/system/nexus-api.service.d", "etc/sysusers.d", "etc/tmpfiles.d", "usr", "var", "tmp",
                   "root/secrets", "out", "opt/nexus/sbin", "opt/nexus/bin", "opt/nexus/tests",
                   "etc/nexus/credentials", "etc/nexus/keys"):
        (root / folder).mkdir(parents=True)
    for link in ("bin", "sbin", "lib", "lib64"):
        (root / link).symlink_to(f"usr/{link}")
    shutil.copy2(BUILD / "nexus-api", root / "opt/nexus/sbin/nexus-api")
    for name in ("fcgi.py", "systemd/sandbox.py"):
        shutil.copy2(TOP / "tests" / name, root / "opt/nexus/tests")
    shutil.copy2(TOP / "tests/systemd/probe.py", root / "out")
    (root / "out").chmod(0o777)
    etc = root / "etc"
    (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/:/usr/sbin/nologin\n"
                                "nobody:x:65534:65534::/:/usr/sbin/nologin\n")
    (etc / "group").write_text("root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n")
    (etc / "machine-id").write_text("")
    (etc / "os-release").write_text("ID=debian\n")
    units = etc / "systemd/system"
    for name in ("nexus-api.socket", "nexus.target"):
        (units / name).write_text(fill(name))
    (units / "nexus-api.service").write_text(fill("nexus-api.service.in"))
    (units / "nexus-sandbox.service").write_text(sandbox_unit(fill("nexus-api.service.in")))
    (units / "nexus-api.service.d/test.conf").write_text(
        "[Service]\nWatchdogSec=2s\nLoadCredential=token_keys:/etc/nexus/keys\nEnvironment=NEXUS_TOKEN_KEYS=credential:token_keys\n")
    (units / "probe.service").write_text(PROBE)
    (etc / "sysusers.d/nexus.conf").write_text(fill("nexus.sysusers"))
    (etc / "tmpfiles.d/nexus.conf").write_text(fill("nexus.tmpfiles.in"))
    # No database and no Redis here: the service must start and say that it is alive all the same.
    (etc / "nexus/nexus.conf").write_text("workers = 2\nredis = \"\"\nmetrics_listen = \"\"\n")
    secret = etc / "nexus/credentials/secret"
    secret.write_text(os.urandom(32).hex())
    secret.chmod(0o600)
    subprocess.run([BUILD / "nexusctl", "keys", "generate"], env={"NEXUS_TOKEN_KEYS": str(etc / "nexus/keys")}, check=True,
                   stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def booted():
    if os.geteuid() != 0 or not shutil.which("systemd-nspawn"):
        pytest.skip("needs root and systemd-nspawn")
    root = pathlib.Path(tempfile.mkdtemp(prefix="nexus-boot-", dir="/var/tmp"))
    root.chmod(0o755)
    try:
        build_tree(root)
        done = subprocess.run(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "-D", str(root),
             "--bind-ro=/usr", "--boot", "--", "systemd.unit=probe.service"],
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=180, check=False)
        if not (root / "out/log").exists():
            pytest.skip(f"no container here: {done.stdout.decode(errors='replace').strip()[-200:]}")
        assert (root / "out/result").exists(), (root / "out/log").read_text()
        result = json.loads((root / "out/result").read_text())
        result["sandbox"] = (root / "out/sandbox").read_text() if (root / "out/sandbox").exists() else "not run"
        yield result
    finally:
        shutil.rmtree(root, ignore_errors=True)


def test_it_starts(booted):
    assert booted["start"] == 0 and booted["active"] == ["active", "active"], booted["journal"]
    assert booted["socket"] == ["0o660", True]
    assert booted["healthz"] == 200 and "ready" in booted["status_text"]
    assert not booted["user_is_root"] and not booted["secret_in_environment"]


def test_reload_starts_a_generation_in_the_same_process(booted):
    assert booted["reload"] == 0 and booted["same_pid"], booted["journal"]
    assert "generation 2" in booted["reload_text"]


def test_nobody_is_refused_during_a_restart(booted):
    assert set(booted["restart"]) == {"200"}, booted["journal"]


def test_a_frozen_supervisor_is_replaced(booted):
    assert booted["watchdog"] == [1, 200], booted["journal"]


def test_the_sandbox_holds(booted):
    assert booted["sandbox_unit"] == 0 and booted["sandbox"].strip() == ""


def test_it_stops_in_time(booted):
    assert booted["stop"] == 0 and booted["stop_result"] == "success" and booted["stop_seconds"] < 10
