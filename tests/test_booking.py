"""Quotes and bookings: prices, rules, who sees what, cancelling."""
import concurrent.futures
import datetime
import json
import uuid
import zoneinfo

import pytest

from marketplace import book, check_invariants, day, make_property, quote


@pytest.fixture(scope="module")
def host(stack):
    return stack.user(name="Booking Host")


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user(name="Booking Guest")


@pytest.fixture
def place(host):
    return make_property(host)["id"]


def booked(guest, place, first, nights=2):
    answer = book(guest, quote(guest, place, first, nights).json()["id"])
    assert answer.status_code == 201, answer.text
    return answer.json()


def code(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()["code"]


def pointers(answer):
    return {e["pointer"] for e in answer.json()["errors"]}


# --- quotes

def test_a_quote(api, place):
    answer = quote(api, place, 10, nights=3)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["property_id"] == place and (body["check_in"], body["check_out"], body["guests"]) == (day(10), day(13), 2)
    assert body["lines"] == [{"kind": "accommodation", "description": "3 nights", "quantity": 3,
                              "unit_amount": {"amount": 12000, "currency": "USD"}, "amount": {"amount": 36000, "currency": "USD"},
                              "payee": "host", "included": False}]
    assert body["host_lines"] == body["lines"] and body["host_total"] == body["total"]
    assert body["total"] == {"amount": 36000, "currency": "USD"}
    left = datetime.datetime.fromisoformat(body["expires_at"].replace("Z", "+00:00")) - datetime.datetime.now(datetime.timezone.utc)
    assert 0 < left.total_seconds() <= 15 * 60 + 5
    assert api.get(f"/v1/quotes/{body['id']}").json() == body
    assert answer.headers["Location"].endswith(f"/v1/quotes/{body['id']}")


def test_a_quote_is_its_guests(guest, host, api, place):
    made = quote(guest, place, 10).json()
    assert made["guest_id"] == guest.id
    assert guest.get(f"/v1/quotes/{made['id']}").json() == made
    assert code(api.get(f"/v1/quotes/{made['id']}"), 404) == code(host.get(f"/v1/quotes/{made['id']}"), 404) == "not_found"


def test_lines_by_price(host, api, place):
    host.put(f"/v1/properties/{place}/calendar", json={"ranges": [{"from": day(11), "to": day(13), "price": {"amount": 20000, "currency": "USD"}}]})
    body = quote(api, place, 10, nights=5).json()
    assert [(l["quantity"], l["unit_amount"]["amount"], l["amount"]["amount"]) for l in body["lines"]] == [(3, 12000, 36000), (2, 20000, 40000)]
    assert body["total"]["amount"] == 76000
    host.put(f"/v1/properties/{place}/calendar", json={"ranges": [{"from": day(11), "to": day(13), "price": {"amount": 1, "currency": "USD"}}]})
    assert api.get(f"/v1/quotes/{body['id']}").json() == body, "a quote is frozen"


def test_every_broken_rule_is_named(host, api):
    made = make_property(host, min_nights=3, max_nights=5, capacity=2)["id"]
    answer = quote(api, made, 10, nights=2, guests=3)
    assert code(answer, 422) == "stay_rules" and pointers(answer) == {"/check_out", "/guests"}
    assert {e["code"] for e in answer.json()["errors"]} == {"min_nights", "capacity"}
    answer = quote(api, made, -9, nights=6)
    assert {e["code"] for e in answer.json()["errors"]} == {"past", "max_nights"}
    assert quote(api, made, 10, nights=3).status_code == 201 and quote(api, made, 10, nights=5).status_code == 201


@pytest.mark.parametrize("body, pointer", [
    ({}, "/property_id"), ({"check_in": "2030-01-02", "check_out": "2030-01-02"}, "/check_out"), ({"check_in": "2030-02-30"}, "/check_in"),
    ({"guests": 0}, "/guests"), ({"guests": 2.5}, "/guests"), ({"property_id": "x"}, "/property_id"), ({"pets": 1}, "/pets"),
])
def test_what_is_no_stay(api, place, body, pointer):
    whole = {"property_id": place, "check_in": "2030-01-01", "check_out": "2030-01-03", "guests": 1}
    answer = api.post("/v1/quotes", json={**whole, **body} if body else body)
    assert code(answer, 422) == "validation_failed" and pointer in pointers(answer)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_today_is_that_of_the_property(host, api, zone):
    made = make_property(host, time_zone=zone)["id"]
    today = datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date()
    ask = lambda d: api.post("/v1/quotes", json={"property_id": made, "check_in": str(d), "check_out": str(d + datetime.timedelta(1)), "guests": 1})
    assert ask(today).status_code == 201
    assert code(ask(today - datetime.timedelta(1)), 422) == "stay_rules"


# --- bookings

def test_a_booking(stack, host, guest, place):
    made = quote(guest, place, 10).json()
    answer = book(guest, made["id"])
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["status"] == "confirmed" and body["quote_id"] == made["id"] and body["property_id"] == place
    assert (body["guest_id"], body["host_id"], body["total"], body["lines"]) == (guest.id, host.id, made["total"], made["lines"])
    assert (body["check_in"], body["check_out"], body["guests"]) == (made["check_in"], made["check_out"], 2)
    assert answer.headers["Location"].endswith(f"/v1/bookings/{body['id']}")
    for party in (guest, host):
        assert party.get(f"/v1/bookings/{body['id']}").json() == body
    edges = host.get(f"/v1/bookings/{body['id']}?include=guest,property,unit").json()
    assert edges["guest"]["name"] == "Booking Guest" and edges["property"]["id"] == place and edges["unit"]["id"] == body["unit_id"]
    check_invariants(stack)


def test_a_second_client_is_told_no(stack, guest, place):
    other = stack.user()
    mine, theirs = quote(guest, place, 10).json(), quote(other, place, 11).json()
    assert book(guest, mine["id"]).status_code == 201
    assert code(book(other, theirs["id"]), 409) == "dates_unavailable"
    assert code(quote(other, place, 11), 409) == "dates_unavailable"
    assert quote(other, place, 12).status_code == 201 and quote(other, place, 8).status_code == 201
    check_invariants(stack)


def test_a_refusal_costs_one_statement(stack, guest, place):
    first, late = quote(guest, place, 10).json(), quote(guest, place, 11).json()
    made = book(guest, first["id"])
    refused = [book(guest, late["id"]) for _ in range(40)]
    assert made.status_code == 201 and {answer.status_code for answer in refused} == {409}
    lines = [json.loads(line) for line in stack.log("api").splitlines() if line.startswith("{")]
    statements = {line["request_id"]: line["statements"] for line in lines if line.get("message") == "request"}
    # A worker that sees a token for the first time has to ask who it is: one more, now and then.
    assert statements[made.headers["X-Request-Id"]] in (2, 3)  # the booking, and what is answered
    assert min(statements[answer.headers["X-Request-Id"]] for answer in refused) == 1


def test_a_booking_is_its_parties(stack, host, guest, api, place):
    made = booked(guest, place, 10)
    path, other = f"/v1/bookings/{made['id']}", stack.user()
    assert code(other.get(path), 404) == "not_found" and code(api.get(path), 401) == "unauthenticated"
    assert code(other.post(path + "/cancel"), 404) == "not_found"
    assert other.get("/v1/bookings").json()["data"] == []
    assert code(api.get("/v1/bookings"), 401) == "unauthenticated"


def test_one_may_arrive_on_the_day_another_leaves(stack, host, guest):
    place = make_property(host)
    for check_in in (20, 22, 18):  # between no two of them is a night
        offer = quote(guest, place["id"], check_in, 2)
        assert offer.status_code == 201, offer.text
        assert book(guest, offer.json()["id"]).status_code == 201
    assert quote(guest, place["id"], 17, 2).status_code == 409 and quote(guest, place["id"], 17, 1).status_code == 201


def test_quotes_that_cannot_be_booked(stack, host, guest, api, place):
    other = stack.user()
    mine = quote(guest, place, 10).json()["id"]
    assert code(book(api, mine), 401) == "unauthenticated"
    assert code(book(other, mine), 404) == "not_found"
    assert code(book(guest, str(uuid.uuid4())), 404) == "not_found"
    assert code(book(guest, "x"), 422) == "validation_failed"
    assert book(guest, mine).status_code == 201
    assert code(book(guest, mine), 409) == "quote_used"
    late = quote(guest, place, 20).json()["id"]
    stack.query("update quotes set expires_at = now() where id = %s", late)
    assert code(book(guest, late), 409) == "quote_expired"
    closed = quote(guest, place, 22).json()["id"]
    host.patch(f"/v1/properties/{place}", json={"status": "draft"})
    assert code(book(guest, closed), 422) == "stay_rules"
    host.patch(f"/v1/properties/{place}", json={"status": "published"})
    assert book(guest, closed).status_code == 201
    assert code(book(host, quote(host, place, 40).json()["id"]), 403) == "forbidden"


def test_a_quote_without_token_can_be_booked_by_who_knows_it(guest, api, place):
    assert book(guest, quote(api, place, 10).json()["id"]).status_code == 201


def test_units_are_sold_one_by_one(stack, host):
    made = make_property(host, units=[{}, {}, {}])["id"]
    guests = [stack.user() for _ in range(4)]
    quotes = [quote(g, made, 10).json()["id"] for g in guests]
    answers = [book(g, q) for g, q in zip(guests, quotes)]
    assert [a.status_code for a in answers] == [201, 201, 201, 409]
    assert len({a.json()["unit_id"] for a in answers[:3]}) == 3
    check_invariants(stack)


def test_units_lost_to_a_race_give_way_to_others(stack, host):
    """Thirty at once for ten units: ten get one each."""
    made = make_property(host, units=[{}] * 10)["id"]
    guests = [stack.user() for _ in range(30)]
    quotes = [quote(g, made, 10).json()["id"] for g in guests]
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda pair: book(*pair), zip(guests, quotes)))
    assert sorted(a.status_code for a in answers) == [201] * 10 + [409] * 20
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"dates_unavailable"}
    assert len({a.json()["unit_id"] for a in answers if a.status_code == 201}) == 10
    check_invariants(stack)


