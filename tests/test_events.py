"""The log of events and its feed: nothing missing, nothing out of order, nobody else's; waiting for what comes."""
import concurrent.futures
import contextlib
import random
import re
import threading
import time
import uuid

import pytest

from marketplace import book, day, make_property, quote
from stack import TOP, private_stack, wait_until

TYPES = re.findall(r'^EVENT\("([a-z_.]+)"', (TOP / "src/event/types.def").read_text(), re.M)


@pytest.fixture(scope="module")
def stack():
    with private_stack({"sandbox": "yes", "workers": "8", "payment_offline_instant": "no"}) as running:
        running.stop("jobs")  # readers of the feed give numbers, too
        yield running


@pytest.fixture
def host(stack):
    return stack.user(name="Event Host")


def feed(user, after=0, **params):
    """All there is after a number: (events, next)."""
    found = []
    while True:
        answer = user.get("/v1/events", params={"after": after, **params})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found, after = found + page["data"], page["next"]
        if not page["more"]:
            return found, after


def test_a_booking_tells_guest_and_host_and_nobody_else(stack, host):
    guest, stranger = stack.user(), stack.user()
    place = make_property(host)["id"]
    made = book(guest, quote(guest, place, 30).json()["id"]).json()
    guest.post(f"/v1/bookings/{made['id']}/cancel", json={})
    events, after = feed(guest)
    assert [(e["type"], e["subject"]) for e in events if e["kind"] == "booking"] == [("booking.confirmed", made["id"]), ("booking.cancelled", made["id"])]
    first = next(e for e in events if e["type"] == "booking.confirmed")
    assert first["data"]["status"] == "confirmed" and first["data"]["check_in"] == day(30) and first["data"]["property_id"] == place
    assert first["data"]["total"] == made["total"] and uuid.UUID(first["id"])
    assert {e["id"] for e in events if e["kind"] == "booking"} <= {e["id"] for e in feed(host)[0]}
    assert feed(stranger)[0] == [] and feed(guest, after) == ([], after)


def test_cohosts_see_what_they_may_read(stack, host):
    place, reader, other = make_property(host)["id"], stack.user(), stack.user()
    for user, permissions in ((reader, ["booking.read"]), (other, ["calendar.write"])):
        assert host.put(f"/v1/properties/{place}/members/{user.id}", json={"permissions": permissions}).status_code == 200
    after = feed(reader)[1]
    guest = stack.user()
    book(guest, quote(guest, place, 30).json()["id"])
    assert "booking.confirmed" in [e["type"] for e in feed(reader, after)[0]] and feed(other)[0] == []


def test_filter_limit_and_next(stack, host):
    place, guest = make_property(host)["id"], stack.user()
    for first in range(10, 22, 3):
        book(guest, quote(guest, place, first).json()["id"])
    page = guest.get("/v1/events", params={"limit": 2, "types": "booking.confirmed"}).json()
    assert len(page["data"]) == 2 and page["more"] and page["next"] == page["data"][1]["number"]
    assert len(feed(guest, limit=1, types="booking.confirmed")[0]) == 4 and feed(guest, types="booking.cancelled")[0] == []
    # What is not for the reader is passed over once and for all.
    assert feed(guest, types="booking.cancelled")[1] >= feed(host)[0][-1]["number"]
    for bad in ({"after": -1}, {"limit": 0}, {"limit": 501}, {"wait": 11}, {"types": "booking.nonsense"}, {"nope": 1}):
        assert guest.get("/v1/events", params=bad).status_code == 400, bad
    assert stack.session().get("/v1/events").status_code == 401


def test_waiting_ends_with_what_happens(stack, host):
    place, guest = make_property(host)["id"], stack.user()
    offer, after = quote(guest, place, 40).json()["id"], feed(host)[1]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: (host.get("/v1/events", params={"after": after, "wait": 10}).json(), time.monotonic()))
        wait_until(lambda: stack.metrics()['nexus_workers{state="busy"}'] >= 1, 10)
        assert not waiting.done()
        book(guest, offer)
        booked = time.monotonic()
        page, answered = waiting.result()
    assert [e["type"] for e in page["data"]] [:1] == ["booking.confirmed"] and answered - booked < 5


