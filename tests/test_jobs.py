"""The job machine: rows that are run once, again, in order, or not any more."""
import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

from stack import children, private_stack, title, wait_until

OPTIONS = {"sandbox": "yes"}


@pytest.fixture(scope="module")
def stack():
    """nexus-jobs does not run: what runs is run by the tests."""
    with private_stack(OPTIONS) as private:
        private.stop("jobs")
        yield private


@pytest.fixture(autouse=True)
def nothing_left(stack):
    stack.query("delete from jobs; delete from jobs_dead; delete from job_probes; delete from job_pauses")


def add(stack, job, number, key="", delay=None, version=1, **payload):
    stack.query("select job_add(%s, %s, %s, nexus_now() + %s::interval, %s)", job, key, json.dumps({"number": number, **payload}),
                delay, version)


def probes(stack):
    return [row[0] for row in stack.query("select number from job_probes order by id")]


def rows(stack, what="job, key, attempts"):
    return stack.query(f"select {what} from jobs order by number")


def dead(stack, what="job, attempts"):
    return stack.query(f"select {what} from jobs_dead order by number")


def test_a_row_is_run_once_and_goes_with_its_effect(stack):
    for number in range(30):
        add(stack, "probe", number)
    assert stack.jobs_drain() == {"ran": 30, "failed": 0}
    assert probes(stack) == list(range(30))
    assert rows(stack) == []
    assert stack.jobs_drain() == {"ran": 0, "failed": 0}


def test_what_is_added_by_a_transaction_that_fails_is_not_there(stack):
    with stack.db() as connection, connection.cursor() as cursor:
        cursor.execute("begin; select job_add('probe', '', '{\"number\": 1}'); rollback")
    assert stack.jobs_drain()["ran"] == 0


def test_a_failure_takes_the_effect_back_and_is_tried_again_later(stack):
    add(stack, "probe", 7, fail=2)
    assert stack.jobs_drain() == {"ran": 1, "failed": 1}
    assert probes(stack) == []
    [(attempts, history, later)] = rows(stack, "attempts, history, run_at > nexus_now()")
    assert (attempts, later) == (1, True)
    assert history[0]["attempt"] == 1 and "told to fail" in history[0]["error"]
    stack.query("update jobs set run_at = nexus_now()")
    assert stack.jobs_drain() == {"ran": 1, "failed": 1}
    stack.query("update jobs set run_at = nexus_now()")
    assert stack.jobs_drain() == {"ran": 1, "failed": 0}
    assert stack.query("select number, attempt from job_probes") == [(7, 3)]


def test_after_the_last_attempt_it_is_dead_with_its_history(stack):
    add(stack, "probe", 1, fail=100, key="k")
    for _ in range(5):
        stack.query("update jobs set run_at = nexus_now()")
        stack.jobs_drain()
    [(job, attempts, history)] = dead(stack, "job, attempts, history")
    assert (job, attempts, [h["attempt"] for h in history]) == ("probe", 5, [1, 2, 3, 4, 5])
    assert rows(stack) == [] and probes(stack) == []


def test_a_payload_that_cannot_be_read_is_dead_at_once_with_the_reason(stack):
    add(stack, "probe", "seven")
    stack.jobs_drain()
    [(attempts, history)] = dead(stack, "attempts, history")
    assert attempts == 1 and "/number" in history[0]["error"]


def test_an_unknown_version_or_job_waits(stack):
    add(stack, "probe", 1, version=2)
    add(stack, "no-such-job", 1)
    add(stack, "probe", 2)
    assert stack.jobs_drain()["ran"] == 1
    assert rows(stack) == [("probe", "", 0), ("no-such-job", "", 0)]


def test_rows_of_a_key_keep_their_order_also_when_one_fails(stack):
    add(stack, "probe-ordered", 1, key="a", fail=1)
    add(stack, "probe-ordered", 2, key="a")
    add(stack, "probe-ordered", 3, key="b")
    stack.query("update jobs set run_at = run_at - number * interval '1 minute'")  # the later ones are due earlier
    assert stack.jobs_drain() == {"ran": 2, "failed": 1}
    assert probes(stack) == [3]
    stack.query("update jobs set run_at = nexus_now()")
    stack.jobs_drain()
    assert probes(stack) == [3, 1, 2]