def test_one_quote_at_once_from_many_hands(stack, host, guest):
    """The same quote ten times at once, on a property with units to spare: one booking."""
    made = make_property(host, units=[{}] * 10)["id"]
    wanted = quote(guest, made, 10).json()["id"]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: guest.session.stack.session(guest.token).post("/v1/bookings", json={"quote_id": wanted}), range(10)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 9
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"quote_used"}
    check_invariants(stack)


def test_idempotency(stack, guest, place):
    key, wanted = str(uuid.uuid4()), quote(guest, place, 10).json()["id"]
    first, again = book(guest, wanted, key), book(guest, wanted, key)
    assert first.status_code == again.status_code == 201 and first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first.headers
    assert code(book(guest, quote(guest, place, 20).json()["id"], key), 422) == "idempotency_mismatch"
    assert stack.query("select count(*) from bookings where quote_id = %s", wanted) == [(1,)]


# --- lists

def test_list(stack, host):
    place, guest = make_property(host)["id"], stack.user()
    first, second = booked(guest, place, 10), booked(guest, place, 20)
    guest.post(f"/v1/bookings/{first['id']}/cancel")
    found = lambda query, who=guest: [b["id"] for b in who.get(f"/v1/bookings?limit=100{query}").json()["data"]]
    assert found("") == [second["id"], first["id"]] and found("&sort=created_at") == [first["id"], second["id"]]
    assert found("&status=cancelled") == [first["id"]] and found("&status=confirmed") == [second["id"]]
    assert found("&role=guest") == [second["id"], first["id"]] and found("&role=host") == []
    assert found(f"&check_in[gte]={day(15)}") == [second["id"]] and found(f"&check_in[lt]={day(15)}") == [first["id"]]
    assert {first["id"], second["id"]} <= set(found("&role=host", host)) and found("&role=guest", host) == []
    page = guest.get("/v1/bookings?limit=1").json()
    assert page["page"]["has_more"] and page["data"][0]["id"] == second["id"]
    rest = guest.get(f"/v1/bookings?limit=1&cursor={page['page']['next_cursor']}").json()
    assert rest["data"][0]["id"] == first["id"] and not rest["page"]["has_more"]
    assert guest.get("/v1/bookings?role=owner").status_code == 400


