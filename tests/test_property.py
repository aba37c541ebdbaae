"""Properties: offering, reading, changing and removing them; who sees what."""
import uuid

import pytest

from marketplace import PROPERTY, check_invariants, day, make_property, quote, book


@pytest.fixture(scope="module")
def host(stack):
    return stack.user(name="Hedda Host")


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user(name="Gus Guest")


def problem(answer, status, code, *pointers):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    body = answer.json()
    assert body["code"] == code, body
    assert set(pointers) <= {e["pointer"] for e in body.get("errors", [])}, body
    return body


def test_what_was_said_is_read_back(host, api):
    made = make_property(host, description="Two rooms.\nAnd a view.", units=[{"name": "East"}, {"name": "West"}])
    assert made["host_id"] == host.id
    for name in ("title", "description", "kind", "room_type", "city", "country", "location", "time_zone", "capacity", "bedrooms",
                 "beds", "bathrooms", "house_rules", "price", "min_nights", "max_nights", "photos", "status", "address"):
        want = "Two rooms.\nAnd a view." if name == "description" else PROPERTY[name]
        assert made[name] == want, name
    assert sorted(made["amenities"]) == sorted(PROPERTY["amenities"])
    assert made["rating"] == 0 and made["review_count"] == 0
    read = api.get(f"/v1/properties/{made['id']}")
    assert read.status_code == 200
    assert {**made, "address": None} == read.json()
    assert host.get(f"/v1/properties/{made['id']}").json() == made


def test_defaults(host):
    needed = {k: PROPERTY[k] for k in ("title", "kind", "room_type", "city", "country", "location", "time_zone", "capacity", "price")}
    answer = host.post("/v1/properties", json=needed)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["Location"].endswith(f"/v1/properties/{made['id']}")
    assert made["status"] == "draft" and made["description"] == "" and made["amenities"] == [] and made["photos"] == []
    assert (made["bedrooms"], made["beds"], made["bathrooms"], made["min_nights"], made["max_nights"]) == (1, 1, 1, 1, 365)
    units = host.get(f"/v1/properties/{made['id']}?include=units").json()["units"]
    assert len(units) == 1 and units[0]["position"] == 0


def test_edges(host, api):
    made = make_property(host, units=[{"name": "A"}, {"name": "B"}, {}])
    read = api.get(f"/v1/properties/{made['id']}?include=units,host,reviews&fields=id,title").json()
    assert [u["name"] for u in read["units"]] == ["A", "B", ""]
    assert read["host"]["id"] == host.id and "email" not in read["host"]
    assert read["reviews"] == [] and "city" not in read


def test_every_amenity_is_known_to_both_sides(stack, host):
    slugs = [row[0] for row in stack.query("select slug from amenities order by id")]
    made = make_property(host, amenities=slugs)
    assert sorted(made["amenities"]) == sorted(slugs)
    assert problem(host.post("/v1/properties", json={**PROPERTY, "amenities": ["wifi", "dragon"]}), 422, "validation_failed",
                   "/amenities/1")


def test_currencies_and_zones_are_known_to_both_sides(stack, host):
    """What the shapes accept, the database takes; rare ones included."""
    for currency, zone in (("AFN", "Asia/Kathmandu"), ("JPY", "America/Argentina/ComodRivadavia"), ("KWD", "Etc/GMT+12"), ("XAF", "GB")):
        made = make_property(host, price={"amount": 5, "currency": currency}, time_zone=zone)
        assert made["price"]["currency"] == currency and made["time_zone"] == zone
    codes = {code for code, in stack.query("select code from currencies")}
    assert len(codes) > 150


def test_an_account_that_is_gone(stack, host):
    ghost, place = stack.user(), make_property(host)["id"]
    stack.query("delete from users where id = %s", ghost.id)
    for answer in (ghost.post("/v1/properties", json=PROPERTY), quote(ghost, place, 5)):
        problem(answer, 401, "session_ended")


@pytest.mark.parametrize("change, pointer", [
    ({"title": ""}, "/title"), ({"title": None}, "/title"), ({"kind": "castle"}, "/kind"), ({"country": "usa"}, "/country"),
    ({"time_zone": "Mars/Olympus"}, "/time_zone"), ({"capacity": 0}, "/capacity"), ({"location": {"lat": 91, "lng": 0}}, "/location/lat"),
    ({"location": {"lat": 1}}, "/location/lng"), ({"price": {"amount": -1, "currency": "USD"}}, "/price/amount"),
    ({"price": {"amount": 1, "currency": "ZZZ"}}, "/price/currency"), ({"min_nights": 5, "max_nights": 4}, "/min_nights"),
    ({"photos": ["not a url"]}, "/photos/0"), ({"status": "removed"}, "/status"), ({"colour": "red"}, "/colour"), ({"units": []}, "/units"),
])
def test_what_is_refused(host, change, pointer):
    problem(host.post("/v1/properties", json={**PROPERTY, **change}), 422, "validation_failed", pointer)


def test_a_token_is_needed_to_offer(api):
    problem(api.post("/v1/properties", json=PROPERTY), 401, "unauthenticated")


