"""A short race with kills (see tests/race/race.py), and that its checker would have seen what it is there to see."""
import copy

import pytest

import stack as stacks
from race import race
from race.checker import Checker


@pytest.fixture(scope="module")
def ran():
    with stacks.private_stack(options=race.OPTIONS) as stack:
        kept = {}
        yield stack, race.run(stack, seed=3, buyers=300, clients=30, steps=8, kills=6, keep=kept), kept["history"]


def test_a_race_with_kills(ran):
    _, report, _ = ran
    assert report["wrong"] == [] and report["night"] == {"201": 1, "409 dates_unavailable": 299}
    assert report["killed"] == {"worker": 2, "backend": 2, "crash": 1, "postgresql": 1}
    least = {"book 201": 10, "hold 201": 10, "cancel 200": 3, "receive 200": 3, "release 200": 1}
    assert all(report["answers"].get(what, 0) >= count for what, count in least.items()), report["answers"]
    assert report["asked_again"] > 5


def first(history, op, status=201):
    return next(h for h in history if h["op"] == op and h["status"] == status)


def lie(history, **changes):
    """The history as it would be had somebody been told something else."""
    changed = copy.deepcopy(history)
    first(changed, "book").update(changes)
    return changed


@pytest.mark.parametrize("what, change", [
    ("acknowledged and lost", {"booking": "00000000-0000-4000-8000-000000000000"}),
    ("told nobody", {"status": 409, "code": "dates_unavailable"}),
    ("refused and booked", {"status": 409, "code": "dates_unavailable"}),
    ("no reason", {"status": 409, "code": "conflict", "media": "text/html"}),
])
def test_a_false_answer_is_seen(ran, what, change):
    stack, _, history = ran
    assert any(p.startswith(what + ":") for p in Checker(stack.dsn, lie(history, **change)).run())


def test_a_refusal_for_nothing_is_seen(ran):
    stack, _, history = ran
    refused = {**first(history, "book", 409), "check_in": "2031-01-01", "check_out": "2031-01-02"}
    assert any(p.startswith("refused for nothing:") for p in Checker(stack.dsn, [*history, refused]).run())


BOOKED = "(select id from bookings where status = 'confirmed' order by id limit 1)"
SPOILS = [
    ("overlap", "alter table occupancy drop constraint occupancy_no_overlap; "
                f"insert into occupancy select gen_random_uuid(), unit_id, nights, 'block' from occupancy where booking_id = {BOOKED}"),
    ("nights lost", f"delete from occupancy where booking_id = {BOOKED}"),
    ("told otherwise", f"update bookings set total = total + 1 where id = {BOOKED}"),
    ("undone", f"update bookings set status = 'cancelled', cancelled_at = now() where id = {BOOKED}"),
    ("nights kept", f"update bookings set status = 'cancelled', cancelled_at = now() where id = {BOOKED}"),
    ("ledger not zero", f"delete from ledger_entries where booking_id = {BOOKED} and amount < 0"),
    ("sale", f"delete from ledger_entries where booking_id = {BOOKED}"),
    ("charged twice", "insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at) "
                      f"select gen_random_uuid(), {BOOKED}, 'offline', 'charge', 'captured', 1, 'USD', 1, now() from generate_series(1, 2)"),
    ("paid for nothing", "insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at) "
                         f"select gen_random_uuid(), id, 'offline', 'deposit', 'captured', 1, 'USD', total + 1, now() from bookings where id = {BOOKED}"),
    ("refunded too much", "insert into refunds (id, payment_id, booking_id, amount, currency, reason, status) "
                          "select gen_random_uuid(), id, booking_id, captured + 1, currency, 'x', 'done' from payments where captured > 0 limit 1"),
    ("sold and not booked", f"update bookings set status = 'expired' where id = {BOOKED}"),
    ("payment not posted", "insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at) "
                           f"select gen_random_uuid(), {BOOKED}, 'offline', 'deposit', 'captured', 1, 'USD', 1, now()"),
]


@pytest.mark.parametrize("what, statement", SPOILS)
def test_a_false_row_is_seen(ran, what, statement):
    """Put in behind the triggers' back and taken out again."""
    stack, _, history = ran
    with stack.db("postgres") as connection, connection.cursor() as cursor:
        cursor.execute("begin; set local session_replication_role = replica")
        cursor.execute(statement)
        assert any(p.startswith(what + ":") for p in Checker(connection, history).run())
        cursor.execute("rollback")
    assert Checker(stack.dsn, history).run() == []
