"""The life of a booking, from hold to completion, on a clock that the tests move."""
import concurrent.futures
import contextlib
import datetime
import itertools
import re
import subprocess
import uuid

import psycopg2
import pytest

from marketplace import book, check_invariants, day, make_property, quote
from stack import TOP, private_stack

DEF = (TOP / "src/booking/booking.def").read_text()


@pytest.fixture(scope="module")
def stack():
    with private_stack({"sandbox": "yes", "hold_limit": "5"}) as running:
        running.stop("jobs")  # the tests say when a job runs
        yield running


@pytest.fixture
def market(stack):
    """Host, guest and a property nobody else knows; the clock is where the wall's is."""
    stack.clock("0")
    host, guest = stack.user(), stack.user()
    yield host, guest, make_property(host)
    stack.clock("0")


def pay(stack, booking):
    """Money for the whole of a booking comes, as a provider's word brings it; what becomes of it."""
    with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
        cursor.execute("select set_config('nexus.clock', coalesce((select shift::text from sandbox_clock), ''), false)")
        cursor.execute("""with paid as (insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at)
                              select gen_random_uuid(), id, 'offline', 'charge', 'captured', total, currency, total, now()
                                from bookings where id = %s returning captured)
                          select captured from paid""", (booking,))
        amount = cursor.fetchone()[0]
        cursor.execute("select booking_pay(%s, %s, %s)", (booking, amount, str(uuid.uuid4())))
        verdict = cursor.fetchone()[0]
        if verdict in ("twice", "too_late"):  # as whoever is told so does
            cursor.execute("select payment_refund(%s, null, %s, %s, false)", (booking, amount, verdict))
        return verdict


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


# --- holds


def hold(session, quote_id):
    return session.post("/v1/holds", json={"quote_id": quote_id})


def test_a_hold_keeps_its_nights_until_it_expires(stack, market):
    _, guest, place = market
    other = stack.user()
    held = hold(guest, quote(guest, place["id"], 40).json()["id"])
    assert held.status_code == 201 and held.headers["Location"] == f"/v1/holds/{held.json()['id']}"
    assert held.json()["status"] == "held" and held.json()["address"] is None and held.json()["confirmed_at"] is None
    theirs = quote(other, place["id"], 41)
    assert theirs.status_code == 409
    assert stack.job("booking-expire") == 0
    stack.clock("+16m")
    assert stack.job("booking-expire") == 1
    assert guest.get(f"/v1/holds/{held.json()['id']}").json()["status"] == "expired"
    assert book(other, quote(other, place["id"], 41).json()["id"]).status_code == 201
    check_invariants(stack)


def test_the_search_index_knows_whose_time_is_up_first(stack, market):
    _, guest, place = market
    stack.query("update booking_rules set instant_book = false where property_id = %s", place["id"])
    requested = book(guest, quote(guest, place["id"], 40).json()["id"]).json()
    stack.query("update booking_rules set instant_book = true where property_id = %s", place["id"])
    held, paid = (hold(guest, quote(guest, place["id"], ahead).json()["id"]).json() for ahead in (50, 60))
    due = lambda: stack.query("select due_at from property_search where property_id = %s", place["id"])[0][0]
    ends = lambda made: stack.query("select coalesce(hold_expires_at, respond_by) from bookings where id = %s", made["id"])[0][0]
    assert due() == ends(held) < ends(paid) < ends(requested)
    assert guest.delete(f"/v1/holds/{held['id']}").status_code == 200
    assert due() == ends(paid)
    assert pay(stack, paid["id"]) == "confirmed"
    assert due() == ends(requested)
    stack.query("select search_rebuild()")
    assert due() == ends(requested)
    stack.clock("+10d")
    assert stack.job("booking-expire") == 1
    assert due() is None
    check_invariants(stack)


def test_who_wants_the_nights_of_a_hold_whose_time_is_up_need_not_wait_for_the_job(stack, market):
    _, guest, place = market
    other = stack.user()
    made = quote(other, place["id"], 40, nights=3).json()["id"]
    held = hold(guest, quote(guest, place["id"], 41).json()["id"]).json()
    assert book(other, made).status_code == 409
    stack.clock("+14m")
    assert book(other, made).status_code == 409
    stack.query("update quotes set expires_at = expires_at + interval '1 hour' where id = %s", made)
    stack.clock("+2m")
    booked = book(other, made)
    assert booked.status_code == 201, booked.text
    assert guest.get(f"/v1/holds/{held['id']}").json()["status"] == "expired"
    assert stack.query("select count(*) from occupancy where booking_id = %s", held["id"]) == [(0,)]
    check_invariants(stack)


