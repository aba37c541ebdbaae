"""Prefer: dry-run: everything is checked and answered, nothing is changed."""
import uuid

import pytest

from marketplace import book, make_property, quote

DRY = {"Prefer": "dry-run"}
TRACES = ("bookings", "occupancy", "payments", "ledger_transactions", "ledger_entries", "outbox", "audit_log", "idempotency_keys", "quotes",
          "properties", "property_members", "refunds")


def state(stack):
    """What there is, and in which version."""
    tables = {name for (name,) in stack.query("select table_name from information_schema.tables where table_schema = 'public'")}
    counts = {name: stack.query(f"select count(*) from {name}")[0][0] for name in TRACES if name in tables}
    return counts, stack.query("select id, version, status from bookings order by id"), stack.query(
        "select id, version, status from properties order by id")


@pytest.fixture(scope="module")
def market(stack):
    host, guest = stack.user(), stack.user()
    place = make_property(host)
    return host, guest, place, book(guest, quote(guest, place["id"], 60).json()["id"]).json()


def test_a_booking_is_tried_and_not_made(stack, market):
    host, guest, place, _ = market
    offer = quote(guest, place["id"], 30).json()["id"]
    before = state(stack)
    for _ in range(2):
        tried = guest.post("/v1/bookings", json={"quote_id": offer}, headers={**DRY, "Idempotency-Key": str(uuid.uuid4())})
        assert tried.status_code == 201 and tried.headers["Preference-Applied"] == "dry-run", tried.text
        assert tried.json()["status"] == "confirmed" and tried.json()["property_id"] == place["id"]
        assert guest.get(f"/v1/bookings/{tried.json()['id']}").status_code == 404
    assert state(stack) == before
    assert book(guest, offer).status_code == 201


def test_a_key_that_was_tried_is_unused(stack, market):
    _, guest, place, _ = market
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"quote_id": quote(guest, place["id"], 34).json()["id"]}
    tried = guest.post("/v1/bookings", json=body, headers={**DRY, **key})
    made = guest.post("/v1/bookings", json=body, headers=key)
    assert (tried.status_code, made.status_code) == (201, 201) and "Idempotency-Replayed" not in made.headers
    again = guest.post("/v1/bookings", json=body, headers={**DRY, **key})
    assert again.status_code == 409 and again.json()["code"] == "quote_used"


@pytest.mark.parametrize("verb", ["cancel"])
def test_changes_of_a_booking_are_tried(stack, market, verb):
    _, guest, _, booking = market
    before = state(stack)
    tried = guest.post(f"/v1/bookings/{booking['id']}/{verb}", headers=DRY)
    assert tried.status_code == 200 and tried.json()["status"] == "cancelled" and tried.json()["refund"], tried.text
    assert state(stack) == before
    assert guest.get(f"/v1/bookings/{booking['id']}").json()["status"] == "confirmed"


def test_refusals_are_those_of_the_real_thing(stack, market):
    _, guest, _, _ = market
    refused = guest.post("/v1/bookings", json={"quote_id": str(uuid.uuid4())}, headers=DRY)
    assert refused.status_code == 404 and refused.json()["code"] == "not_found"
    assert guest.post("/v1/bookings", json={}, headers=DRY).status_code == 422


def test_writes_of_others_are_tried(stack, market):
    host, guest, place, _ = market
    before = state(stack)
    assert host.patch(f"/v1/properties/{place['id']}", json={"title": "Another"}, headers=DRY).json()["title"] == "Another"
    assert host.put(f"/v1/properties/{place['id']}/members/{guest.id}", json={"permissions": ["booking.read"]},
                    headers=DRY).status_code == 200
    other = make_property(host)
    before = state(stack)
    assert host.delete(f"/v1/properties/{other['id']}", headers=DRY).status_code in (200, 204)
    assert state(stack) == before
    assert host.get(f"/v1/properties/{place['id']}").json()["title"] == place["title"]


@pytest.mark.parametrize("preference, applied", [("respond-async, dry-run", True), ("Dry-Run", True), ("return=minimal", False), ("dry-runs", False)])
def test_how_it_is_asked_for(stack, market, preference, applied):
    _, guest, place, _ = market
    answer = guest.post("/v1/quotes", json={"property_id": place["id"], "check_in": "2027-03-01", "check_out": "2027-03-03", "guests": 2},
                        headers={"Prefer": preference})
    assert answer.status_code == 201 and ("Preference-Applied" in answer.headers) == applied
    found = stack.query("select count(*) from quotes where id = %s", answer.json()["id"])[0][0]
    assert found == (0 if applied else 1)


def test_what_cannot_be_taken_back_is_refused(stack, market):
    _, guest, _, _ = market
    for path, body in (("/v1/auth/login", {"email": guest.email, "password": guest.password}),
                       ("/v1/users", {"email": f"{uuid.uuid4()}@example.com", "password": guest.password, "name": "X"})):
        answer = stack.session().post(path, json=body, headers=DRY)
        assert answer.status_code == 400 and answer.json()["code"] == "bad_request", answer.text
    assert guest.get("/v1/me", headers=DRY).status_code == 200
