"""Search: places, stays, prices, words; and that the index tells the truth."""
import random

import pytest

from marketplace import PROPERTY, book, check_invariants, day, make_property, quote


@pytest.fixture(scope="module")
def host(stack):
    return stack.user(name="Search Host")


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user()


@pytest.fixture
def spot(stack):
    """A corner of the sea that no other test uses: a function (dlng, dlat) -> location, and its bbox."""
    lng, lat = random.uniform(-170, 170), random.uniform(-60, -50)
    place = lambda dlng=0.0, dlat=0.0: {"lat": round(lat + dlat, 6), "lng": round(lng + dlng, 6)}
    return place, f"bbox={lng - .2:.5f},{lat - .2:.5f},{lng + .2:.5f},{lat + .2:.5f}"


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [p["id"] for p in answer.json()["data"]]


def refused(answer, pointer):
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["code"] == "bad_parameter" and pointer in {e["pointer"] for e in body["errors"]}, body


def test_box(host, api, spot):
    place, box = spot
    inside = make_property(host, location=place())["id"]
    make_property(host, location=place(0.5))
    assert ids(api.get(f"/v1/properties?{box}")) == [inside]


def test_box_across_the_antimeridian(host, api):
    east = make_property(host, location={"lat": -47.25, "lng": 179.9})["id"]
    west = make_property(host, location={"lat": -47.25, "lng": -179.9})["id"]
    assert set(ids(api.get("/v1/properties?bbox=179.5,-47.5,-179.5,-47&limit=100"))) >= {east, west}
    assert east not in ids(api.get("/v1/properties?bbox=-180,-47.5,-179.5,-47&limit=100"))
    near = api.get("/v1/properties?near=-47.25,179.99&radius=30&sort=distance&limit=100").json()["data"]
    assert {east, west} <= {p["id"] for p in near}


def test_near_sorts_by_distance(host, api, spot):
    place, _ = spot
    made = [make_property(host, location=place(0, d))["id"] for d in (0.03, 0.01, 0.02, 0.2)]
    here = place()
    answer = api.get(f"/v1/properties?near={here['lat']},{here['lng']}&radius=5&sort=distance")
    assert ids(answer) == [made[1], made[2], made[0]]
    distances = [p["distance"] for p in answer.json()["data"]]
    assert distances == pytest.approx([1.112, 2.224, 3.336], abs=0.01)
    assert ids(api.get(f"/v1/properties?near={here['lat']},{here['lng']}&radius=5&sort=-distance")) == [made[0], made[2], made[1]]


def test_stay(host, guest, api, spot):
    place, box = spot
    free, taken, short, small = (make_property(host, location=place(), **change)["id"]
                                 for change in ({}, {}, {"max_nights": 2}, {"capacity": 1}))
    assert book(guest, quote(guest, taken, 12, nights=2).json()["id"]).status_code == 201
    stay = f"{box}&check_in={day(10)}&check_out={day(13)}&guests=2"
    hits = api.get(f"/v1/properties?{stay}").json()["data"]
    assert [p["id"] for p in hits] == [free]
    assert hits[0]["total"] == {"amount": 36000, "currency": "USD"}
    assert short not in ids(api.get(f"/v1/properties?{stay}")) and small not in ids(api.get(f"/v1/properties?{stay}"))
    touching = f"{box}&check_in={day(10)}&check_out={day(12)}"
    assert set(ids(api.get(f"/v1/properties?{touching}"))) == {free, taken, short, small}
    after = f"{box}&check_in={day(14)}&check_out={day(15)}"
    assert taken in ids(api.get(f"/v1/properties?{after}"))


def test_several_units(host, guest, api, spot):
    """Every night has a free unit, but no unit is free on all of them."""
    place, box = spot
    made = make_property(host, location=place(), units=[{}, {}])
    units = [u["id"] for u in host.get(f"/v1/properties/{made['id']}?include=units").json()["units"]]
    block = lambda unit, a, b: {"from": day(a), "to": day(b), "blocked": True, "unit_id": unit}
    path = f"/v1/properties/{made['id']}/calendar"
    assert host.put(path, json={"ranges": [block(units[0], 10, 12), block(units[1], 12, 14)]}).status_code == 200
    assert all(n["available"] for n in api.get(path + f"?from={day(10)}&to={day(14)}").json()["data"])
    assert ids(api.get(f"/v1/properties?{box}&check_in={day(10)}&check_out={day(14)}")) == []
    assert ids(api.get(f"/v1/properties?{box}&check_in={day(10)}&check_out={day(12)}")) == [made["id"]]
    assert quote(guest, made["id"], 10, nights=4).json()["code"] == "dates_unavailable"