def test_one_row_a_key_waits_with_the_latest_payload(stack):
    for number in range(3):
        add(stack, "probe-unique", number, key="k")
    add(stack, "probe-unique", 9, key="other", delay="1 hour")
    add(stack, "probe-unique", 8, key="other")
    assert [row[1] for row in rows(stack)] == ["k", "other"]
    assert stack.jobs_drain()["ran"] == 2
    assert sorted(probes(stack)) == [2, 8]


def test_what_was_added_while_it_ran_is_run_again(stack):
    add(stack, "probe-unique", 1, key="k")
    stack.query("select * from jobs_claim('{probe-unique}', '{1}', '{60000000}', '{10}', 10, 0)")
    add(stack, "probe-unique", 2, key="k")
    assert len(rows(stack)) == 2
    stack.query("update jobs set leased_until = null")
    stack.jobs_drain()
    assert sorted(probes(stack)) == [1, 2]


def test_urgent_before_normal_before_bulk(stack):
    add(stack, "probe-bulk", 3)
    add(stack, "probe", 2)
    add(stack, "probe-unique", 1)
    stack.jobs_drain()
    assert probes(stack) == [1, 2, 3]


def test_business_time_makes_a_delayed_row_due(stack):
    add(stack, "probe", 1, delay="3 days")
    assert stack.jobs_drain()["ran"] == 0
    try:
        stack.clock("+3d")
        assert stack.jobs_drain()["ran"] == 1
    finally:
        stack.clock("0")


def test_who_has_lost_its_claim_leaves_nothing(stack):
    """Its time ran out and somebody else took the row: the end of the row is refused, and with it the effect."""
    add(stack, "probe-calls", 1)
    stack.query("select * from jobs_claim('{probe-calls}', '{1}', '{0}', '{1}', 1, 0)")
    [(job_id,)] = rows(stack, "id")
    stack.query("select * from jobs_claim('{probe-calls}', '{1}', '{0}', '{1}', 1, 0)")
    with pytest.raises(Exception, match="taken by somebody else"):
        stack.query("select jobs_end(array[%s]::uuid[], '{1}')", job_id)
    assert stack.query("select job_fail(%s, 1, 'late', null)", job_id) == [(False,)]
    stack.query("select jobs_end(array[%s]::uuid[], '{2}')", job_id)
    assert rows(stack) == []


def test_nexus_jobs_runs_rows(stack):
    stack.start("jobs")
    try:
        add(stack, "probe", 1)
        wait_until(lambda: probes(stack) == [1], 20, "the row to be run")
        assert rows(stack, "job") == [] or all(job != "probe" for (job,) in rows(stack, "job"))
    finally:
        stack.stop("jobs")


# --- by hand


def kill_one(stack, number=1):
    """A dead probe; its id."""
    add(stack, "probe", "no number", key=f"k{number}")
    stack.jobs_drain()
    return stack.query("select id from jobs_dead order by number desc limit 1")[0][0]


def test_list_and_show(stack):
    add(stack, "probe", 5, delay="1 hour", key="later")
    job_id = kill_one(stack)
    listed = json.loads(stack.ctl("jobs", "list", "--json").stdout)
    assert {(row["job"], row["key"], row["state"]) for row in listed} == {("probe", "later", "waiting"), ("probe", "k1", "dead")}
    assert [row["id"] for row in json.loads(stack.ctl("jobs", "list", "--state", "dead", "--json").stdout)] == [job_id]
    assert job_id in stack.ctl("jobs", "list", "--job", "probe").stdout
    shown = json.loads(stack.ctl("jobs", "show", job_id).stdout)
    assert shown["payload"] == {"number": "(hidden)"} and "/number" in shown["history"][0]["error"]
    assert stack.ctl("jobs", "list", "--state", "lost", check=False).returncode == 2
    assert stack.ctl("jobs", "show", "00000000-0000-4000-8000-000000000000", check=False).returncode == 4
    assert stack.ctl("jobs", "show", "x", check=False).returncode == 2


