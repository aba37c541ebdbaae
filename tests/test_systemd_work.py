"""The services at work in a real systemd, each in its sandbox: a job, a mail, a calendar and webhooks by the fetcher, and what
becomes of work when they are reloaded, restarted, killed, frozen and stopped."""
import re

import pytest

import fetch_world
import nspawn

SERVICES = ["nexus-api", "nexus-jobs", "nexus-fetch", "nexus-decode"]
STRICT = """[Service]
# What the filter does not let through ends the process, so that none is tried in silence.
SystemCallErrorNumber=kill
"""
POSTGRESQL = """[Service]
Type=notify
User=postgres
RuntimeDirectory=postgresql
ExecStart=/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15 -c listen_addresses= -c unix_socket_directories=/run/postgresql -c fsync=off
KillSignal=SIGINT
"""
REDIS = """[Service]
Type=notify
User=redis
RuntimeDirectory=redis
ExecStart=/usr/bin/redis-server {conf} --supervised systemd --port 0
"""


@pytest.fixture(scope="module")
def worked():
    with nspawn.tree() as tree:
        tree.settings(keys=False, workers=2, token_keys=tree.conf / "keys", public_url="https://stay.example.com", smtp_tls="no", rate_write="0",
                      redis_timeout="2s", webhook_ca="/etc/ssl/certs/test.pem", argon2_passes=1)
        for service in (*SERVICES, "nexus-migrate"):
            tree.put(f"/etc/systemd/system/{service}.service.d/test.conf", STRICT + ("WatchdogSec=2s\n" if service == "nexus-jobs" else ""))
        for service in SERVICES:
            tree.sandbox(service)
        examples = next(tree.dest.rglob("examples"))
        at = lambda path: "/" + str(path.relative_to(tree.dest))
        tree.put("/etc/systemd/system/postgresql.service", POSTGRESQL)
        tree.put("/etc/systemd/system/redis-server.service", REDIS.format(conf=at(examples / "redis/nexus.conf")))
        for name, uid in (("postgresql", 70), ("redis", 71)):
            (tree.root / "var/lib" / name).mkdir()
            nspawn.os.chown(tree.root / "var/lib" / name, uid, uid)
        tree.put("/etc/resolv.conf", "")
        fetch_world.certificates(tree.root / "out")
        tree.put("/etc/ssl/certs/test.pem", tree.out("ca.pem"))
        nspawn.subprocess.run(["openssl", "rehash", tree.root / "etc/ssl/certs"], check=True)
        tree.put("/out/given", nspawn.json.dumps({"conf": str(tree.conf), "nexusctl": at(next(tree.dest.rglob("bin/nexusctl"))), "postgresql": at(examples / "postgresql")}))
        tree.tests("fcgi.py", "smtp.py", "marketplace.py", "fetch_world.py", "systemd/inside.py", "systemd/sandbox.py")
        result = tree.boot("work.py")
        result["escaped"] = {service: tree.out(f"{service}-sandbox") for service in SERVICES}
        assert "broken" not in result, "\n".join([tree.out("log"), *result["broken"].values(), str(result["journal"])])
        yield result


def test_all_of_them_start(worked):
    assert (worked["migrate"], worked["start"], worked["ready"]) == (0, 0, 200), worked["journal"]
    assert worked["active"] == ["active"] * 5
    assert worked["is_root"] == [False, False] and worked["tells"] == [False, False]


def test_a_mail_goes_out(worked):
    assert worked["mails"] == 1, worked["journal"]["nexus-jobs.service"]


def test_calendars_are_fetched_and_read_in_their_box(worked):
    assert worked["feeds"]["good"][0] == "ok", (worked["feeds"], worked["journal"]["nexus-jobs.service"], worked["journal"]["nexus-fetch.service"])
    assert worked["imported"][0] == [10, 3]
    assert [worked["feeds"][name][0] for name in ("nonsense", "inside")] == ["failing", "failing"]
    assert worked["feeds"]["nonsense"][1] != worked["feeds"]["inside"][1]


def test_webhooks_are_delivered(worked):
    assert worked["webhooks"], worked["journal"]
    assert worked["fetch"] == ["active", False]


def test_exposure(worked):
    assert worked["exposure"].pop("nexus-decode.service") <= 0.5
    assert max(worked["exposure"].values()) <= 1.5, worked["exposure"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_sandboxes_hold(worked, service):
    escaped = set((worked["escaped"][service] or "not run").split("\n")) - {""}
    if not worked["firewall"]:
        escaped = {one for one in escaped if not one.startswith("reach (")}
    assert not escaped and worked["sandbox"][service] == 0


def test_reload_lets_work_end_and_goes_on_with_other_processes(worked):
    assert worked["reload"] == [0, ["active", "reloading"], True, False, 30, 30, 0], worked["journal"]["nexus-jobs.service"]


def test_a_bad_file_changes_nothing(worked):
    assert worked["refused"] == [True, True, "active"]


def test_a_restart_loses_no_work_and_costs_no_attempt(worked):
    assert worked["restart"] == [0, "active", 30, 30, 0], worked["journal"]["nexus-jobs.service"]


def test_the_killed_come_back(worked):
    assert worked["killed workers"] == [True, "0", 30, 30], worked["journal"]["nexus-jobs.service"]
    assert worked["killed"] == [True, 20, 20] and worked["frozen"] == [True, 20, 20], worked["journal"]["nexus-jobs.service"]


def test_the_fetcher_is_replaced_and_drained(worked):
    arrived, restarts = worked["killed fetcher"]
    assert arrived and restarts == 1, worked["journal"]["nexus-fetch.service"]
    assert worked["restarted fetcher"] == [True, 0, "active", True, True, True], worked["journal"]["nexus-fetch.service"]


def test_pictures_are_decoded(worked):
    good, no_picture, bomb = worked["decoded"]
    assert good[:3] == [0, 900, 600] and good[3] > 0, (good, worked["journal"]["nexus-decode.service"])
    assert good[4] > 1000 and no_picture[0] != 0 and bomb[0] != 0
    assert worked["decoder"] == ["active", False] and worked["decoded again"] == [[0, 300, 200], 1], worked["journal"]["nexus-decode.service"]


def test_an_upload_becomes_variants(worked):
    assert worked["photo"] == [202, "ready", 6, [".jpg"] * 3 + [".webp"] * 3, True], (worked["photo"], worked["journal"]["nexus-jobs.service"])


def test_they_stop_in_time_and_what_is_under_way_ends(worked):
    assert worked["stop"] == 0 and worked["stop_seconds"] < 10
    assert worked["stop_results"] == [["success", "inactive"]] * len(SERVICES) and worked["failed"] == ""
    assert worked["drained"] == [[1]] and worked["sockets"] == []


def test_nothing_was_denied(worked):
    text = "\n".join(worked["journal"].values())
    found = re.findall(r"(?im)^.*(?:SIGSYS|31/SYS|\"signal\":31\b|status=31|EPERM|not permitted|permission denied|seccomp).*$", text)
    assert not found, found[:5]