def test_a_draft_is_its_hosts_alone(host, guest, api):
    draft = make_property(host, status="draft")
    path = f"/v1/properties/{draft['id']}"
    assert host.get(path).status_code == 200
    for other in (guest, api):
        problem(other.get(path), 404, "not_found")
        problem(other.get(path + f"/calendar?from={day(1)}&to={day(2)}"), 404, "not_found")
        problem(other.get(path + "/reviews"), 404, "not_found")
        problem(quote(other, draft["id"], 10), 404, "not_found", "/property_id")
    problem(guest.patch(path, json={"title": "Mine"}), 404, "not_found")
    own = host.get("/v1/me/properties?limit=100").json()["data"]
    assert draft["id"] in {p["id"] for p in own} and all(p["host_id"] == host.id and "address" in p for p in own)
    assert guest.get("/v1/me/properties").json()["data"] == []


def test_change(host, guest, api):
    made = make_property(host)
    path = f"/v1/properties/{made['id']}"
    etag = host.get(path).headers["ETag"]
    answer = host.patch(path, json={"title": "New", "amenities": ["pool"], "photos": [], "description": None, "min_nights": 3},
                        headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text
    now = answer.json()
    assert (now["title"], now["amenities"], now["photos"], now["description"], now["min_nights"]) == ("New", ["pool"], [], "", 3)
    same = ("kind", "city", "location", "price", "capacity", "house_rules", "address", "created_at", "max_nights", "status")
    assert all(now[name] == made[name] for name in same)
    assert now["updated_at"] > made["updated_at"]
    problem(host.patch(path, json={"title": "Late"}, headers={"If-Match": etag}), 412, "precondition_failed")
    problem(guest.patch(path, json={"title": "Mine"}), 404, "not_found")
    problem(host.patch(path, json={"price": {"amount": 1, "currency": "EUR"}}), 422, "validation_failed", "/price/currency")
    problem(host.patch(path, json={"max_nights": 2}), 422, "validation_failed", "/max_nights")
    problem(host.patch(path, json={"title": None}), 422, "validation_failed", "/title")
    problem(host.patch(f"/v1/properties/{uuid.uuid4()}", json={"title": "x"}), 404, "not_found")
    assert api.get(path).json()["title"] == "New"
    assert host.patch(path, json={}).status_code == 200


def test_unpublished_is_out_of_search(stack, host, api):
    made = make_property(host, location={"lat": 11.5, "lng": 22.5})
    path, found = f"/v1/properties/{made['id']}", "/v1/properties?bbox=22.4,11.4,22.6,11.6"
    assert made["id"] in {p["id"] for p in api.get(found).json()["data"]}
    assert host.patch(path, json={"status": "draft"}).status_code == 200
    assert made["id"] not in {p["id"] for p in api.get(found).json()["data"]}
    problem(api.get(path), 404, "not_found")
    check_invariants(stack)


def test_remove(stack, host, guest, api):
    made = make_property(host, units=[{}, {}])
    path = f"/v1/properties/{made['id']}"
    booked = book(guest, quote(guest, made["id"], 30).json()["id"])
    assert booked.status_code == 201, booked.text
    problem(guest.delete(path), 404, "not_found")
    problem(host.delete(path), 409, "property_in_use")
    assert guest.post(f"/v1/bookings/{booked.json()['id']}/cancel").status_code == 200
    blocked = host.put(path + "/calendar", json={"ranges": [{"from": day(3), "to": day(9), "blocked": True}]})
    assert blocked.status_code == 200, blocked.text
    gone = host.delete(path)
    assert gone.status_code == 204 and gone.content == b"", gone.text
    problem(api.get(path), 404, "not_found")
    problem(host.delete(path), 404, "not_found")
    problem(quote(guest, made["id"], 60), 404, "not_found", "/property_id")
    assert guest.get(path).json()["status"] == "removed", "who had a booking keeps seeing the place"
    assert made["id"] not in {p["id"] for p in host.get("/v1/me/properties?limit=100").json()["data"]}
    check_invariants(stack)


def test_the_address_is_for_who_comes(stack, host, api):
    made = make_property(host)
    path = f"/v1/properties/{made['id']}"
    coming, other = stack.user(), stack.user()
    booking = book(coming, quote(coming, made["id"], 20).json()["id"]).json()
    assert booking["address"] == PROPERTY["address"]
    assert coming.get(path).json()["address"] == PROPERTY["address"]
    assert other.get(path).json()["address"] is None and api.get(path).json()["address"] is None
    coming.post(f"/v1/bookings/{booking['id']}/cancel")
    assert coming.get(path).json()["address"] is None


def test_idempotent_creation(stack, host):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, second = (host.post("/v1/properties", json=PROPERTY, headers=key) for _ in range(2))
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert stack.query("select count(*) from properties where id = %s", first.json()["id"]) == [(1,)]


def test_reviews(stack, host, api):
    made = make_property(host)
    stack.query("""insert into reviews (id, property_id, author_name, rating, comment, created_at)
                   select gen_random_uuid(), %s, 'Ann ' || i, 1 + i %% 5, 'Text ' || i, now() - i * interval '1 day'
                     from generate_series(1, 25) i""", made["id"])
    path, seen = f"/v1/properties/{made['id']}/reviews?limit=10", []
    while path:
        page = api.get(path).json()
        seen += [r["author_name"] for r in page["data"]]
        path = page["page"]["has_more"] and f"/v1/properties/{made['id']}/reviews?limit=10&cursor={page['page']['next_cursor']}"
    assert seen == [f"Ann {i}" for i in range(1, 26)]
    now = api.get(f"/v1/properties/{made['id']}").json()
    assert (now["rating"], now["review_count"]) == (3, 25)
    problem(api.get(f"/v1/properties/{uuid.uuid4()}/reviews"), 404, "not_found")