def test_few_wait_and_the_others_are_answered(stack):
    """An eighth of eight workers: one. The API goes on, and the places come back."""
    readers = [stack.user() for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        began = time.monotonic()
        waits = list(pool.map(lambda user: (user.get("/v1/events", params={"wait": 2, "after": feed(user)[1]}).status_code,
                                            time.monotonic() - began), readers))
    assert {status for status, _ in waits} == {200}
    assert sum(1 for _, seconds in waits if seconds >= 1.9) <= 2 and sum(1 for _, seconds in waits if seconds < 1.9) >= 4
    assert stack.session().get("/healthz").status_code == 200


def test_no_number_is_missing_and_none_comes_late(stack, host):
    """Writers of every length at once; readers who note what they see; then the log itself."""
    place = make_property(host)["id"]
    stop, seen = threading.Event(), {reader: [] for reader in range(3)}
    after = feed(host)[1]

    def write(seed):
        dice = random.Random(seed)
        with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
            connection.autocommit = False
            for _ in range(40):
                cursor.execute("update properties set version = version + 1 where id = %s", (place,)) if dice.random() < 0.2 else \
                    cursor.execute("insert into events_new (type, kind, subject, users, payload) values ('property.updated', 'property', %s, %s::uuid[], '{}')",
                                   (str(uuid.uuid4()), [host.id]))
                time.sleep(dice.random() * 0.01)  # some are committed long after they were written
                connection.rollback() if dice.random() < 0.2 else connection.commit()

    def read(number):
        at = after
        session = stack.session(host.token)
        while not stop.is_set() or number == 0:
            page = session.get("/v1/events", params={"after": at, "limit": 500}).json()
            seen[number] += [e["number"] for e in page["data"]]
            at = page["next"]
            if stop.is_set() and not page["data"]:
                break
        return at

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        writers = [pool.submit(write, seed) for seed in range(8)]
        readers = [pool.submit(read, number) for number in seen]
        concurrent.futures.wait(writers)
        stop.set()
        for writer in writers:
            writer.result()
        ends = [reader.result() for reader in readers]
    # Who looked while another gave numbers has seen what was there.
    seen[0] += [e["number"] for e in feed(host, ends[0])[0]]
    numbers = [n for n, in stack.query("select number from events order by number")]
    assert numbers == list(range(1, len(numbers) + 1)) and stack.query("select count(*) from events_new")[0][0] == 0
    mine = [n for n, in stack.query("select number from event_readers where user_id = %s and number > %s order by number", host.id, after)]
    assert len(mine) > 150 and seen[0] == mine
    assert all(seen[n] == mine[:len(seen[n])] for n in (1, 2))


def test_what_is_committed_first_has_the_lower_number(stack, host):
    """Written first and committed last is later, also when the log was not looked at in between."""
    with contextlib.closing(stack.db()) as late, contextlib.closing(stack.db()) as early:
        late.autocommit = early.autocommit = False
        places = [make_property(host)["id"], make_property(host)["id"]]
        after = feed(host)[1]
        for connection, place in zip((late, early), places):
            connection.cursor().execute("update properties set version = version + 1 where id = %s", (place,))
        early.commit()
        late.commit()
    assert [e["subject"] for e in feed(host, after)[0]] == places[::-1]


def test_what_is_undone_leaves_no_event(stack, host):
    place, guest = make_property(host)["id"], stack.user()
    after, offer = feed(guest)[1], quote(guest, place, 50).json()["id"]
    assert guest.post("/v1/bookings", json={"quote_id": offer}, headers={"Prefer": "dry-run"}).status_code < 300
    assert feed(guest, after)[0] == []


def test_every_type_is_made_and_known(stack, host):
    """The facts go through their states; what the triggers say is in the table and in the docs."""
    guest, place = stack.user(), make_property(host)["id"]
    made = book(guest, quote(guest, place, 60).json()["id"]).json()
    host.patch(f"/v1/properties/{place}", json={"title": "Another title"})
    changed = host.put(f"/v1/properties/{place}/calendar", json={"ranges": [{"from": day(80), "to": day(82), "price": {"amount": 9900, "currency": "USD"}}]})
    assert changed.status_code == 200, changed.text
    with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
        others = ("bookings_allowed", "bookings_unsold", "bookings_sale_later", "bookings_reversal")
        cursor.execute("begin; " + "; ".join(f"alter table bookings disable trigger {name}" for name in others))
        for status in ("held", "requested", "checked_in", "completed", "declined", "expired", "no_show", "cancelled"):
            cursor.execute("update bookings set status = %s, hold_expires_at = now(), respond_by = now(), cancelled_at = case when %s = 'cancelled' then now() end "
                           "where id = %s", (status, status, made["id"]))
        cursor.execute("update bookings set guests = guests + 1 where id = %s", (made["id"],))
        cursor.execute("set constraints all immediate; " + "; ".join(f"alter table bookings enable trigger {name}" for name in others) + "; commit")
        pay = str(uuid.uuid4())
        cursor.execute("insert into payments (id, booking_id, provider, purpose, status, amount, currency) values (%s, %s, 'elsewhere', 'security', 'pending', 100, 'USD')",
                       (pay, made["id"]))
        for status in ("requires_action", "authorized", "failed", "cancelled"):
            cursor.execute("update payments set status = %s where id = %s", (status, pay))
        cursor.execute("update payments set status = 'captured', captured = 100, captured_at = now() where id = %s", (pay,))
        back = str(uuid.uuid4())
        cursor.execute("insert into refunds (id, payment_id, booking_id, amount, currency, reason, status) values (%s, %s, %s, 10, 'USD', 'x', 'pending')",
                       (back, pay, made["id"]))
        for status in ("sent", "failed"):
            cursor.execute("update refunds set status = %s where id = %s", (status, back))
        cursor.execute("insert into refunds (id, payment_id, booking_id, amount, currency, reason, status, done_at) values (%s, %s, %s, 10, 'USD', 'x', 'done', now())",
                       (str(uuid.uuid4()), pay, made["id"]))
        cursor.execute("insert into payouts (id, payee_id, provider, currency, amount, status) values (%s, %s, 'elsewhere', 'USD', 100, 'pending')", (back, host.id))
        cursor.execute("update payouts set status = 'paid', paid_at = now() where id = %s", (back,))
        cursor.execute("insert into reviews (id, property_id, booking_id, author_id, author_name, rating, comment) values (%s, %s, %s, %s, 'x', 5, 'x')",
                       (back, place, made["id"], guest.id))
        cursor.execute("update reviews set rating = 4 where id = %s", (back,))
        cursor.execute("insert into events_new (type, kind, subject, users, payload) values ('webhook.test', 'webhook', %s, %s::uuid[], '{}')", (back, [host.id]))
    told = {e["type"] for e in feed(host)[0]}
    assert told == set(TYPES)
    documented = set(re.findall(r"^\| `([a-z_.]+)` \|", (TOP / "docs/events.md").read_text(), re.M))
    assert documented == set(TYPES)


def test_whoever_shows_a_calendar_elsewhere_is_told_when_to_read_it_again(stack, host):
    """Seasons, weekdays, rules and prices: each change is one event."""
    place = make_property(host)["id"]
    at = f"/v1/properties/{place}"
    changes = [("/seasons", {"seasons": [{"name": "Summer", "from": "2027-06-15", "to": "2027-07-15", "min_nights": 3}]}), ("/seasons", {"seasons": []}),
               ("/weekdays", {"weekdays": [{"weekday": "friday", "min_nights": 2}]}), ("/rules", {"preparation_nights": 1}),
               ("/pricing", {}), ("/pricing", {"cancellation_policy": "strict"})]
    after = feed(host)[1]
    for path, body in changes:
        answer = host.put(at + path, json=body)
        assert answer.status_code == 200, (path, answer.text)
        told, after = feed(host, after)
        assert [(event["type"], event["subject"], event["data"]["property_id"]) for event in told] == [("calendar.changed", place, place)], path
    assert host.patch(at, json={"price": {"amount": 12300, "currency": "USD"}}).status_code == 200
    assert [event["type"] for event in feed(host, after)[0]] == ["property.updated"]


def test_jobs_give_numbers_and_forget(stack, host):
    guest, place = stack.user(), make_property(host)["id"]
    book(guest, quote(guest, place, 70).json()["id"])
    assert stack.job("event-sequence") > 0
    last = stack.query("select number from event_head")[0][0]
    stack.clock("+31d")
    try:
        assert stack.job("event-prune") >= last and stack.query("select count(*) from event_readers")[0][0] == 0
    finally:
        stack.clock("0")
    book(guest, quote(guest, place, 75).json()["id"])
    assert [e["number"] for e in feed(guest)[0]][0] == last + 1  # numbers are never used again


def test_jobs_do_it_by_themselves(stack, host):
    place = make_property(host)["id"]
    stack.start("jobs")
    try:
        wait_until(lambda: stack.query("select count(*) from events where subject = %s", place)[0][0] > 0, 30)
    finally:
        stack.stop("jobs")
