"""Rules, seasons and weekdays of a calendar, what they do to quotes, bookings and searches, and how refusals are explained."""
import datetime
import itertools
import random

import pytest

from marketplace import PROPERTY, book, check_invariants, day, make_property, quote

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@pytest.fixture(scope="module")
def host(stack):
    return stack.user(name="Rules Host")


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user()


@pytest.fixture
def place(host):
    return make_property(host)["id"]


def dollars(amount):
    return {"amount": amount, "currency": "USD"}


def weekday(offset):
    return WEEKDAYS[datetime.date.fromisoformat(day(offset)).weekday()]


def put(session, place, what, document, **headers):
    return session.put(f"/v1/properties/{place}/{what}", json=document, headers=headers)


def ok(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def ranges(session, place, *given, **more):
    return ok(session.put(f"/v1/properties/{place}/calendar", json={"ranges": list(given), **more}))


def nights(session, place, first, last):
    return {n["date"]: n for n in ok(session.get(f"/v1/properties/{place}/calendar?from={first}&to={last}"))["data"]}


def prices(session, place, first, last):
    return [n["price"]["amount"] for n in nights(session, place, day(first), day(last)).values()]


def explain(session, place, first, count=2, guests=2):
    first = first if isinstance(first, str) else day(first)
    last = datetime.date.fromisoformat(first) + datetime.timedelta(days=count)
    return ok(session.get(f"/v1/properties/{place}/availability/explain?check_in={first}&check_out={last}&guests={guests}"))


def rules_of(document):
    return [r["rule"] for r in document["reasons"]]


def season(first, last, **more):
    return {"name": "Season", "from": first, "to": last, **more}


# ---- the documents

def test_rules_are_replaced_as_a_whole(host, api, place):
    read = api.get(f"/v1/properties/{place}/rules")
    defaults = {"advance_notice_hours": 0, "booking_window_days": None, "preparation_nights": 0, "check_in_from": "15:00",
                "check_in_until": None, "check_out_until": "11:00", "instant_book": True, "request_hours": 24}
    assert ok(read) == defaults
    given = {"advance_notice_hours": 24, "booking_window_days": 365, "preparation_nights": 1, "check_in_from": "16:30",
             "check_in_until": "22:00", "check_out_until": "10:00", "instant_book": False, "request_hours": 12}
    changed = put(host, place, "rules", given, **{"If-Match": read.headers["ETag"]})
    assert ok(changed) == given == ok(api.get(f"/v1/properties/{place}/rules"))
    assert changed.headers["ETag"] != read.headers["ETag"]
    assert put(host, place, "seasons", {"seasons": []}, **{"If-Match": read.headers["ETag"]}).json()["code"] == "precondition_failed", \
        "rules, seasons and weekdays share a version"
    assert ok(put(host, place, "rules", {})) == defaults, "what is left out gets its default"
    wrong = put(host, place, "rules", {"advance_notice_hours": -1, "preparation_nights": 31, "check_in_from": "24:00", "request_hours": 0,
                                       "version": 9, "property_id": place})
    assert wrong.status_code == 422
    assert {e["pointer"] for e in wrong.json()["errors"]} == \
        {"/advance_notice_hours", "/preparation_nights", "/check_in_from", "/request_hours", "/version", "/property_id"}


def test_seasons_are_replaced_as_a_whole(host, api, place):
    first = ok(put(host, place, "seasons", {"seasons": [
        season("2027-06-15", "2027-09-01", yearly=True, adjust_ppm=200000, min_nights=7, arrival_weekdays=["sunday", "saturday"]),
        season("2027-12-20", "2028-01-07", price=dollars(30000), max_nights=14)]}))["seasons"]
    assert [(s["yearly"], s["adjust_ppm"], s["price"], s["min_nights"], s["max_nights"], s["arrival_weekdays"]) for s in first] == \
        [(True, 200000, None, 7, None, ["saturday", "sunday"]), (False, None, dollars(30000), None, 14, None)]
    assert ok(api.get(f"/v1/properties/{place}/seasons"))["seasons"] == first
    kept = ok(put(host, place, "seasons", {"seasons": [season("2027-02-01", "2027-03-01"), {**first[0], "name": "Summer"}]}))["seasons"]
    assert kept[1] == {**first[0], "name": "Summer"} and kept[0]["id"] not in {s["id"] for s in first}
    other = make_property(host)["id"]
    stolen = put(host, other, "seasons", {"seasons": [{**first[0], "name": "Stolen"}]})
    assert stolen.status_code == 422 and stolen.json()["errors"][0]["pointer"] == "/seasons/0/id", stolen.text
    assert ok(put(host, place, "seasons", {"seasons": []}))["seasons"] == []


@pytest.mark.parametrize("given, pointer", [
    (season("2027-06-15", "2027-06-15"), "/seasons/0/to"), (season("2027-06-15", "2028-06-16", yearly=True), "/seasons/0/to"),
    (season("2027-06-15", "2027-07-15", price=dollars(1), adjust_ppm=1), "/seasons/0/adjust_ppm"),
    (season("2027-06-15", "2027-07-15", price={"amount": 1, "currency": "EUR"}), "/seasons/0/price/currency"),
    (season("2027-06-15", "2027-07-15", min_nights=3, max_nights=2), "/seasons/0/min_nights"),
    (season("2027-06-15", "2027-07-15", arrival_weekdays=[]), "/seasons/0/arrival_weekdays"),
    (season("2027-06-15", "2027-07-15", position=3), "/seasons/0/position"),
])
def test_seasons_that_are_refused(host, place, given, pointer):
    answer = put(host, place, "seasons", {"seasons": [given]})
    assert answer.status_code == 422 and pointer in {e["pointer"] for e in answer.json()["errors"]}, answer.text


def test_weekdays_are_replaced_as_a_whole(host, api, place):
    made = ok(put(host, place, "weekdays", {"weekdays": [{"weekday": "saturday", "closed_to_departure": True},
                                                         {"weekday": "friday", "adjust_ppm": 100000, "min_nights": 2}]}))["weekdays"]
    assert [w["weekday"] for w in made] == ["friday", "saturday"] and made == ok(api.get(f"/v1/properties/{place}/weekdays"))["weekdays"]
    assert made[1] == {"weekday": "saturday", "price": None, "adjust_ppm": None, "min_nights": None, "closed_to_arrival": False,
                       "closed_to_departure": True}
    twice = put(host, place, "weekdays", {"weekdays": [{"weekday": "monday"}, {"weekday": "monday"}]})
    assert twice.status_code == 422 and twice.json()["errors"][0]["pointer"] == "/weekdays/1/weekday"
    assert ok(put(host, place, "weekdays", {"weekdays": []}))["weekdays"] == []


def test_who_may_rule(guest, api, place):
    for what, document in (("rules", {}), ("seasons", {"seasons": []}), ("weekdays", {"weekdays": []})):
        assert put(api, place, what, document).status_code == 401
        assert put(guest, place, what, document).json()["code"] == "not_found"


def test_changes_by_others_are_remembered(stack, host, place):
    helper = stack.user()
    ok(host.put(f"/v1/properties/{place}/members/{helper.id}", json={"permissions": ["calendar.write"]}))
    for session in (host, helper):
        ok(put(session, place, "rules", {"preparation_nights": 1}))
        ok(put(session, place, "weekdays", {"weekdays": []}))
    told = stack.query("select user_id::text, after->>'changed' from audit_log where action = 'calendar.update' and target_id = %s "
                       "order by at", place)
    assert sorted(told) == [(helper.id, "rules"), (helper.id, "weekdays")], "not those of the host"


# ---- what holds on a night

def test_price_of_a_night(host, api, place):
    """Night over season over weekday over property; adjustments are laid over each other and rounded once."""
    ok(put(host, place, "seasons", {"seasons": [season(day(20), day(30), price=dollars(20000)), season(day(22), day(24), adjust_ppm=333333)]}))
    assert prices(api, place, 18, 26) == [12000, 12000, 20000, 20000, 16000, 16000, 20000, 20000]
    ok(put(host, place, "weekdays", {"weekdays": [{"weekday": weekday(n), "adjust_ppm": 100001} for n in range(7)]}))
    assert prices(api, place, 18, 26) == [13200, 13200, 22000, 22000, 17600, 17600, 22000, 22000]
    ok(put(host, place, "weekdays", {"weekdays": [{"weekday": weekday(n), "price": dollars(9000)} for n in range(7)]}))
    assert prices(api, place, 18, 26) == [9000, 9000, 20000, 20000, 12000, 12000, 20000, 20000]
    ranges(host, place, {"from": day(21), "to": day(23), "price": dollars(5)})
    assert prices(api, place, 18, 26) == [9000, 9000, 20000, 5, 5, 12000, 20000, 20000]
    ranges(host, place, {"from": day(21), "to": day(23), "price": None})
    assert prices(api, place, 18, 26) == [9000, 9000, 20000, 20000, 12000, 12000, 20000, 20000]


def test_quotes_and_searches_cost_what_the_calendar_says(stack, host, guest, api):
    lat = 61.0 + random.random()
    place = make_property(host, location={"lat": lat, "lng": 7.0}, min_nights=1)["id"]
    ok(put(host, place, "seasons", {"seasons": [season(day(41), day(43), price=dollars(20001))]}))
    ok(put(host, place, "weekdays", {"weekdays": [{"weekday": weekday(42), "adjust_ppm": 500000}]}))
    total = sum(prices(api, place, 40, 44))
    assert total == 12000 + 20001 + 30002 + 12000  # 30001.5 rounds up
    found = ok(api.get(f"/v1/properties?near={lat},7&radius=1&check_in={day(40)}&check_out={day(44)}&fields=id,total"))["data"]
    assert found == [{"id": place, "total": dollars(total)}]
    made = ok(quote(guest, place, 40, nights=4), 201)
    assert sum(line["amount"]["amount"] for line in made["lines"] if line["kind"] == "accommodation") == total
    assert made["total"]["amount"] >= total
    check_invariants(stack)


def test_yearly_seasons_and_leap_days(host, api):
    place = make_property(host, max_nights=1000)["id"]
    ok(put(host, place, "seasons", {"seasons": [
        season("2027-03-01", "2028-02-29", yearly=True, min_nights=3),
        season("2027-12-20", "2028-01-07", yearly=True, price=dollars(1), min_nights=3),
        season("2028-02-29", "2028-03-01", yearly=True, price=dollars(2))]}))
    found = nights(api, place, "2027-12-15", "2028-12-15")
    assert len(found) == 366 and "2028-02-29" in found, "a year with a leap day at once"
    assert {d for d, n in found.items() if n["price"]["amount"] == 1} == \
        {str(datetime.date(2027, 12, 20) + datetime.timedelta(days=i)) for i in range(18)}
    assert [d for d, n in found.items() if n["price"]["amount"] == 2] == ["2028-02-29"]
    assert [d for d, n in found.items() if n["min_nights"] == 1] == ["2028-02-29"], "from March to the 28th of February, in every year"
    later = nights(api, place, "2030-12-15", "2031-03-05")
    assert {d for d, n in later.items() if n["price"]["amount"] == 1} == \
        {str(datetime.date(2030, 12, 20) + datetime.timedelta(days=i)) for i in range(18)}
    assert [d for d, n in later.items() if n["price"]["amount"] == 2] == []
    assert all(n["min_nights"] == 3 for n in later.values())


# ---- rules of stays

def refusal(session, place, first, count=2, guests=2, status=422):
    """The reasons of a refused quote, which are those of the explanation."""
    answer = quote(session, place, first, nights=count, guests=guests)
    assert answer.status_code == status, answer.text
    told = explain(session, place, first, count, guests)
    assert answer.json()["reasons"] == told["reasons"] and not told["available"]
    return told


def test_each_rule_refuses_and_is_explained(host, guest, place):
    soon = [season(day(50), day(60), min_nights=4, max_nights=6, arrival_weekdays=[weekday(52)])]
    season_id = ok(put(host, place, "seasons", {"seasons": soon}))["seasons"][0]["id"]
    ok(put(host, place, "weekdays", {"weekdays": [{"weekday": weekday(36), "closed_to_arrival": True},
                                                  {"weekday": weekday(38), "closed_to_departure": True}]}))
    told = refusal(guest, place, 50, 3)
    assert [(r["rule"], r["source"], r["id"], r["limit"]) for r in told["reasons"]] == \
        [("min_nights", "season", season_id, 4), ("closed_to_arrival", "season", season_id, None)]
    assert rules_of(refusal(guest, place, 52, 8)) == ["max_nights"]
    assert explain(guest, place, 52, 4)["available"] and quote(guest, place, 52, nights=4).status_code == 201
    told = refusal(guest, place, 36, 2)
    assert [(r["rule"], r["source"], r["from"]) for r in told["reasons"]] == \
        [("closed_to_arrival", "weekday", day(36)), ("closed_to_departure", "weekday", day(38))]
    assert [n["rules"] for n in told["nights"]] == [["closed_to_arrival"], []]
    ranges(host, place, {"from": day(36), "to": day(37), "closed_to_arrival": False}, {"from": day(38), "to": day(39), "closed_to_departure": False})
    assert explain(guest, place, 36, 2)["available"], "the night wins over the weekday"
    ranges(host, place, {"from": day(30), "to": day(31), "min_nights": 2, "max_nights": 2, "closed_to_arrival": True})
    told = refusal(guest, place, 30, 3, guests=5)
    assert [(r["rule"], r["source"]) for r in told["reasons"]] == [("max_nights", "night"), ("closed_to_arrival", "night"),
                                                                  ("capacity", "property")]
    assert told["nearest"] == [], "too many guests on any day"
    assert rules_of(refusal(guest, place, -3, 2)) == ["past"]


def test_notice_and_window(host, guest, api, place):
    ok(put(host, place, "rules", {"advance_notice_hours": 72, "booking_window_days": 60}))
    told = refusal(guest, place, 1, 2)
    assert rules_of(told) == ["advance_notice"] and told["reasons"][0]["source"] == "rules"
    assert told["nearest"][0]["check_in"] in (day(3), day(4), day(5))
    assert rules_of(refusal(guest, place, 70, 2)) == ["booking_window"]
    assert explain(guest, place, 55, 2)["available"]
    found = nights(api, place, day(0), day(70))
    assert not found[day(1)]["available"] and found[day(10)]["available"] and not found[day(66)]["available"]


def test_reasons_of_taken_nights(stack, host, guest, place):
    other = stack.user()
    assert book(guest, ok(quote(guest, place, 20, nights=3), 201)["id"]).status_code == 201
    ranges(host, place, {"from": day(24), "to": day(26), "blocked": True, "reason": "Roof repair"})
    told = refusal(other, place, 19, 7, status=409)
    assert [(r["rule"], r["from"], r["to"]) for r in told["reasons"]] == [("booked", day(20), day(23)), ("blocked", day(24), day(26))]
    assert told["reasons"][0]["id"] is None and "note" not in told["reasons"][1]
    assert [n["rules"] for n in told["nights"]] == [[], ["booked"], ["booked"], ["booked"], [], ["blocked"], ["blocked"]]
    told = explain(host, place, 19, 7)
    assert told["reasons"][0]["id"] is not None and told["reasons"][1]["note"] == "Roof repair"
    assert [n.get("reason") for n in nights(host, place, day(23), day(27)).values()] == [None, "Roof repair", "Roof repair", None]
    assert all("reason" not in n for n in nights(other, place, day(23), day(27)).values())
    # Half of the block is opened: the rest keeps its reason.
    ranges(host, place, {"from": day(24), "to": day(25), "blocked": False})
    assert [n.get("reason") for n in nights(host, place, day(23), day(27)).values()] == [None, None, "Roof repair", None]
    check_invariants(stack)


@pytest.mark.parametrize("path", ["/v1/bookings", "/v1/holds"])
def test_a_refused_booking_tells_the_same(stack, guest, place, path):
    other = stack.user()
    mine, theirs = ok(quote(guest, place, 20, nights=3), 201)["id"], ok(quote(other, place, 21, nights=4), 201)["id"]
    assert book(guest, mine).status_code == 201
    refused = other.post(path, json={"quote_id": theirs})
    assert refused.status_code == 409 and refused.json()["code"] == "dates_unavailable"
    assert [(r["rule"], r["from"], r["to"], r["id"]) for r in refused.json()["reasons"]] == [("taken", day(21), day(23), None)]
    told = explain(other, place, 21, 4)["reasons"]
    assert [(r["from"], r["to"]) for r in told] == [(day(21), day(23))]


def test_nearest_dates_can_be_had(host, guest, place):
    ranges(host, place, {"from": day(10), "to": day(20), "blocked": True}, {"from": day(20), "to": day(21), "closed_to_arrival": True})
    told = explain(guest, place, 14, 3)
    # Days of arrival by distance from day 14: 7 leaves on the day the block begins, 20 is closed, so 21.
    assert [s["check_in"] for s in told["nearest"]] == [day(21), day(7), day(22)]
    for stay in told["nearest"]:
        assert explain(guest, place, stay["check_in"], 3)["available"]
    assert quote(guest, place, 21, nights=3).status_code == 201


def test_a_property_withdrawn_after_the_quote(host, guest, place):
    quoted = ok(quote(guest, place, 20), 201)["id"]
    ok(host.patch(f"/v1/properties/{place}", json={"status": "draft"}))
    refused = book(guest, quoted)
    assert refused.status_code == 422 and rules_of(refused.json()) == ["not_offered"], refused.text


def test_a_host_who_wants_to_be_asked(host, guest, place):
    ok(put(host, place, "rules", {"instant_book": False}))
    refused = guest.post("/v1/holds", json={"quote_id": ok(quote(guest, place, 20), 201)["id"]})
    assert refused.status_code == 422, refused.text
    assert [(r["rule"], r["source"], r["id"]) for r in refused.json()["reasons"]] == [("request_only", "rules", place)]


# ---- preparation

def test_preparation_nights(stack, host, guest, api):
    lat = 62.0 + random.random()
    place = make_property(host, location={"lat": lat, "lng": 8.0})["id"]
    ok(put(host, place, "rules", {"preparation_nights": 2}))
    assert book(guest, ok(quote(guest, place, 20, nights=3), 201)["id"]).status_code == 201

    def found(first, last):
        return api.get(f"/v1/properties?near={lat},8&radius=1&check_in={day(first)}&check_out={day(last)}").json()["data"] != []

    for first, last, free in ((23, 25, False), (24, 26, False), (25, 27, True), (17, 19, False), (16, 18, True), (18, 20, False)):
        assert found(first, last) == free, (first, last)
        assert quote(guest, place, first, nights=last - first).status_code == (201 if free else 409), (first, last)
        assert explain(guest, place, first, last - first)["available"] == free
    assert rules_of(explain(guest, place, 23, 2)) == ["preparation"] == rules_of(explain(guest, place, 18, 2))
    assert [n["available"] for n in nights(api, place, day(19), day(26)).values()] == [True, False, False, False, False, False, True]
    check_invariants(stack)


# ---- which unit

def units_of(stack, place):
    return [row[0] for row in stack.query("select id::text from units where property_id = %s order by position", place)]


def test_the_unit_that_fits_best(stack, host, guest):
    place = make_property(host, units=[{"name": n} for n in "abc"], min_nights=3)["id"]
    units = units_of(stack, place)

    def stay(first, count):
        return units.index(ok(book(guest, ok(quote(guest, place, first, nights=count), 201)["id"]), 201)["unit_id"])

    ranges(host, place, {"from": day(20), "to": day(30), "blocked": True, "unit_id": units[0]},
           {"from": day(18), "to": day(30), "blocked": True, "unit_id": units[1]})
    # a is free until 20, b until 18, c for ever: of 15 to 18 a would leave 18-20, which nobody can book.
    assert stay(15, 3) == 1
    # 17 to 20 ends where the block of a begins.
    assert stay(17, 3) == 0
    # After 30 all are alike but c, which has nothing before it: the gap from today is long enough everywhere.
    assert stay(30, 4) in (0, 1)
    check_invariants(stack)


def test_a_guest_gets_one_unit_for_the_whole_stay(stack, host, guest):
    place = make_property(host, units=[{"name": "a"}, {"name": "b"}])["id"]
    units = units_of(stack, place)
    ranges(host, place, {"from": day(10), "to": day(12), "blocked": True, "unit_id": units[0]},
           {"from": day(12), "to": day(14), "blocked": True, "unit_id": units[1]})
    told = refusal(guest, place, 10, 4, status=409)
    assert rules_of(told) == ["no_unit"] and [s["check_in"] for s in told["nearest"]][0] == day(12)
    quoted = ok(quote(guest, place, 14, nights=4), 201)["id"]
    ranges(host, place, {"from": day(14), "to": day(16), "blocked": True, "unit_id": units[0]},
           {"from": day(16), "to": day(18), "blocked": True, "unit_id": units[1]})
    refused = book(guest, quoted)
    assert refused.status_code == 409 and rules_of(refused.json()) == ["no_unit"], refused.text


# ---- many ranges at once

def test_a_result_for_each_range(stack, host, guest, place):
    assert book(guest, ok(quote(guest, place, 20, nights=2), 201)["id"]).status_code == 201
    given = [{"from": day(10), "to": day(12), "price": dollars(1)}, {"from": day(21), "to": day(23), "blocked": True},
             {"from": day(12), "to": day(14), "price": {"amount": 2, "currency": "EUR"}},
             {"from": day(30), "to": day(33), "blocked": True, "max_nights": 5, "closed_to_departure": True}]
    whole = host.put(f"/v1/properties/{place}/calendar", json={"ranges": given})
    assert whole.status_code == 422 and [e["pointer"] for e in whole.json()["errors"]] == ["/ranges/2/price/currency"]
    answer = ranges(host, place, *given, partial=True)
    assert [(r["range"], r["status"], r["nights"], r.get("code"), r.get("pointer")) for r in answer["results"]] == \
        [(0, "applied", 2, None, None), (1, "refused", 2, "dates_unavailable", "/ranges/1"),
         (2, "refused", 2, "rule", "/ranges/2/price/currency"), (3, "applied", 3, None, None)]
    found = {n["date"]: n for n in answer["data"]}
    assert found[day(10)]["price"] == dollars(1) and found[day(12)]["price"] == dollars(12000) and not found[day(22)]["blocked"]
    assert found[day(30)]["blocked"] and found[day(30)]["max_nights"] == 5 and found[day(32)]["closed_to_departure"]
    all_refused = ranges(host, place, given[1], partial=True)
    assert [r["status"] for r in all_refused["results"]] == ["refused"]
    check_invariants(stack)


@pytest.mark.parametrize("change, pointer", [
    ({"min_nights": 3, "max_nights": 2}, "/ranges/0/min_nights"), ({"reason": "x"}, "/ranges/0/reason"),
    ({"blocked": False, "reason": "x"}, "/ranges/0/reason"), ({"max_nights": 0}, "/ranges/0/max_nights"),
    ({"closed_to_arrival": 1}, "/ranges/0/closed_to_arrival"), ({"blocked": True, "season_id": None}, "/ranges/0/season_id"),
])
def test_ranges_that_are_refused(host, place, change, pointer):
    answer = host.put(f"/v1/properties/{place}/calendar", json={"ranges": [{"from": day(5), "to": day(6), **change}]})
    assert answer.status_code == 422 and pointer in {e["pointer"] for e in answer.json()["errors"]}, answer.text


# ---- search, explanation, quote and stay_offered() agree

def test_search_and_quote_agree(stack, host, guest, api):
    """Random rules; for every stay the search finds it exactly when it is explained as available and a quote is given."""
    rng = random.Random(5)
    lat = 63.0 + random.random()
    place = make_property(host, location={"lat": lat, "lng": 9.0}, min_nights=2, max_nights=9, units=[{"name": "a"}, {"name": "b"}])["id"]
    units = units_of(stack, place)
    ok(put(host, place, "rules", {"advance_notice_hours": 100, "booking_window_days": 90, "preparation_nights": 1}))
    ok(put(host, place, "weekdays", {"weekdays": [{"weekday": "sunday", "closed_to_arrival": True, "min_nights": 3},
                                                  {"weekday": "tuesday", "closed_to_departure": True, "adjust_ppm": -50000}]}))
    ok(put(host, place, "seasons", {"seasons": [season(day(20), day(40), min_nights=3, max_nights=12, adjust_ppm=150001),
                                                season(day(30), day(35), price=dollars(7777), arrival_weekdays=["friday", "monday"])]}))
    ranges(host, place, *({"from": day(n), "to": day(n + 2), "blocked": True, "unit_id": units[n % 2]} for n in range(10, 60, 7)),
           {"from": day(25), "to": day(27), "closed_to_arrival": True, "max_nights": 4})
    outcomes = set()
    for first, count in itertools.product(rng.sample(range(0, 92), 30), (1, 2, 4, 10)):
        last = first + count
        found = api.get(f"/v1/properties?near={lat},9&radius=1&check_in={day(first)}&check_out={day(last)}&fields=id,total")
        told, offered = explain(guest, place, first, count), quote(guest, place, first, nights=count)
        shown = ok(found)["data"]
        assert (shown != []) == told["available"] == (offered.status_code == 201), (first, count, told, shown, offered.text)
        if shown:
            assert shown[0]["total"]["amount"] == sum(n["price"]["amount"] for n in told["nights"])
        else:
            assert offered.json()["reasons"] == told["reasons"] != []
        outcomes |= {"available"} if shown else set(rules_of(told))
    assert {"available", "advance_notice", "booking_window", "min_nights", "max_nights", "closed_to_arrival", "closed_to_departure"} <= outcomes
    check_invariants(stack)


# ---- zones

@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Europe/Lisbon"])
def test_today_is_that_of_the_property(stack, host, guest, zone):
    """+14, -11 and two in between: the day that goes on there can be booked, the day before cannot."""
    place = make_property(host, time_zone=zone)["id"]
    today = stack.query("select (now() at time zone %s)::date", zone)[0][0]
    before = str(today - datetime.timedelta(days=1))
    assert explain(guest, place, str(today), 1)["available"]
    assert rules_of(explain(guest, place, before, 2)) == ["past"]
    found = nights(guest, place, before, str(today + datetime.timedelta(days=1)))
    assert [n["available"] for n in found.values()] == [False, True]
    answer = guest.post("/v1/quotes", json={"property_id": place, "check_in": str(today), "check_out": str(today + datetime.timedelta(days=1)),
                                            "guests": 1})
    assert book(guest, ok(answer, 201)["id"]).status_code == 201, "a stay whose check-out is before midnight UTC, or long after"


def test_nights_of_a_change_of_the_clock(stack, host, api):
    """A night is a night, of 23, 24 or 25 hours; Lord Howe's clock moves by half an hour, Apia once lost a day."""
    for zone, around in (("America/New_York", "2027-03-14"), ("America/New_York", "2027-11-07"), ("Europe/London", "2027-10-31"),
                         ("Australia/Lord_Howe", "2027-10-03"), ("America/Havana", "2027-03-14"), ("Pacific/Apia", "2027-09-26")):
        place = make_property(host, time_zone=zone)["id"]
        first = datetime.date.fromisoformat(around) - datetime.timedelta(days=2)
        found = nights(api, place, str(first), str(first + datetime.timedelta(days=4)))
        assert list(found) == [str(first + datetime.timedelta(days=i)) for i in range(4)] and all(n["available"] for n in found.values())