def test_retry_and_discard(stack):
    first, second = kill_one(stack), kill_one(stack, 2)
    stack.query("update jobs_dead set payload = '{\"number\": 1}'")
    assert stack.ctl("jobs", "retry", first).stdout == "1\n"
    assert stack.ctl("jobs", "discard", second).stdout == "1\n"
    assert stack.ctl("jobs", "discard", second, check=False).returncode == 4
    assert rows(stack, "attempts, jsonb_array_length(history)") == [(0, 1)]
    assert stack.jobs_drain() == {"ran": 1, "failed": 0} and probes(stack) == [1]
    add(stack, "probe", 2, delay="1 hour")
    assert stack.ctl("jobs", "retry", rows(stack, "id")[0][0]).stdout == "1\n"
    assert stack.jobs_drain()["ran"] == 1
    for number in range(3):
        kill_one(stack, number)
    assert stack.ctl("jobs", "retry", "--dead", "probe").stdout == "3\n"
    stack.jobs_drain()
    assert stack.ctl("jobs", "discard", "--dead", "probe").stdout == "3\n"
    assert rows(stack) == dead(stack) == []
    assert {a for (a,) in stack.query("select action from audit_log where target_type = 'job'")} == {"job.retry", "job.discard"}


def test_a_paused_job_waits(stack):
    assert stack.ctl("jobs", "pause", "probe").stdout == "1\n"
    add(stack, "probe", 1)
    add(stack, "probe-bulk", 2)
    assert stack.jobs_drain()["ran"] == 1
    top = json.loads(stack.ctl("jobs", "top", "--json").stdout)
    assert [(job["name"], job["due"]) for job in top["jobs"] if job["paused"]] == [("probe", 1)]
    assert "probe" in stack.ctl("jobs", "top").stdout
    stack.ctl("jobs", "resume", "probe")
    assert stack.jobs_drain()["ran"] == 1
    assert stack.ctl("jobs", "pause", "nothing", check=False).returncode == 4


def test_schedules_by_hand(stack):
    listed = {row["name"]: row for row in json.loads(stack.ctl("schedule", "list", "--json").stdout)}
    assert listed["payout"]["cron"] == "0 * * * *" and listed["payout"]["missed"] == "once"
    assert "booking-expire" in stack.ctl("schedule", "list").stdout
    stack.ctl("schedule", "run", "payout")
    assert rows(stack, "job, key") == [("payout", "payout")]
    assert stack.jobs_drain() == {"ran": 1, "failed": 0}
    assert stack.ctl("schedule", "run", "nothing", check=False).returncode == 4
    assert "probe" in stack.ctl("jobs", "kinds").stdout


# --- nexus-jobs itself


@pytest.fixture
def running(stack):
    stack.start("jobs")
    yield stack
    stack.stop("jobs")


def processes(stack, role):
    return [pid for pid in children(stack.pid("jobs")) if title(pid).startswith(f"nexus-jobs: {role}")]


def test_schedules_run_sweeps(running):
    """Each schedule has its next time, the sweeps of every two seconds have run, and nothing fails."""
    wait_until(lambda: running.query("select count(*) from job_schedules where last_at is not null and name = 'payment-calls'")[0][0],
               30, "a schedule to be started")
    known = {name for (name,) in running.query("select name from job_schedules")}
    assert {"booking-expire", "payout"} <= known
    wait_until(lambda: running.jobs_metrics().get('nexus_job_runs_total{job="payment-calls",outcome="done"}', 0) > 0, 30, "a sweep")
    assert running.jobs_metrics()["nexus_job_leader"] == 1


def test_killed_runners_lose_nothing_and_double_nothing(running):
    for number in range(300):
        add(running, "probe", number, sleep_ms=5)
    for _ in range(4):
        for pid in processes(running, "runner"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(processes(running, "runner")) == 2, 20, "runners to be replaced")
    wait_until(lambda: not running.query("select 1 from jobs where job = 'probe' limit 1"), 60, "all rows to be run")
    assert sorted(probes(running)) == list(range(300))
    assert dead(running) == []


def test_killed_supervisor_takes_its_children_along_and_nothing_is_lost(running):
    for number in range(100):
        add(running, "probe", number, sleep_ms=20)
    wait_until(lambda: probes(running), 20, "the first to be run")
    family = [running.pid("jobs"), *children(running.pid("jobs"))]
    os.kill(family[0], signal.SIGKILL)
    wait_until(lambda: not any(title(pid) for pid in family), 20, "all of them to be gone")
    running.start("jobs")
    wait_until(lambda: not running.query("select 1 from jobs where job = 'probe' limit 1"), 60, "all rows to be run")
    assert sorted(probes(running)) == list(range(100))


