"""The job machine: rows that are run once, again, in order, or not any more."""
import json

import pytest

from stack import private_stack, wait_until

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