def test_holds_of_a_user_are_limited_also_when_they_come_at_once(stack, market):
    _, guest, place = market
    quotes = [quote(guest, place["id"], 10 + 3 * i).json()["id"] for i in range(12)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda made: hold(stack.session(guest.token), made), quotes))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] * 5 + [409] * 7
    assert {answer.json()["type"].rsplit("/", 1)[1] for answer in answers if answer.status_code == 409} == {"hold_limit"}
    first = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
    gone = guest.delete(f"/v1/holds/{first}")
    assert gone.status_code == 200 and gone.json()["status"] == "cancelled" and gone.json()["refund"] is None
    assert guest.delete(f"/v1/holds/{first}").status_code == 409
    assert hold(guest, quote(guest, place["id"], 60).json()["id"]).status_code == 201
    stack.clock("+1h")  # those whose time is up do not count, also before the job has come by
    assert hold(guest, quote(guest, place["id"], 70).json()["id"]).status_code == 201


def test_money_confirms_a_hold_also_a_late_one_whose_nights_are_free(stack, market):
    _, guest, place = market
    for late, sold, verdict in ((False, False, "confirmed"), (True, False, "confirmed"), (True, True, "too_late")):
        stack.clock("0")
        held = hold(guest, quote(guest, place["id"], 80 + 10 * late + 20 * sold).json()["id"]).json()
        if late:
            stack.clock("+20m")
            stack.job("booking-expire")
        if sold:
            other = stack.user()
            assert book(other, quote(other, place["id"], 80 + 10 * late + 20 * sold).json()["id"]).status_code == 201
        assert pay(stack, held["id"]) == verdict
        after = guest.get(f"/v1/bookings/{held['id']}").json()
        assert after["status"] == ("confirmed" if verdict == "confirmed" else "expired")
        if verdict == "confirmed":
            assert after["confirmed_at"] and pay(stack, held["id"]) == "twice"
    check_invariants(stack)


def test_late_money_does_not_bring_back_the_last_use_of_a_coupon(stack, market):
    """The hold that had it has expired, somebody else has used it: free nights are not enough."""
    host, guest, place = market
    other = stack.user()

    def quote_with(coupon, session, ahead):
        answer = session.post("/v1/quotes", json={"property_id": place["id"], "check_in": day(ahead), "check_out": day(ahead + 2),
                                                  "guests": 1, "coupon": coupon["code"]})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    for used, verdict, status in ((False, "confirmed", "confirmed"), (True, "too_late", "expired")):
        stack.clock("0")
        coupon = host.post("/v1/coupons", json={"code": f"L{used:d}-{place['id'][-12:]}", "percent_ppm": 100000, "max_uses": 1}).json()
        held = hold(guest, quote_with(coupon, guest, 130 + 10 * used)).json()
        stack.clock("+20m")
        stack.job("booking-expire")
        if used:
            assert book(other, quote_with(coupon, other, 150)).status_code == 201
        assert pay(stack, held["id"]) == verdict
        assert guest.get(f"/v1/bookings/{held['id']}").json()["status"] == status
        assert host.get(f"/v1/coupons/{coupon['id']}").json()["used"] == 1
    check_invariants(stack)


# --- requests


@pytest.fixture
def asking(stack, market):
    """The property's host wants to be asked."""
    host, guest, place = market
    stack.query("update booking_rules set instant_book = false, request_hours = 24 where property_id = %s", place["id"])
    return host, guest, place


def test_a_host_accepts_or_declines_in_time(stack, asking):
    host, guest, place = asking
    first, second = (book(guest, quote(guest, place["id"], ahead).json()["id"]).json() for ahead in (30, 40))
    assert first["status"] == "requested" and first["respond_by"] and first["address"] is None
    assert stack.query("select count(*) from occupancy where booking_id = %s", first["id"]) == [(1,)]
    assert guest.post(f"/v1/bookings/{first['id']}/accept").status_code == 409
    accepted = host.post(f"/v1/bookings/{first['id']}/accept")
    assert accepted.status_code == 200 and accepted.json()["status"] == "confirmed" and accepted.json()["address"]
    declined = host.post(f"/v1/bookings/{second['id']}/decline")
    assert declined.status_code == 200 and declined.json()["status"] == "declined"
    assert stack.query("select count(*) from occupancy where booking_id = %s", second["id"]) == [(0,)]
    for verb in ("accept", "decline"):
        assert host.post(f"/v1/bookings/{second['id']}/{verb}").json()["type"].endswith("/booking_state")
    assert hold(guest, quote(guest, place["id"], 50).json()["id"]).json()["type"].endswith("/stay_rules")
    check_invariants(stack)