def test_total_is_what_the_quote_says(host, api, spot):
    place, box = spot
    rng = random.Random(3)
    for _ in range(6):
        made = make_property(host, location=place(), price={"amount": rng.randrange(1, 50000), "currency": "USD"})
        ranges = [{"from": day(a), "to": day(a + rng.randrange(1, 4)), "price": {"amount": rng.randrange(0, 90000), "currency": "USD"}}
                  for a in (rng.randrange(5, 20) for _ in range(4))]
        assert host.put(f"/v1/properties/{made['id']}/calendar", json={"ranges": ranges}).status_code == 200
    first = rng.randrange(5, 15)
    answer = api.get(f"/v1/properties?{box}&check_in={day(first)}&check_out={day(first + 5)}&sort=total").json()["data"]
    totals = [p["total"]["amount"] for p in answer]
    assert len(totals) == 6 and totals == sorted(totals)
    for hit in answer:
        assert quote(api, hit["id"], first, nights=5).json()["total"] == hit["total"]
    middle = totals[3]
    assert len(ids(api.get(f"/v1/properties?{box}&check_in={day(first)}&check_out={day(first + 5)}&total[lte]={middle}"))) == \
        sum(t <= middle for t in totals)


def test_min_nights_of_the_day_of_arrival(host, api, spot):
    place, box = spot
    made = make_property(host, location=place())
    change = {"ranges": [{"from": day(10), "to": day(11), "min_nights": 3}]}
    assert host.put(f"/v1/properties/{made['id']}/calendar", json=change).status_code == 200
    found = lambda a, b: ids(api.get(f"/v1/properties?{box}&check_in={day(a)}&check_out={day(b)}"))
    assert found(10, 12) == [] and found(10, 13) == [made["id"]] and found(9, 11) == [made["id"]]


def test_filters_and_sorts(host, api, spot):
    place, box = spot
    made = {}
    for price, room, amenities, kind in ((100, "entire_home", ["wifi", "pool"], "house"), (200, "private_room", ["wifi"], "apartment"),
                                         (300, "entire_home", ["pool"], "boat")):
        made[price] = make_property(host, location=place(), price={"amount": price, "currency": "USD"}, room_type=room,
                                    amenities=amenities, kind=kind)["id"]
    find = lambda query: ids(api.get(f"/v1/properties?{box}&{query}"))
    assert find("sort=price") == [made[100], made[200], made[300]]
    assert find("sort=-price") == [made[300], made[200], made[100]]
    assert find("sort=price&price[lte]=200") == [made[100], made[200]]
    assert find("price[gt]=200") == [made[300]]
    assert find("room_type=private_room") == [made[200]]
    assert set(find("room_type=private_room,entire_home")) == set(made.values())
    assert find("kind=boat") == [made[300]]
    assert find("amenities=wifi,pool") == [made[100]]
    assert set(find("amenities=pool")) == {made[100], made[300]}
    assert set(find("sort=-rating")) == set(made.values())


def test_words(host, api, spot):
    place, box = spot
    a = make_property(host, location=place(), title="Lighthouse keeper's cottage", description="Above the cliffs")["id"]
    b = make_property(host, location=place(), title="Cottage in the woods")["id"]
    find = lambda q: set(ids(api.get(f"/v1/properties?{box}", params={"q": q})))
    assert find("lighthouse") == {a} and find("COTTAGE") == {a, b} and find("cottage -woods") == {a}
    assert find('"above the cliffs"') == {a} and find("submarine") == set() and find("'; drop table x; --") == set()


