"""Calendars: reading nights, changing ranges, blocks and stays."""
import datetime

import pytest

from marketplace import book, check_invariants, day, make_property, quote


@pytest.fixture(scope="module")
def host(stack):
    return stack.user(name="Calendar Host")


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user()


@pytest.fixture
def place(host):
    return make_property(host)["id"]


def nights(session, place, first, last):
    answer = session.get(f"/v1/properties/{place}/calendar?from={day(first)}&to={day(last)}")
    assert answer.status_code == 200, answer.text
    return {n["date"]: n for n in answer.json()["data"]}


def put(session, place, *ranges):
    return session.put(f"/v1/properties/{place}/calendar", json={"ranges": list(ranges)})


def dollars(amount):
    return {"amount": amount, "currency": "USD"}


def test_a_new_calendar(api, place):
    found = nights(api, place, 5, 8)
    assert list(found) == [day(5), day(6), day(7)]
    assert found[day(5)] == {"date": day(5), "available": True, "blocked": False, "price": dollars(12000), "min_nights": 1,
                             "max_nights": 30, "closed_to_arrival": False, "closed_to_departure": False, "season_id": None}


def test_a_year_at_once(api, place):
    assert len(nights(api, place, 1, 367)) == 366
    refused = api.get(f"/v1/properties/{place}/calendar?from={day(1)}&to={day(368)}")
    assert refused.status_code == 400 and refused.json()["errors"][0]["pointer"] == "/to"
    for query in ("", f"?from={day(2)}", f"?from={day(2)}&to={day(2)}", f"?from={day(3)}&to={day(2)}", "?from=x&to=y"):
        assert api.get(f"/v1/properties/{place}/calendar{query}").status_code == 400


def test_the_past_is_not_available(api, place):
    assert not any(n["available"] for n in nights(api, place, -5, -1).values())


def test_prices_and_shortest_stays(host, api, place):
    answer = put(host, place, {"from": day(10), "to": day(14), "price": dollars(20000), "min_nights": 3},
                 {"from": day(12), "to": day(13), "price": dollars(30000)})
    assert answer.status_code == 200, answer.text
    assert [(n["price"]["amount"], n["min_nights"]) for n in answer.json()["data"]] == \
        [(20000, 3), (20000, 3), (30000, 3), (20000, 3)]
    assert nights(api, place, 10, 14) == {n["date"]: n for n in answer.json()["data"]}
    assert put(host, place, {"from": day(11), "to": day(13), "price": None}).status_code == 200
    assert [(n["price"]["amount"], n["min_nights"]) for n in nights(api, place, 10, 14).values()] == \
        [(20000, 3), (12000, 3), (12000, 3), (20000, 3)]
    assert put(host, place, {"from": day(10), "to": day(14), "price": None, "min_nights": None}).status_code == 200
    assert all(n["price"] == dollars(12000) and n["min_nights"] == 1 for n in nights(api, place, 9, 15).values())


def test_blocks(stack, host, guest, api, place):
    assert put(host, place, {"from": day(10), "to": day(20), "blocked": True}).status_code == 200
    assert put(host, place, {"from": day(8), "to": day(11), "blocked": True}).status_code == 200, "blocking twice is fine"
    assert all(n["blocked"] and not n["available"] for n in nights(api, place, 8, 20).values())
    assert quote(guest, place, 19, nights=2).json()["code"] == "dates_unavailable"
    assert put(host, place, {"from": day(12), "to": day(15), "blocked": False}).status_code == 200
    assert [n["available"] for n in nights(api, place, 11, 16).values()] == [False, True, True, True, False]
    assert quote(guest, place, 12, nights=3).status_code == 201
    assert put(host, place, {"from": day(1), "to": day(30), "blocked": False}).status_code == 200
    assert all(n["available"] and not n["blocked"] for n in nights(api, place, 8, 20).values())
    check_invariants(stack)


def test_a_stay_is_never_touched(stack, host, guest, api, place):
    assert book(guest, quote(guest, place, 10, nights=2).json()["id"]).status_code == 201
    refused = put(host, place, {"from": day(5), "to": day(8), "blocked": True, "price": dollars(1)},
                  {"from": day(11), "to": day(13), "blocked": True})
    assert refused.status_code == 409 and refused.json()["code"] == "dates_unavailable", refused.text
    assert refused.json()["errors"][0]["pointer"] == "/ranges/1"
    assert all(n["available"] and n["price"] == dollars(12000) for n in nights(api, place, 5, 8).values()), "all or nothing"
    assert put(host, place, {"from": day(12), "to": day(13), "blocked": True}).status_code == 200, "the day of departure is free"
    assert put(host, place, {"from": day(9), "to": day(14), "blocked": False}).status_code == 200
    assert [n["available"] for n in nights(api, place, 9, 13).values()] == [True, False, False, True]
    check_invariants(stack)


def test_one_unit_of_several(stack, host, api):
    made = make_property(host, units=[{"name": "1"}, {"name": "2"}])
    units = [u["id"] for u in host.get(f"/v1/properties/{made['id']}?include=units").json()["units"]]
    assert put(host, made["id"], {"from": day(10), "to": day(12), "blocked": True, "unit_id": units[0]}).status_code == 200
    assert all(n["available"] and not n["blocked"] for n in nights(api, made["id"], 10, 12).values())
    assert put(host, made["id"], {"from": day(11), "to": day(12), "blocked": True, "unit_id": units[1]}).status_code == 200
    assert [n["blocked"] for n in nights(api, made["id"], 10, 12).values()] == [False, True]
    check_invariants(stack)


def test_the_last_range_wins(host, api, place):
    answer = put(host, place, {"from": day(10), "to": day(20), "blocked": True}, {"from": day(12), "to": day(14), "blocked": False},
                 {"from": day(13), "to": day(15), "blocked": True})
    assert [n["blocked"] for n in answer.json()["data"]][:6] == [True, True, False, True, True, True]


@pytest.mark.parametrize("change, pointer", [
    ({"from": day(5), "to": day(5), "blocked": True}, "/ranges/0/to"), ({"from": day(5), "to": day(6)}, "/ranges/0"),
    ({"from": day(5), "to": day(6), "price": {"amount": 1, "currency": "EUR"}}, "/ranges/0/price/currency"),
    ({"from": day(5), "to": day(6), "price": 5}, "/ranges/0/price"), ({"from": day(5), "to": day(6), "min_nights": 0}, "/ranges/0/min_nights"),
    ({"from": day(5), "to": day(6), "unit_id": "00000000-0000-4000-8000-000000000000", "blocked": True}, "/ranges/0/unit_id"),
    ({"from": day(5), "to": day(6), "unit_id": "00000000-0000-4000-8000-000000000000", "price": None}, "/ranges/0/unit_id"),
    ({"from": day(5), "to": str(datetime.date.today() + datetime.timedelta(days=3000)), "blocked": True}, "/ranges/0/to"),
])
def test_what_is_refused(host, place, change, pointer):
    answer = put(host, place, change)
    assert answer.status_code == 422, answer.text
    assert pointer in {e["pointer"] for e in answer.json()["errors"]}, answer.text


def test_who_may_change(guest, api, place):
    change = {"from": day(5), "to": day(6), "blocked": True}
    assert put(api, place, change).status_code == 401
    assert put(guest, place, change).json()["code"] == "not_found"