def test_a_request_that_is_not_answered_ends(stack, asking):
    host, guest, place = asking
    asked = book(guest, quote(guest, place["id"], 30).json()["id"]).json()
    stack.clock("+25h")
    late = host.post(f"/v1/bookings/{asked['id']}/accept")
    assert late.status_code == 409 and "over" in late.json()["detail"]
    assert stack.job("booking-expire") >= 1
    assert guest.get(f"/v1/bookings/{asked['id']}").json()["status"] == "expired"


# --- the stay


def test_arrival_and_departure(stack, market):
    host, guest, place = market
    booking = book(guest, quote(guest, place["id"], 5, nights=3).json()["id"]).json()
    path = f"/v1/bookings/{booking['id']}"
    assert booking["check_in_at"][11:] in ("19:00:00Z", "20:00:00Z")  # 15:00 in Albany
    assert host.post(f"{path}/check-in").json()["type"].endswith("/booking_state")
    assert host.post(f"{path}/no-show").status_code == 409
    stack.clock("+6d")
    assert guest.post(f"{path}/no-show").status_code == 409
    here = guest.post(f"{path}/check-in")
    assert here.status_code == 200 and here.json()["status"] == "checked_in" and here.json()["arrived_at"]
    assert guest.post(f"{path}/cancel").status_code == 409
    gone = host.post(f"{path}/check-out")
    assert gone.status_code == 200 and gone.json()["status"] == "completed" and gone.json()["left_at"]
    assert stack.query("select count(*) from occupancy where booking_id = %s", booking["id"]) == [(0,)]


def test_a_no_show_is_owed(stack, market):
    host, guest, place = market
    booking = book(guest, quote(guest, place["id"], 5).json()["id"]).json()
    stack.clock("+6d")
    missed = host.post(f"/v1/bookings/{booking['id']}/no-show")
    assert missed.status_code == 200 and missed.json()["status"] == "no_show" and missed.json()["refund"] is None
    owed = stack.query("select sum(e.amount) from ledger_entries e join ledger_accounts a on a.id = e.account_id "
                       "join ledger_transactions t on t.id = e.transaction_id "
                       "where t.booking_id = %s and a.kind = 'guest' and t.kind in ('sale', 'reversal')", booking["id"])
    assert owed == [(-booking["total"]["amount"],)]


# --- what comes back


def steps_of(booking):
    return [(datetime.datetime.fromisoformat(step["until"]), step["refund"]["amount"]) for step in booking["refund_steps"]]


def reversed_by(stack, booking):
    return stack.query("select -sum(e.amount) from ledger_entries e join ledger_accounts a on a.id = e.account_id "
                       "join ledger_transactions t on t.id = e.transaction_id "
                       "where t.booking_id = %s and a.kind = 'host' and t.kind = 'reversal'", booking)[0][0] or 0


# policy -> steps: hours before check-in until when, what comes back of 100,000 for 40 nights
POLICIES = {
    "flexible": [(24, 100000)],
    "moderate": [(120, 100000), (0, 50000)],
    "limited": [(336, 100000), (168, 50000)],
    "firm": [(720, 100000), (168, 50000)],
    "strict": [(168, 50000)],
    "non_refundable": [],
    "long_stay": [(720, 100000), (0, 25000)],
}


@pytest.mark.parametrize("policy", POLICIES)
def test_the_steps_of_each_policy(stack, policy):
    ask = """select extract(epoch from timestamptz '2027-06-01 15:00Z' - s.until) / 3600, s.refund
               from refund_steps(cancellation_policy(%s), 100000, 40, %s, '2027-06-01 15:00Z') s"""
    assert [(int(hours), refund) for hours, refund in stack.query(ask, policy, "2027-05-31 12:00Z")] == POLICIES[policy]
    early = [(int(hours), refund) for hours, refund in stack.query(ask, policy, "2027-02-01 15:00Z")]
    grace = (120 * 24 - 24, 100000)  # everything comes back for a day, where that is not said anyway
    assert early == ([] if POLICIES[policy] and POLICIES[policy][0][1] == 100000 else [grace]) + POLICIES[policy]
    week = "2027-05-25 15:00Z"
    least = min((hours for hours, refund in POLICIES[policy] if refund == 100000), default=None)
    full = max(hours for hours, refund in stack.query(ask, policy, week) if refund == 100000)
    assert full == (min(least, 6 * 24) if least is not None and least < 6 * 24 else 6 * 24)


