"""Days and nights in zones, on a clock that the tests move: a property's day is that of its own wall."""
import datetime
import itertools

import pytest

from marketplace import book, check_invariants, make_property
from stack import private_stack


@pytest.fixture(scope="module")
def stack():
    with private_stack({"sandbox": "yes", "workers": "1"}) as running:
        running.stop("jobs")
        yield running


@pytest.fixture
def people(stack):
    yield stack.user(), stack.user()
    stack.clock("0")


def set_clock(stack, text):
    """Business time becomes this instant, to the second; text is a local time and its zone. nexusctl clock moves it by at most
    some days, so its row is written here."""
    stack.query("""insert into sandbox_clock (shift) select to_timestamp(extract(epoch from %s::timestamptz)) - now()
                   on conflict (one) do update set shift = excluded.shift""", text)


PLACES = itertools.count(1)


class Place:
    """A property alone in its corner of the map, seen by a guest in four ways that must agree."""

    def __init__(self, people, zone, rules=None, **changes):
        self.host, self.guest = people
        self.lat = 60 + next(PLACES) * 0.1
        self.id = make_property(self.host, time_zone=zone, location={"lat": self.lat, "lng": 3.0}, max_nights=400, **changes)["id"]
        if rules:
            answer = self.host.put(f"/v1/properties/{self.id}/rules", json=rules)
            assert answer.status_code == 200, answer.text

    def refused(self, first, nights=1):
        """Rules that stand against a stay; none: it can be had."""
        last = first + datetime.timedelta(days=nights)
        dates = f"check_in={first}&check_out={last}"
        told = self.guest.get(f"/v1/properties/{self.id}/availability/explain?{dates}&guests=2").json()
        found = self.guest.get(f"/v1/properties?near={self.lat},3&radius=1&{dates}").json()["data"]
        shown = self.guest.get(f"/v1/properties/{self.id}/calendar?from={first}&to={last}").json()["data"]
        quoted = self.quote(first, last)
        rules = [r["rule"] for r in told["reasons"]]
        assert (rules == []) == (found != []) == (quoted.status_code == 201), (first, rules, found, quoted.text)
        assert shown[0]["available"] == (not {"past", "advance_notice", "booking_window", "booked"} & set(rules))
        return rules

    def quote(self, first, last):
        return self.guest.post("/v1/quotes", json={"property_id": self.id, "check_in": str(first), "check_out": str(last), "guests": 2})


def date(text):
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize("now, zone, today", [
    ("2027-06-01 09:59:00 UTC", "Pacific/Kiritimati", "2027-06-01"), ("2027-06-01 10:00:02 UTC", "Pacific/Kiritimati", "2027-06-02"),
    ("2027-06-01 10:59:00 UTC", "Pacific/Pago_Pago", "2027-05-31"), ("2027-06-01 11:00:02 UTC", "Pacific/Pago_Pago", "2027-06-01"),
    ("2028-02-28 23:59:00 Europe/Paris", "Europe/Paris", "2028-02-28"), ("2028-02-29 00:00:02 Europe/Paris", "Europe/Paris", "2028-02-29"),
    ("2027-12-31 23:59:00 Asia/Kathmandu", "Asia/Kathmandu", "2027-12-31"),
])
def test_the_day_changes_at_midnight_there(stack, people, now, zone, today):
    place, today = Place(people, zone), date(today)
    set_clock(stack, now)
    assert place.refused(today - datetime.timedelta(days=1)) == ["past"]
    assert place.refused(today) == []
    quoted = place.quote(today, today + datetime.timedelta(days=1)).json()["id"]
    assert book(place.guest, quoted).status_code == 201, "a stay that may end before its first day is over in UTC"
    assert place.refused(today) == ["booked"]
    check_invariants(stack)


