"""Jobs through RabbitMQ: the same rows and the same ends, whatever happens to the broker on the way."""
import contextlib
import json
import os
import shutil
import signal

import pytest

from stack import children, private_stack, title, wait_until

pytestmark = pytest.mark.skipif(not shutil.which("rabbitmqctl"), reason="rabbitmq-server is not installed")


@pytest.fixture(scope="module")
def stack():
    with private_stack({"sandbox": "yes", "broker_timeout": "3s"}, broker=True) as private:
        private.rabbitmqctl("await_startup")
        wait_until(lambda: "leads the schedules" in private.log("jobs"), 30, "a scheduler")
        # Sweeps run all the time: their messages would be in the way of what is counted.
        for (job,) in private.query("select distinct job from job_schedules"):
            private.ctl("jobs", "pause", job)
        yield private


@pytest.fixture(autouse=True)
def nothing_left(stack):
    stack.query("delete from jobs; delete from jobs_dead; delete from job_probes")


def add(stack, numbers, job="probe", key="", **payload):
    for number in numbers:
        stack.query("select job_add(%s, %s, %s)", job, key, json.dumps({"number": number, **payload}))


def probes(stack):
    return [row[0] for row in stack.query("select number from job_probes order by id")]


def processes(stack, role):
    return [pid for pid in children(stack.pid("jobs")) if title(pid).startswith(f"nexus-jobs: {role}")]


def kill(pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def done(stack, count, seconds=90):
    wait_until(lambda: stack.query("select count(*) from jobs where job like 'probe%%' and run_at <= nexus_now()")[0][0] == 0, seconds,
               "all rows to be run", 0.1)
    assert sorted(probes(stack)) == list(range(count))
    assert stack.query("select count(*) from jobs_dead") == [(0,)]


def test_messages_carry_rows_and_are_confirmed(stack):
    before = stack.jobs_metrics()
    add(stack, range(100))
    done(stack, 100)
    after = stack.jobs_metrics()
    name = "nexus_job_relay_confirmed_total"
    assert after[name] - before[name] >= 100
    queues = stack.rabbitmqctl("list_queues", "name", "type", "arguments")
    for queue in ("urgent", "normal", "bulk"):
        [line] = [line for line in queues.splitlines() if line.startswith(f"nexus.jobs.{queue}\tquorum")]
        assert all(word in line for word in ("x-delivery-limit", "nexus.dead", "at-least-once", "reject-publish"))
    wait_until(lambda: "nexus.jobs.normal\t0" in stack.rabbitmqctl("list_queues", "name", "messages"), 30, "the queue to be empty")


def test_order_failures_and_delays_are_those_of_rows(stack):
    add(stack, range(5), "probe-ordered", "k")
    done(stack, 5)
    assert probes(stack) == list(range(5))
    add(stack, [5], fail=1)
    wait_until(lambda: stack.query("select attempts from jobs where job = 'probe'") == [(1,)], 30, "the first attempt")
    stack.query("update jobs set run_at = nexus_now() where job = 'probe'")
    done(stack, 6)


def test_a_message_that_comes_twice_does_nothing_the_second_time(stack):
    before = stack.jobs_metrics()["nexus_job_duplicates_total"]
    add(stack, [0], sleep_ms=1500)
    wait_until(lambda: stack.query("select 1 from jobs where job = 'probe' and leased_until is not null"), 30, "it to be begun")
    # As if its confirm had been lost: the relay publishes a row again that is being run.
    stack.query("update jobs set published_at = null, leased_until = null where job = 'probe'")
    wait_until(lambda: not stack.query("select 1 from jobs where job = 'probe'"), 60, "it to be done")
    assert probes(stack) == [0]
    add(stack, [1])
    done(stack, 2)
    assert stack.jobs_metrics()["nexus_job_duplicates_total"] >= before


def test_broker_that_is_killed_loses_nothing(stack):
    add(stack, range(60), sleep_ms=20)
    wait_until(lambda: probes(stack), 30, "the first to be run")
    kill([stack.pid("rabbitmq")])
    add(stack, range(60, 80))  # writers do not notice
    stack.start("rabbitmq")
    done(stack, 80, 180)


def test_killed_relay_and_runners_lose_nothing(stack):
    add(stack, range(200), sleep_ms=5)
    for _ in range(3):
        kill(processes(stack, "r"))
        wait_until(lambda: len(processes(stack, "r")) == 3, 30, "relay and runners to be replaced")
    done(stack, 200, 120)


def test_deleted_queue_is_declared_again(stack):
    for queue in ("urgent", "normal", "bulk"):
        stack.rabbitmqctl("delete_queue", f"nexus.jobs.{queue}")
    add(stack, range(20))
    done(stack, 20, 90)


def test_alarm_of_the_disk_delays_and_loses_nothing(stack):
    stack.rabbitmqctl("set_disk_free_limit", "99999GB")
    try:
        add(stack, range(20))
        wait_until(lambda: "has not confirmed" in stack.log("jobs"), 60, "the relay to notice")
        assert stack.query("select count(*) from jobs where job = 'probe'") == [(20,)]
    finally:
        stack.rabbitmqctl("set_disk_free_limit", "50MB")
    done(stack, 20, 90)


def test_message_of_nobody_is_passed_over(stack):
    """Neither an id nor a row of ours: acknowledged, and what comes behind it is run."""
    stack.rabbitmqctl("eval", 'rabbit_basic:publish(rabbit_misc:r(<<"/">>, exchange, <<>>), <<"nexus.jobs.normal">>,'
                      ' [{message_id, <<"x">>}], <<"no json">>).')
    add(stack, range(3))
    done(stack, 3)


def test_without_the_broker_rows_are_taken_by_runners_again(stack):
    stack.stop("jobs")
    add(stack, range(10))
    stack.query("update jobs set published_at = now() where job = 'probe'")
    stack.set_options(broker="")
    stack.start("jobs")
    done(stack, 10)