def test_every_step_is_what_is_paid_at_each_of_its_edges(stack, market):
    """Before an edge the step, at it the next one: by the clock of the place, across a change of its hour."""
    host, guest, place = market
    stack.query("insert into property_pricing (property_id, plan) values (%s, '{\"cancellation_policy\": \"moderate\"}')", place["id"])
    for edge, seconds in ((0, -60), (0, 60), (1, -60)):
        stack.clock("0")
        booking = book(guest, quote(guest, place["id"], 12, nights=3).json()["id"]).json()
        assert booking["cancellation_policy"] == "moderate"
        steps = steps_of(booking)
        assert [amount for _, amount in steps] == [36000, 18000] and steps[1][0].isoformat()[11:] in ("15:00:00-05:00", "15:00:00-04:00")
        ahead = int((steps[edge][0] - stack.clock()).total_seconds()) + seconds
        stack.clock(f"+{ahead}s")
        now = stack.clock()
        expected = next((amount for until, amount in steps if now < until), 0)
        assert pay(stack, booking["id"]) in ("earlier", "twice")
        gone = guest.post(f"/v1/bookings/{booking['id']}/cancel")
        assert gone.status_code == 200 and gone.json()["refund"] == {"amount": expected, "currency": "USD"}, gone.text
        assert expected == (36000 if (edge, seconds) == (0, -60) else 18000)
        assert reversed_by(stack, booking["id"]) == expected
        given = stack.query("select coalesce(sum(amount), 0) from refunds where booking_id = %s", booking["id"])[0][0]
        captured = stack.query("select sum(captured) from payments where booking_id = %s", booking["id"])[0][0]
        assert captured - given == 36000 - expected
    check_invariants(stack)


def test_a_host_who_cancels_gives_everything_back(stack, market):
    host, guest, place = market
    stack.query("insert into property_pricing (property_id, plan) values (%s, '{\"cancellation_policy\": \"non_refundable\"}')", place["id"])
    booking = book(guest, quote(guest, place["id"], 3).json()["id"]).json()
    assert booking["refund_steps"] == []
    assert host.post(f"/v1/bookings/{booking['id']}/cancel").json()["refund"]["amount"] == booking["total"]["amount"]
    again = book(guest, quote(guest, place["id"], 3).json()["id"]).json()
    assert guest.post(f"/v1/bookings/{again['id']}/cancel").json()["refund"]["amount"] == 0


# --- changes


def ask(session, booking, **wanted):
    return session.post(f"/v1/bookings/{booking['id']}/change", json=wanted)


def paid(stack, booking):
    return stack.query("select payment_paid(%s)", booking["id"])[0][0]


def test_a_change_is_asked_for_priced_and_accepted(stack, market):
    host, guest, place = market
    booking = book(guest, quote(guest, place["id"], 30, nights=2).json()["id"]).json()
    asked = ask(guest, booking, check_in=day(31), check_out=day(34))  # overlaps its own nights
    assert asked.status_code == 200, asked.text
    change = asked.json()["change"]
    assert (change["status"], change["requested_by"], change["difference"]["amount"]) == ("open", "guest", 12000)
    assert asked.json()["check_in"] == day(30) and paid(stack, booking) == 24000
    assert ask(guest, booking, check_out=day(33)).json()["code"] == "booking_state"
    path = f"/v1/bookings/{booking['id']}/change"
    assert guest.post(f"{path}/accept").json()["code"] == "booking_state"
    done = host.post(f"{path}/accept")
    assert done.status_code == 200, done.text
    after = done.json()
    assert (after["check_in"], after["check_out"], after["total"]["amount"]) == (day(31), day(34), 36000)
    assert after["change"]["status"] == "accepted" and after["check_in_at"][:10] == day(31)
    assert paid(stack, booking) == 36000 and len(after["lines"]) == 1
    assert host.post(f"{path}/accept").status_code == 409
    shorter = ask(host, booking, check_out=day(32))
    assert shorter.json()["change"]["difference"]["amount"] == -24000
    assert guest.post(f"{path}/accept").json()["total"]["amount"] == 12000 and paid(stack, booking) == 12000
    other = stack.user()
    assert book(other, quote(other, place["id"], 32, nights=2).json()["id"]).status_code == 201
    check_invariants(stack)
    assert stack.ctl("ledger", "check", check=False).returncode == 0