def test_words_anywhere(host, api):
    word = "".join(random.choice("bcdfghjklm") for _ in range(12))
    made = [make_property(host, location={"lat": -55 + i, "lng": i}, title=f"{word} {i}", price={"amount": 10 - i, "currency": "USD"})["id"]
            for i in range(3)]
    assert ids(api.get(f"/v1/properties?q={word}")) == made[::-1]
    assert ids(api.get(f"/v1/properties?q={word}&sort=price")) == made[::-1]
    assert ids(api.get(f"/v1/properties?q={word}&bbox=-170,-90,170,90&sort=-price")) == made
    assert ids(api.get(f"/v1/properties?q={word}&bbox=0.5,-54.5,1.5,-53.5&check_in={day(5)}&check_out={day(6)}")) == [made[1]]
    page = api.get(f"/v1/properties?q={word}&limit=2").json()
    assert page["page"]["has_more"]
    assert ids(api.get(f"/v1/properties?q={word}&limit=2&cursor={page['page']['next_cursor']}")) == made[:1]


def test_paging_meets_every_hit_once(host, api, spot):
    place, box = spot
    made = {make_property(host, location=place(), price={"amount": 100 * (i % 4), "currency": "USD"})["id"] for i in range(15)}
    for sort in ("price", "-price", "-created_at", "-rating", "total", "-distance"):
        here, seen, cursor = place(), [], ""
        area = f"near={here['lat']},{here['lng']}&radius=5" if "distance" in sort else box
        while True:
            page = api.get(f"/v1/properties?{area}&sort={sort}&limit=4&check_in={day(3)}&check_out={day(5)}{cursor}").json()
            seen += [p["id"] for p in page["data"]]
            if not page["page"]["has_more"]:
                break
            cursor = "&cursor=" + page["page"]["next_cursor"]
        assert len(seen) == 15 and set(seen) == made, sort


@pytest.mark.parametrize("query, pointer", [
    ("bbox=1,2,3", "/bbox"), ("bbox=1,2,3,x", "/bbox"), ("bbox=0,50,1,40", "/bbox"), ("bbox=0,-91,1,0", "/bbox"),
    ("near=10,10", "/radius"), ("radius=5", "/near"), ("near=91,0&radius=5", "/near"), ("near=1,1&radius=5000", "/radius"),
    ("near=1,1&radius=5&bbox=0,0,1,1", "/near"), ("check_in=2030-01-01", "/check_out"), ("check_out=2030-01-01", "/check_in"),
    ("check_in=2030-01-02&check_out=2030-01-02", "/check_out"), ("check_in=2030-02-30&check_out=2030-03-02", "/check_in"),
    ("check_in=2020-01-01&check_out=2020-01-02", "/check_in"),
    ("guests=0", "/guests"), ("guests=two", "/guests"), ("room_type=castle", "/room_type"), ("amenities=dragon", "/amenities"), ("nonsense=1", "/nonsense"),
    ("sort=total&bbox=0,0,1,1", "/check_in"), ("sort=distance&bbox=0,0,1,1", "/near"),
    ("sort=total&check_in=2030-01-01&check_out=2030-01-03", "/bbox"), ("sort=title", "/sort"), ("q=", "/q"),
])
def test_what_is_refused(api, query, pointer):
    answer = api.get(f"/v1/properties?{query}")
    assert answer.status_code == 400, answer.text
    pointers = {e["pointer"] for e in answer.json()["errors"]}
    assert any(p == pointer or p.startswith(pointer + "/") for p in pointers), pointers


def test_the_world_is_answered_too(api):
    for query in ("", "?bbox=-180,-90,180,90", "?bbox=-180,-90,180,90&sort=price", "?sort=-rating&bbox=10,-80,-10,80",
                  f"?check_in={day(40)}&check_out={day(42)}"):
        assert api.get("/v1/properties" + query).status_code == 200


def test_the_index_is_the_truth(stack, host, guest):
    made = make_property(host, units=[{}, {}, {}])
    for start in (5, 5, 6, 20):
        book(guest, quote(guest, made["id"], start, nights=3).json()["id"])
    check_invariants(stack)
    before = stack.query("select * from property_search order by property_id")
    stack.query("select search_rebuild()")
    assert stack.query("select * from property_search order by property_id") == before
