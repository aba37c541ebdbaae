"""The life of a booking, from hold to completion, on a clock that the tests move."""
import contextlib
import itertools
import re
import subprocess

import psycopg2
import pytest

from marketplace import book, make_property, quote
from stack import TOP, private_stack

DEF = (TOP / "src/booking/booking.def").read_text()


@pytest.fixture(scope="module")
def stack():
    with private_stack({"sandbox": "yes"}) as running:
        running.stop("jobs")  # the tests say when a job runs
        yield running


@pytest.fixture
def market(stack):
    """Host, guest and a property nobody else knows; the clock is where the wall's is."""
    stack.clock("0")
    host, guest = stack.user(), stack.user()
    yield host, guest, make_property(host)
    stack.clock("0")


# --- the tables


def test_the_database_has_the_transitions_of_the_table(stack):
    rows = re.findall(r"^TRANSITION\((\w+), (\w+), (\w+),", DEF, re.M)
    wanted = {tuple(word.lower() for word in row) for row in rows}
    assert set(stack.query("select from_status, action, to_status from booking_transitions")) == wanted
    states = {name for name in re.findall(r"^STATE\(\w+, (\w+),", DEF, re.M)}
    check = stack.query("select pg_get_constraintdef(oid) from pg_constraint where conname = 'bookings_status_known'")[0][0]
    assert set(re.findall(r"'(\w+)'", check)) == states


def test_the_database_refuses_every_other_transition(stack, market):
    _, guest, place = market
    booking = book(guest, quote(guest, place["id"], 30).json()["id"]).json()
    pairs = set(stack.query("select from_status, to_status from booking_transitions"))
    states = re.findall(r"^STATE\(\w+, (\w+),", DEF, re.M)
    fill = "cancelled_at = case when %s = 'cancelled' then now() end, hold_expires_at = now(), respond_by = now()"
    update = f"update bookings set status = %s, {fill} where id = %s"
    with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
        for before, after in itertools.product(states, states):
            cursor.execute("begin; alter table bookings disable trigger user")
            cursor.execute(update, (before, before, booking["id"]))
            cursor.execute("alter table bookings enable trigger bookings_allowed")
            refused = None
            try:
                cursor.execute(update, (after, after, booking["id"]))
            except psycopg2.errors.CheckViolation as error:
                refused = error.diag.constraint_name
            cursor.execute("rollback")
            assert refused == (None if before == after or (before, after) in pairs else "bookings_transition_allowed")


# --- business time


def test_the_clock_moves_quotes_but_not_tokens(stack, market):
    _, guest, place = market
    made = quote(guest, place["id"], 30).json()
    stack.clock("+20m")  # a quote lives 15 minutes, and so does a token
    assert book(guest, made["id"]).json()["type"].endswith("/quote_expired")
    assert guest.get("/v1/me").status_code == 200
    assert (stack.clock("0") - stack.clock()).total_seconds() <= 0
    assert book(guest, made["id"]).status_code == 201


def test_the_clock_is_refused_outside_of_the_sandbox(stack, tmp_path):
    conf = tmp_path / "nexus.conf"
    conf.write_text(stack.conf.read_text().replace("sandbox = yes", "sandbox = no"))
    refused = stack.ctl("-c", str(conf), "clock", "+1d", check=False)
    assert refused.returncode == 77 and "sandbox mode only" in refused.stderr
    for program in ("nexus-api", "nexus-jobs"):
        done = subprocess.run([stack.build_dir / program, "-c", conf, "--check"], env={"NEXUS_CLOCK": "+1d"}, text=True,
                              capture_output=True, check=False)
        assert done.returncode == 1 and "NEXUS_CLOCK: business time is moved in sandbox mode only" in done.stderr


# --- time ends what is not decided


def test_a_stay_completes_when_it_is_over(stack, market):
    _, guest, place = market
    booking = book(guest, quote(guest, place["id"], 2, nights=2).json()["id"]).json()
    assert stack.job("booking-complete") == 0
    stack.clock("+5d")
    assert stack.job("booking-complete") == 1
    assert guest.get(f"/v1/bookings/{booking['id']}").json()["status"] == "completed"
    assert stack.query("select count(*) from occupancy where booking_id = %s", booking["id"]) == [(0,)]
