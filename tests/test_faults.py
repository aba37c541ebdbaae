"""What happens when processes die, freeze or go away under load: nothing acknowledged is lost, nothing hangs."""
import concurrent.futures
import contextlib
import os
import random
import signal
import threading
import time
import uuid

import pytest

from load import Load
from marketplace import book, check_invariants, day, make_property, quote
from stack import children, wait_until

# Seconds of mixed load while workers are killed; the full minute is asked for with NEXUS_FAULT_SECONDS=60.
SECONDS = float(os.environ.get("NEXUS_FAULT_SECONDS", "12"))


@contextlib.contextmanager
def frozen(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def problem(response, code):
    assert response.headers["Content-Type"].startswith("application/problem+json"), response.text
    assert response.json()["code"] == code
    return response.json()


def timed(call):
    started = time.monotonic()
    return call(), time.monotonic() - started


@pytest.fixture(scope="module")
def shop(request):
    """A stack of its own with a host, a guest and some properties; short deadlines so that tests are quick."""
    from stack import private_stack
    options = {"database_timeout": "1s", "database_connect_timeout": "500ms", "request_deadline": "4s", "redis_timeout": "100ms"}
    with private_stack(options=options) as stack:
        stack.host, stack.guest = stack.user(name="Host"), stack.user(name="Guest")
        stack.properties = [make_property(stack.host, title=f"Property {n}")["id"] for n in range(6)]
        yield stack


def test_workers_killed_under_mixed_load(shop):
    acknowledged, lock = {}, threading.Lock()

    def step(number, session, rng):
        choice = rng.random()
        property_id = rng.choice(shop.properties)
        if choice < 0.3:
            return "read", session.get(f"/v1/properties/{property_id}")
        if choice < 0.5:
            return "search", session.get(f"/v1/properties?near=42.65,-73.75&radius=20&check_in={day(30)}&check_out={day(32)}")
        answer = quote(session, property_id, rng.randrange(2, 300), rng.randrange(1, 5))
        if answer.status_code != 201:
            return "quote", answer
        answer = book(session, answer.json()["id"], str(uuid.UUID(int=rng.getrandbits(128))))
        if answer.status_code == 201:
            with lock:
                acknowledged[answer.json()["id"]] = answer.json()
        return "book", answer

    rng, kills, end = random.Random(5), 0, time.monotonic() + SECONDS
    supervisor = shop.pid("api")
    with Load(shop, step, clients=8, token=shop.guest.token) as load:
        wait_until(lambda: acknowledged, 20, "a first booking")
        while time.monotonic() < end:
            workers = workers_of(supervisor)
            if workers:
                os.kill(rng.choice(workers), signal.SIGKILL)
                kills += 1
            wait_until(lambda: len(workers_of(supervisor)) >= len(workers), 5, "the worker to be replaced")
            moment = len(load.answers) + 20  # some requests between kills
            wait_until(lambda: len(load.answers) >= moment or time.monotonic() > end, 10, "requests to be answered")

    assert kills >= 5 and len(acknowledged) >= 20
    assert len(load.failures) <= kills, load.failures[:5]
    assert {status for _, status, _ in load.answers} <= {200, 201, 409}
    stored = dict(shop.query("select id::text, status from bookings"))
    assert [i for i in acknowledged if stored.get(i) != "confirmed"] == []
    check_invariants(shop)


def workers_of(supervisor):
    """Worker processes of a supervisor; its metrics process is none."""
    found = []
    for pid in children(supervisor):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if b"worker" in file.read():
                found.append(pid)
    return found


def test_postgresql_stopped_and_back(shop):
    session = shop.session(shop.guest.token)
    path = f"/v1/properties/{shop.properties[0]}"
    assert session.get(path).status_code == 200
    shop.stop("postgresql")
    try:
        for call in (lambda: session.get(path), lambda: quote(session, shop.properties[0], 400),
                     lambda: session.get("/v1/properties?near=42.65,-73.75&radius=5")):
            answer, seconds = timed(call)
            assert answer.status_code == 503, answer.text
            problem(answer, "unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
            assert seconds < 1
        assert session.get("/healthz").status_code == 200
        wait_until(lambda: session.get("/readyz").status_code == 503, 15, "/readyz to notice")
    finally:
        shop.start("postgresql")
    started = time.monotonic()
    wait_until(lambda: all(session.get(path).status_code == 200 for _ in range(20)), 10, "reads to work again")
    assert time.monotonic() - started < 5
    shop.wait_ready(15)
    assert book(session, quote(session, shop.properties[1], 410).json()["id"]).status_code in (201, 409)


def test_postgresql_frozen_costs_a_bounded_time(shop):
    session = shop.session(shop.guest.token)
    path = f"/v1/properties/{shop.properties[0]}"
    postmaster = shop.pid("postgresql")
    with frozen([postmaster, *children(postmaster)]):
        # Every worker may wait once for its deadline; after that the circuit is open.
        for _ in range(24):
            answer, seconds = timed(lambda: session.get(path))
            assert answer.status_code in (503, 504), answer.text
            assert seconds < 3
        slow = [seconds for _, seconds in (timed(lambda: session.get(path)) for _ in range(20)) if seconds > 0.8]
        assert len(slow) <= 10
    wait_until(lambda: all(session.get(path).status_code == 200 for _ in range(20)), 5, "reads to work again")


@pytest.mark.parametrize("way", ["stopped", "frozen"])
def test_redis_away(shop, way):
    session = shop.session(shop.guest.token)

    def all_works():
        assert session.get(f"/v1/properties/{shop.properties[0]}").status_code == 200
        assert session.get("/v1/me").status_code == 200
        offer = quote(session, shop.properties[2], random.randrange(500, 700), 1)
        assert offer.status_code in (201, 409)
        if offer.status_code == 201:
            assert book(session, offer.json()["id"], str(uuid.uuid4())).status_code in (201, 409)

    all_works()
    with contextlib.ExitStack() as undo:
        if way == "stopped":
            shop.stop("redis")
            undo.callback(shop.start, "redis")
        else:
            undo.enter_context(frozen([shop.pid("redis")]))
        for _ in range(10):
            _, seconds = timed(all_works)
            assert seconds < 2
    all_works()
    wait_until(lambda: shop.session().get("/readyz").status_code == 200, 10, "/readyz")


@contextlib.contextmanager
def backends_killed(stack):
    """Connections of the workers are ended by PostgreSQL, one after the other."""
    stop, kills = threading.Event(), []

    def kill():
        with contextlib.closing(stack.db("postgres")) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'nexus_api' "
                               "order by random() limit 1")
                kills.extend(cursor.fetchall())
                stop.wait(0.1)  # a worker leaves PostgreSQL alone for database_retry after each

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    try:
        yield
    finally:
        stop.set()
        killer.join()
    assert (True,) in kills


def test_backend_killed_while_booking(shop):
    """A lost connection is 503 with a way on, never a booking that was told of and is not there."""
    session, told = shop.session(shop.guest.token), []
    with backends_killed(shop):
        for n in range(60):
            offer = quote(session, shop.properties[3], 3 + n * 3)
            if offer.status_code != 201:
                assert offer.status_code in (409, 503), offer.text
                continue
            key = str(uuid.uuid4())
            answer = book(session, offer.json()["id"], key)
            for _ in range(50):
                if answer.status_code != 503:
                    break
                assert answer.json()["code"] in ("unavailable", "outcome_unknown")
                answer = book(session, offer.json()["id"], key)
            assert answer.status_code in (201, 409), answer.text
            if answer.status_code == 201:
                told.append(answer.json()["id"])
    assert told
    stored = {row[0] for row in shop.query("select id::text from bookings where status = 'confirmed'")}
    assert set(told) <= stored
    check_invariants(shop)


@pytest.mark.parametrize("keyed", [True, False])
def test_a_commit_that_fails_is_no_success(shop, keyed):
    """A constraint that is looked at when everything has been written already: as a full disk, or a standby that is away."""
    session = shop.session(shop.guest.token)
    offer = quote(session, shop.properties[1], 420 if keyed else 430)
    shop.query("create function refuse_commit() returns trigger language plpgsql as "
               "$$ begin raise exception 'no commit' using errcode = '53100'; end $$; "
               "create constraint trigger refuse_commit after insert on bookings deferrable initially deferred "
               "for each row execute function refuse_commit()")
    try:
        answer = book(session, offer.json()["id"], str(uuid.uuid4()) if keyed else None)
    finally:
        shop.query("drop trigger refuse_commit on bookings; drop function refuse_commit()")
    assert answer.status_code == 503, answer.text
    assert shop.query("select count(*) from bookings where quote_id = %s", offer.json()["id"]) == [(0,)]
    assert book(session, offer.json()["id"], str(uuid.uuid4())).status_code == 201


# ---- refreshing a session

def refresh(stack, token):
    return stack.session().post("/v1/auth/refresh", json={"refresh_token": token})


def refreshed_in_the_end(stack, token):
    """What a client does whose answer was lost: the same again, well within the grace."""
    answers = []

    def ask():
        answers.append(refresh(stack, token))
        return answers[-1].status_code not in (502, 503, 504)

    wait_until(ask, 8, "an answer", pause=0.05)
    assert answers[-1].status_code == 200, answers[-1].text
    return answers[-1].json()["refresh_token"]


def living(stack, somebody):
    return stack.query("select count(*) from sessions where user_id = %s and ended_at is null", somebody.id)[0][0]


def test_worker_killed_while_it_waits_for_the_refresh(shop):
    """The statement is with PostgreSQL, which rotates the token although nobody is left to tell the client."""
    somebody = shop.user()
    head = "select head from sessions where user_id = %s"
    before = shop.query(head, somebody.id)
    workers = workers_of(shop.pid("api"))
    with contextlib.closing(shop.db()) as connection, connection.cursor() as cursor:
        connection.autocommit = False
        cursor.execute("select from sessions where user_id = %s for update", (somebody.id,))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            lost = pool.submit(refresh, shop, somebody.refresh_token)
            wait_until(lambda: shop.query("select 1 from pg_locks where not granted"), 5, "the refresh to wait")
            for pid in workers:
                os.kill(pid, signal.SIGKILL)
            assert lost.result().status_code == 502
        connection.commit()
    wait_until(lambda: shop.query(head, somebody.id) != before, 5, "PostgreSQL to rotate")
    successor = refreshed_in_the_end(shop, somebody.refresh_token)
    assert refreshed_in_the_end(shop, successor) != successor
    assert living(shop, somebody) == 1


def test_workers_killed_while_sessions_are_refreshed(shop):
    """At whatever moment: the token in hand always leads on, and never to a second head."""
    supervisor, users, done = shop.pid("api"), [shop.user() for _ in range(4)], threading.Event()
    lost, chains = [], []

    def go_on(somebody):
        token, length = somebody.refresh_token, 0
        while not done.is_set():
            answer = refresh(shop, token)
            if answer.status_code == 200:
                token, length = answer.json()["refresh_token"], length + 1
                continue
            assert answer.status_code in (502, 503), answer.text
            lost.append(token)
            token, length = refreshed_in_the_end(shop, token), length + 1
        return token, length

    rng, end = random.Random(7), time.monotonic() + SECONDS
    with concurrent.futures.ThreadPoolExecutor(len(users)) as pool:
        running = [pool.submit(go_on, somebody) for somebody in users]
        try:
            while time.monotonic() < end or not lost:
                assert time.monotonic() < end + 30, "no refresh was ever hit"
                workers = workers_of(supervisor)
                with contextlib.suppress(ProcessLookupError, IndexError):
                    os.kill(rng.choice(workers), signal.SIGKILL)
                wait_until(lambda: len(workers_of(supervisor)) >= len(workers), 5, "the worker to be replaced")
        finally:
            done.set()
        chains = [future.result() for future in running]
    assert all(length > 0 for _, length in chains)
    assert [living(shop, somebody) for somebody in users] == [1] * len(users)
    for token, _ in chains:
        assert refreshed_in_the_end(shop, token)


def test_backend_killed_while_refreshing(shop):
    """The connection is lost before, while or after PostgreSQL commits: 503, and the same token leads on."""
    somebody = shop.user()
    with backends_killed(shop):
        token = somebody.refresh_token
        for _ in range(60):
            token = refreshed_in_the_end(shop, token)
    assert living(shop, somebody) == 1
