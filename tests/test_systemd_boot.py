"""The units in a real systemd, with neither database nor Redis: a container is booted, and a probe inside drives nexus-api."""
import pytest

import nspawn

DROP_IN = """[Service]
WatchdogSec=2s
# What the filter does not let through ends the process, so that none is tried in silence.
SystemCallErrorNumber=kill
LoadCredential=token_keys:{conf}/keys
Environment=NEXUS_TOKEN_KEYS=credential:token_keys
"""


@pytest.fixture(scope="module")
def booted():
    with nspawn.tree() as tree:
        tree.settings(workers=2, redis='""', metrics_listen='""', jobs_metrics_listen='""', token_keys=tree.conf / "keys")
        tree.put("/etc/systemd/system/nexus-api.service.d/test.conf", DROP_IN.format(conf=tree.conf))
        tree.put("/out/conf", str(tree.conf))
        tree.tests("fcgi.py", "systemd/inside.py")
        yield tree.boot("probe.py")


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


def test_jobs_wait_for_their_database(booted):
    assert booted["jobs"] == ["active", "0"]


def test_it_stops_in_time(booted):
    assert booted["stop"] == 0 and booted["stop_result"] == "success" and booted["stop_seconds"] < 10
