"""Jobs through RabbitMQ: the same rows and the same ends, whatever happens to the broker on the way."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import threading
import uuid

import pytest

import marketplace as market
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
    """While its messages are being run, and others wait in it."""
    add(stack, range(30), sleep_ms=100)
    wait_until(lambda: probes(stack), 60, "the first to be run")
    for queue in ("urgent", "normal", "bulk"):
        stack.rabbitmqctl("delete_queue", f"nexus.jobs.{queue}")
    add(stack, range(30, 40))
    done(stack, 40, 120)


@pytest.mark.parametrize("limit, reached, again", [("set_disk_free_limit", "99999GB", "50MB"), ("set_vm_memory_high_watermark", "0.0001", "0.4")])
def test_alarm_delays_and_loses_nothing(stack, limit, reached, again):
    before = stack.log("jobs").count("has not confirmed")
    stack.rabbitmqctl(limit, reached)
    try:
        add(stack, range(20))
        wait_until(lambda: stack.log("jobs").count("has not confirmed") > before, 60, "the relay to notice")
        assert stack.query("select count(*) from jobs where job = 'probe'") == [(20,)]
    finally:
        stack.rabbitmqctl(limit, again)
    done(stack, 20, 90)


def put(stack, message_id, body, times=1):
    """A message in the queue, by hand."""
    properties = f'[{{message_id, <<"{message_id}">>}}]' if message_id else "[]"
    stack.rabbitmqctl("eval", f'[rabbit_basic:publish(rabbit_misc:r(<<"/">>, exchange, <<>>), <<"nexus.jobs.normal">>, {properties}, {body})'
                      f' || _ <- lists:seq(1, {times})].')


def test_message_of_nobody_is_passed_over(stack):
    """Neither an id nor a row of ours: acknowledged, and what comes behind it is run."""
    put(stack, "x", '<<"no json">>')
    add(stack, range(3))
    done(stack, 3)


def test_poison_by_hand_does_no_harm(stack):
    """Broken bodies, without an id, with the id of no row, and again and again with that of a row that waits for its time."""
    stack.query("select job_add('probe', 'later', '{\"number\": 9}', nexus_now() + interval '1 hour')")
    later = stack.query("select id::text from jobs where key = 'later'")[0][0]
    for message_id in ("", str(uuid.uuid4()), later, "' or 1 = 1"):
        for body in ("<<>>", '<<0, 255, 254, "{">>', "binary:copy(<<1>>, 1000000)"):
            put(stack, message_id, body, 30)
    add(stack, range(5))
    done(stack, 5)
    wait_until(lambda: "nexus.jobs.normal\t0" in stack.rabbitmqctl("list_queues", "name", "messages"), 60, "the queue to be empty")
    [(attempts, due, payload)] = stack.query("select attempts, run_at > nexus_now(), payload from jobs where key = 'later'")
    assert (attempts, due, payload) == (0, True, {"number": 9})
    stack.query("update jobs set run_at = nexus_now() where key = 'later'")
    wait_until(lambda: 9 in probes(stack), 60, "the row in its own time")
    assert sorted(probes(stack)) == [0, 1, 2, 3, 4, 9]


def test_bookings_go_on_while_the_broker_is_away_and_all_is_told_after(stack):
    host, guest = stack.user(name="Grace"), stack.user(name="Ada")
    place = market.make_property(host)
    stack.query("delete from jobs where job not like 'probe%%'")
    kill([stack.pid("rabbitmq")])
    try:
        booked = [market.book(guest, market.quote(guest, place["id"], first).json()["id"]) for first in (10, 20, 30)]
        stack.clock("+10m")  # minutes of business time
        booked.append(market.book(guest, market.quote(guest, place["id"], 40).json()["id"]))
        assert [answer.status_code for answer in booked] == [201] * 4
        assert stack.query("select count(*) from jobs where job = 'notify'")[0][0] >= 4
    finally:
        stack.start("rabbitmq")

    def told(user):
        rows = user.get("/v1/notifications?limit=100").json()["data"]
        return sorted(row["booking_id"] for row in rows if row["event"] == "booking.confirmed")

    for user in (host, guest):
        wait_until(lambda u=user: told(u) == sorted(answer.json()["id"] for answer in booked), 180, "all of it to be told, once")


class Cutter:
    """Between nexus-jobs and the broker: passes everything on, except that the next `cuts` confirms end their connection instead."""

    PUBLISHED = b"\x00\x3c\x00\x50"  # class and method of basic.ack, which from the server is a confirm

    def __init__(self, port):
        self.broker, self.cuts, self.cut = port, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.broker))
                threading.Thread(target=self.copy, args=(client, server), daemon=True).start()
                threading.Thread(target=self.frames, args=(server, client), daemon=True).start()

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        Cutter.end(source, target)

    @staticmethod
    def end(*both):
        for one in both:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def frames(self, server, client):
        """Frames of the broker: type, channel, size, payload, end."""
        with contextlib.suppress(OSError):
            reader = server.makefile("rb")
            while len(head := reader.read(7)) == 7:
                kind, size = head[0], int.from_bytes(head[3:], "big")
                rest = reader.read(size + 1)
                if self.cuts > 0 and kind == 1 and rest.startswith(self.PUBLISHED):
                    self.cuts, self.cut = self.cuts - 1, self.cut + 1
                    break
                client.sendall(head + rest)
        self.end(server, client)


def test_connection_cut_between_publish_and_confirm(stack):
    """The broker has the message and says so, and nobody hears it: published again, done once."""
    direct = re.search(r"^broker = (.*)$", stack.conf.read_text(), re.M)[1]
    cutter = Cutter(int(re.search(r":(\d+)/", direct)[1]))
    stack.stop("jobs")
    stack.set_options(broker=f"amqp://guest:guest@127.0.0.1:{cutter.port}/%2f")
    stack.start("jobs")
    try:
        before = stack.jobs_metrics()["nexus_job_relay_published_total"]
        for number in range(3):
            cutter.cuts = 1
            # Slow ones: most of them wait while the relay, which knows nothing of their messages, connects anew.
            add(stack, range(number * 12, number * 12 + 12), sleep_ms=400)
            wait_until(lambda n=number: cutter.cut == n + 1, 60, "a confirm to be lost")
            done(stack, number * 12 + 12)
        assert stack.jobs_metrics()["nexus_job_relay_published_total"] - before > 36  # some were published twice
        assert sorted(probes(stack)) == list(range(36))
    finally:
        stack.stop("jobs")
        stack.set_options(broker=direct)
        stack.start("jobs")


def test_without_the_broker_rows_are_taken_by_runners_again(stack):
    stack.stop("jobs")
    add(stack, range(10))
    stack.query("update jobs set published_at = now() where job = 'probe'")
    stack.set_options(broker="")
    stack.start("jobs")
    done(stack, 10)