def test_what_its_runners_have_died_of_is_given_up(running):
    running.query("select job_add('probe', '', '{\"number\": 1}'); update jobs set attempts = 5 where job = 'probe'")
    wait_until(lambda: dead(running) == [("probe", 6)], 20, "it to be given up")
    assert probes(running) == []


def test_top_is_a_live_table(running):
    """In a terminal: drawn again and again, with rates, and who runs what since when."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    watcher = subprocess.Popen([running.build_dir / "nexusctl", "--config", running.conf, "jobs", "top"], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.set_blocking(master, False)
    seen = b""

    def drawn(*patterns):
        nonlocal seen
        with contextlib.suppress(BlockingIOError):
            seen += os.read(master, 65536)
        return any(all(re.search(p, look) for p in patterns) for look in seen.decode().split("\033[H\033[2J"))

    try:
        wait_until(lambda: drawn(r"JOB +QUEUE +WAITING.*DONE/s +FAILED"), 30, "the first look")
        for number in range(40):
            add(running, "probe", number, sleep_ms=200)
        add(running, "probe-bulk", "no number")
        # waiting, due, running, failing, dead, late; then a rate above zero. And a runner with its row, for so long, since then.
        wait_until(lambda: drawn(r"\nprobe +normal +\d+ +\d+ +[1-9]\d* +0 +0 +\d+ +\d+\.[1-9] +0",
                                 r"RUNNING +ID.*\r\nprobe +[0-9a-f-]{36} +1 +\d+ +\d+ +\d\d:\d\d:\d\dZ"), 60, "rate and runners")
        wait_until(lambda: drawn(r"\nprobe-bulk +bulk +0 +0 +0 +0 +1 +0 +\d\.\d +1"), 60, "the failure")
        assert watcher.poll() is None
    finally:
        watcher.kill()
        watcher.wait()
        os.close(master)
    once = running.ctl("jobs", "top").stdout
    assert once.startswith("JOB ") and "\033" not in once


def test_term_lets_the_work_under_way_end(running):
    add(running, "probe", 1, sleep_ms=1500)
    add(running, "probe", 2, sleep_ms=1500)
    add(running, "probe", 3, sleep_ms=1500)
    wait_until(lambda: running.query("select 1 from jobs where job = 'probe' and leased_until is not null"), 20, "one to be begun")
    running.stop("jobs")
    assert probes(running) and running.query("select 1 from jobs where job = 'probe' and leased_until is not null") == []
    assert running.query("select max(attempts) from jobs where job = 'probe'")[0][0] in (0, None)


def test_hup_takes_other_settings_and_refuses_wrong_ones(running):
    try:
        running.set_options(job_runners="3")
        running.signal("jobs")
        wait_until(lambda: len(processes(running, "runner")) == 3, 30, "three runners")
        running.set_options(job_runners="none")
        running.signal("jobs")
        wait_until(lambda: "reload refused" in running.log("jobs"), 20, "a refusal")
        assert len(processes(running, "runner")) == 3
    finally:
        running.set_options(job_runners="2")


def test_a_sleeping_runner_is_told(running):
    """Nothing polls here for a second: the row is run because of the notification."""
    wait_until(lambda: running.query("select count(*) from pg_locks where locktype = 'advisory' and granted and mode = 'ExclusiveLock'"
                                     " and (classid::bigint << 32 | objid::bigint) = jobs_bell()")[0][0], 20, "a sleeper")
    waits = []
    for number in range(5):
        add(running, "probe", number)
        wait_until(lambda n=number: n in probes(running), 20, "the row to be run")
    waits = running.query("select extract(epoch from p.ran_at - j.at) from job_probes p, lateral (select p.ran_at as at) j")
    assert len(waits) == 5


def test_rows_that_share_a_transaction_fail_alone(running):
    """Of many probes taken at once a few fail: those wait, the others are done, once each."""
    values = ", ".join(f"({n}, {1 if n % 10 == 0 else 0})" for n in range(100))
    running.query("select job_add('probe', '', jsonb_build_object('number', n, 'fail', f)) from (values " + values + ") v(n, f)")
    wait_until(lambda: len(probes(running)) == 90, 60, "those that do not fail")
    assert sorted(probes(running)) == [n for n in range(100) if n % 10]
    wait_until(lambda: running.query("select count(*) from jobs where job = 'probe' and jsonb_array_length(history) = 1") == [(10,)], 30,
               "those that fail to wait")
