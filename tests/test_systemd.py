"""The units: valid, sandboxed, and true to the option table. The programs are replaced by one that exists."""
import re
import subprocess

import pytest

from stack import TOP
from tables import options, quantity

FOLDER = TOP / "systemd"
SERVICES = ["nexus-api", "nexus-decode", "nexus-fetch", "nexus-jobs", "nexus-migrate"]
EXPOSURE_MAX = {"nexus-decode": 0.5}


@pytest.fixture
def units(tmp_path):
    """The units as `make install` fills them in, in a folder of their own."""
    for name in SERVICES:
        text = (FOLDER / f"{name}.service.in").read_text()
        text = re.sub(r"@s?bindir@/nexus\S*", "/bin/true", text).replace("@sysconfdir@", "/etc")
        assert "@" not in re.sub(r"@system-service|@privileged|@resources", "", text)
        (tmp_path / f"{name}.service").write_text(text)
    for name in ("nexus-api.socket", "nexus-decode.socket", "nexus-fetch.socket", "nexus.target"):
        (tmp_path / name).write_text((FOLDER / name).read_text())
    return tmp_path


def test_units_verify_without_a_word(units):
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *map(str, units.iterdir())], capture_output=True,
                          text=True, check=False)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("name", SERVICES)
def test_exposure(units, name):
    most = EXPOSURE_MAX.get(name, 1.5)
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={most * 10:.0f}",
                           str(units / f"{name}.service")], capture_output=True, text=True, check=False)
    exposure = float(re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)[1])
    assert done.returncode == 0 and exposure <= most


def test_sysusers_and_tmpfiles(tmp_path):
    done = subprocess.run(["systemd-sysusers", "--dry-run", str(FOLDER / "nexus.sysusers")], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    rules = (FOLDER / "nexus.tmpfiles.in").read_text().replace("@sysconfdir@", "/etc")
    rules = re.sub(r"(0750|0755|0700) (?:root|nexus) \w+", r"\1 - -", rules)  # nobody needs the user for this
    (tmp_path / "rules.conf").write_text(rules)
    (tmp_path / "root").mkdir()
    done = subprocess.run(["systemd-tmpfiles", "--create", f"--root={tmp_path}/root", "/rules.conf"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:  # older ones take the file from outside of the root
        done = subprocess.run(["systemd-tmpfiles", "--create", f"--root={tmp_path}/root",
                               str(tmp_path / "rules.conf")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "root/etc/nexus/credentials").is_dir()


def test_units_agree_with_the_option_table():
    table, service = options(), (FOLDER / "nexus-api.service.in").read_text()
    stop = quantity(re.search(r"^TimeoutStopSec=(\S+)", service, re.M)[1])
    assert stop > quantity(table["drain_timeout"]) + quantity(table["request_deadline"])
    for name in re.findall(r"NEXUS_([A-Z_]+)=credential:", service):
        assert name.lower() in table
    assert f"ListenStream={table['fetch_socket']}" in (FOLDER / "nexus-fetch.socket").read_text()
    assert f"ListenStream={table['decode_socket']}" in (FOLDER / "nexus-decode.socket").read_text()
    unit = (FOLDER / "nexus-api.socket").read_text()
    assert f"SocketMode={table['listen_mode']}" in unit and f"ListenStream={table['listen']}" in unit


def test_migration_has_no_deadline():
    text = (FOLDER / "nexus-migrate.service.in").read_text()
    assert "TimeoutStartSec=infinity" in text and "WatchdogSec" not in text
