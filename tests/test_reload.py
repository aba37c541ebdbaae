"""Generations of the whole thing, seen by HTTPS clients: no reload may cost a request."""
import os
import signal

import pytest

from load import Load
from stack import wait_until

RELOADS = 50


@pytest.fixture(scope="module")
def reloaded():
    from stack import private_stack
    with private_stack(options={"workers": "4"}) as stack:
        yield stack


def ask(number, session, rng):
    path = rng.choice(["/healthz", "/readyz", "/problems", "/no/such/path"])
    return path, session.get(path, timeout=10)


def generation(stack):
    return int(stack.metrics()["nexus_generation"])


def test_fifty_reloads_under_load_fail_no_request(reloaded):
    supervisor, first = reloaded.pid("api"), generation(reloaded)
    with Load(reloaded, ask, clients=6) as load:
        for n in range(1, RELOADS + 1):
            os.kill(supervisor, signal.SIGHUP)
            wait_until(lambda: generation(reloaded) >= first + n, 20, f"generation {first + n}")
        wait_until(lambda: len(reloaded.workers()) == 4, 20, "old generations to end")
    assert load.failures == []
    assert len(load.answers) > 10 * RELOADS
    assert reloaded.pid("api") == supervisor
    assert reloaded.metrics()["nexus_worker_respawns_total"] == 0


def test_new_settings_take_effect_and_bad_ones_do_not(reloaded):
    supervisor, before = reloaded.pid("api"), generation(reloaded)
    reloaded.set_options(workers=3, query_limit="300")
    os.kill(supervisor, signal.SIGHUP)
    wait_until(lambda: generation(reloaded) == before + 1 and len(reloaded.workers()) == 3, 20, "three workers")
    assert reloaded.session().get("/problems?x=" + "y" * 400).status_code == 414
    reloaded.set_options(secret_file="/nonexistent/key")
    with Load(reloaded, ask, clients=4) as load:
        os.kill(supervisor, signal.SIGHUP)
        wait_until(lambda: reloaded.metrics()["nexus_reload_failures_total"] == 1, 20, "a refused reload")
        seen = len(load.answers)
        wait_until(lambda: len(load.answers) > seen + 20)
    assert load.failures == []
    assert generation(reloaded) == before + 1
    assert "/nonexistent/key" in reloaded.log()