# --- cancelling

@pytest.mark.parametrize("by", ["guest", "host"])
def test_cancel(stack, host, guest, api, place, by):
    who = {"guest": guest, "host": host}[by]
    made = booked(guest, place, 10)
    path = f"/v1/bookings/{made['id']}"
    etag = who.get(path).headers["ETag"]
    answer = who.post(path + "/cancel", headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "cancelled" and answer.json()["cancelled_by"] == by and answer.json()["cancelled_at"]
    assert who.get(path).json() == answer.json() and answer.json()["address"] is None
    assert code(who.post(path + "/cancel"), 409) == "booking_state"
    assert code(who.post(path + "/cancel", headers={"If-Match": etag}), 412) == "precondition_failed"
    assert booked(stack.user(), place, 10)["status"] == "confirmed", "the nights are free again"
    check_invariants(stack)


def test_a_stay_that_has_begun_is_not_cancelled(stack, guest, place):
    made = booked(guest, place, 3)
    stack.query("update bookings set check_in = current_date - 2, check_out = current_date + 3 where id = %s", made["id"])
    assert code(guest.post(f"/v1/bookings/{made['id']}/cancel"), 409) == "booking_state"
    assert guest.get(f"/v1/bookings/{made['id']}").json()["status"] == "confirmed"
    stack.query("update bookings set check_in = %s, check_out = %s where id = %s", made["check_in"], made["check_out"], made["id"])


def test_cancelled_at_once_from_both_sides(stack, host, guest, place):
    for first in range(10, 40, 3):
        made = booked(guest, place, first)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda who: who.post(f"/v1/bookings/{made['id']}/cancel"), (host, guest)))
        assert sorted(a.status_code for a in answers) == [200, 409]
    check_invariants(stack)