@pytest.mark.parametrize("now, zone, hours, first", [
    # Check-in is at 15:00. Five hours ahead: at ten, to the minute.
    ("2027-06-01 09:59:00 America/New_York", "America/New_York", 5, "2027-06-01"),
    ("2027-06-01 10:00:02 America/New_York", "America/New_York", 5, "2027-06-02"),
    # 24 hours over a night of 25 are 23 by the wall, over one of 23 they are 25.
    ("2027-11-06 15:30:00 America/New_York", "America/New_York", 24, "2027-11-07"),
    ("2027-03-13 14:30:00 America/New_York", "America/New_York", 24, "2027-03-15"),
    # The same instant in the zones furthest apart.
    ("2027-06-01 09:00:00 UTC", "Pacific/Kiritimati", 12, "2027-06-02"),
    ("2027-06-01 09:00:00 UTC", "Pacific/Pago_Pago", 12, "2027-06-01"),
    # Over the leap day.
    ("2028-02-28 16:00:00 Europe/Paris", "Europe/Paris", 24, "2028-03-01"),
])
def test_notice_by_the_clock_of_the_property(stack, people, now, zone, hours, first):
    place, first = Place(people, zone, {"advance_notice_hours": hours}), date(first)
    set_clock(stack, now)
    assert place.refused(first) == []
    assert place.refused(first - datetime.timedelta(days=1)) in (["advance_notice"], ["past"])


def test_the_window_moves_with_the_day(stack, people):
    place = Place(people, "Pacific/Auckland", {"booking_window_days": 366})
    set_clock(stack, "2027-12-31 23:59:00 Pacific/Auckland")
    assert place.refused(date("2028-12-30"), 1) == [] and place.refused(date("2028-12-31"), 1) == ["booking_window"], "366 days to 2028-12-31"
    set_clock(stack, "2028-01-01 00:00:02 Pacific/Auckland")
    assert place.refused(date("2028-12-31"), 1) == [], "and 366 of the leap year itself"


@pytest.mark.parametrize("zone, around", [
    ("America/New_York", "2027-03-14"), ("America/New_York", "2027-11-07"), ("Europe/London", "2027-10-31"), ("America/Havana", "2027-03-14"),
    ("Australia/Lord_Howe", "2027-10-03"), ("Europe/Paris", "2028-02-29"),
])
def test_a_night_of_23_or_25_hours_is_a_night(stack, people, zone, around):
    """Havana's clock moves at midnight, so that this day has no 00:00; Lord Howe's moves by half an hour."""
    place, around = Place(people, zone), date(around)
    set_clock(stack, f"{around - datetime.timedelta(days=1)} 12:00:00 {zone}")
    quoted = place.quote(around - datetime.timedelta(days=1), around + datetime.timedelta(days=2)).json()
    assert [(line["quantity"], line["amount"]["amount"]) for line in quoted["lines"] if line["kind"] == "accommodation"] == [(3, 36000)]
    assert book(place.guest, quoted["id"]).status_code == 201
    shown = place.guest.get(f"/v1/properties/{place.id}/calendar?from={around - datetime.timedelta(days=1)}"
                            f"&to={around + datetime.timedelta(days=3)}").json()["data"]
    assert [n["available"] for n in shown] == [False, False, False, True], "each night once, the day of departure free"
    set_clock(stack, f"{around} 12:00:00 {zone}")
    assert place.refused(around - datetime.timedelta(days=1)) == ["past", "booked"]
    assert place.refused(around + datetime.timedelta(days=2)) == []
    check_invariants(stack)


def test_a_year_of_366_nights(stack, people):
    place = Place(people, "Europe/Berlin")
    set_clock(stack, "2028-01-01 08:00:00 Europe/Berlin")
    year = place.guest.get(f"/v1/properties/{place.id}/calendar?from=2028-01-01&to=2029-01-01").json()["data"]
    assert len(year) == 366 and year[59]["date"] == "2028-02-29" and all(n["available"] for n in year)
    quoted = place.quote(date("2028-01-01"), date("2029-01-01"))
    assert quoted.status_code == 201 and sum(line["quantity"] for line in quoted.json()["lines"] if line["kind"] == "accommodation") == 366
    assert book(place.guest, quoted.json()["id"]).status_code == 201
    check_invariants(stack)