def test_a_change_keeps_the_coupon(stack, market):
    """Its one use is counted and its time over: it goes on holding, but for a stay that is too short for it."""
    host, guest, place = market
    made = host.post("/v1/coupons", json={"code": f"K-{uuid.uuid4().hex[:10]}", "percent_ppm": 250000, "max_uses": 1, "min_nights": 2})
    assert made.status_code == 201, made.text
    coupon = made.json()
    offer = guest.post("/v1/quotes", json={"property_id": place["id"], "check_in": day(40), "check_out": day(42), "guests": 1,
                                           "coupon": coupon["code"]}).json()
    booking = book(guest, offer["id"]).json()
    assert booking["total"]["amount"] == 18000
    stack.query("update coupons set valid_until = current_date - 9 where id = %s", coupon["id"])
    path = f"/v1/bookings/{booking['id']}/change"
    asked = ask(guest, booking, check_out=day(44))
    assert asked.status_code == 200 and asked.json()["change"]["difference"]["amount"] == 18000, asked.text
    after = host.post(f"{path}/accept").json()
    assert after["total"]["amount"] == paid(stack, booking) == 36000
    assert sorted(line["amount"]["amount"] for line in after["lines"]) == [-12000, 48000]
    short = ask(guest, booking, check_out=day(41)).json()["change"]
    assert short["difference"]["amount"] == 12000 - 36000
    assert host.post(f"{path}/accept").json()["total"]["amount"] == paid(stack, booking) == 12000
    assert host.get(f"/v1/coupons/{coupon['id']}").json()["used"] == 1
    check_invariants(stack)
    assert stack.ctl("ledger", "check", check=False).returncode == 0


def test_a_change_keeps_the_ages_of_children(stack, market):
    """A child of 9 stays one of 9 while nobody says otherwise; one more who is not told of is as dear as an adult."""
    host, guest, place = market
    plan = {"guests": {"included": 1, "extra": {"amount": 5000, "currency": "USD"},
                       "children": [{"under": 10, "price": {"amount": 0, "currency": "USD"}}]}}
    assert host.put(f"/v1/properties/{place['id']}/pricing", json=plan).status_code == 200
    made = guest.post("/v1/quotes", json={"property_id": place["id"], "check_in": day(30), "check_out": day(31), "adults": 1,
                                          "children": 1, "child_ages": [9]}).json()
    booking = book(guest, made["id"]).json()
    nights = made["total"]["amount"]
    path = f"/v1/bookings/{booking['id']}/change"
    for wanted, difference in (({"check_out": day(32)}, nights), ({"children": 1}, 0), ({"children": 2}, 2 * 5000),
                               ({"children": 2, "child_ages": [9, 8]}, 0), ({"child_ages": [12]}, 5000)):
        asked = ask(guest, booking, **wanted)
        assert asked.status_code == 200 and asked.json()["change"]["difference"]["amount"] == difference, (wanted, asked.text)
        assert guest.post(f"{path}/decline").status_code == 200
    wrong = ask(guest, booking, children=2, child_ages=[3])
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["pointer"] == "/child_ages"


def test_a_change_is_refused_declined_withdrawn_or_forgotten(stack, market):
    host, guest, place = market
    other = stack.user()
    booking = book(guest, quote(guest, place["id"], 30, nights=2).json()["id"]).json()
    path = f"/v1/bookings/{booking['id']}/change"
    assert book(other, quote(other, place["id"], 33, nights=2).json()["id"]).status_code == 201
    taken = ask(guest, booking, check_out=day(34))
    assert taken.status_code == 409 and taken.json()["code"] == "dates_unavailable" and taken.json()["reasons"]
    assert ask(guest, booking, adults=9).status_code == 422 and ask(guest, booking, check_out=day(29)).status_code == 422
    assert ask(other, booking, check_out=day(31)).status_code == 404
    for session, status in ((host, "declined"), (guest, "withdrawn")):
        assert ask(guest, booking, check_out=day(33)).status_code == 200
        assert session.post(f"{path}/decline").json()["change"]["status"] == status
        assert host.post(f"{path}/accept").status_code == 409
    assert ask(guest, booking, check_in=day(20), check_out=day(22)).status_code == 200
    assert book(other, quote(other, place["id"], 21).json()["id"]).status_code == 201
    lost = host.post(f"{path}/accept")
    assert lost.status_code == 409 and lost.json()["code"] == "dates_unavailable"
    assert guest.get(f"/v1/bookings/{booking['id']}").json()["check_in"] == day(30)
    check_invariants(stack)  # above all: it has its nights
    stack.clock("+25h")
    assert host.post(f"{path}/accept").status_code == 409
    assert stack.job("booking-change-expire") == 1
    assert guest.get(f"/v1/bookings/{booking['id']}").json()["change"]["status"] == "expired"
