"""A small marketplace made over the API for tests that need something to sell."""
import datetime
import zoneinfo

PROPERTY = {"title": "A flat by the river", "description": "Two rooms and a view.", "kind": "apartment", "room_type": "entire_home",
            "address": "1 Quay Street", "city": "Albany", "country": "US", "location": {"lat": 42.6526, "lng": -73.7562},
            "time_zone": "America/New_York", "capacity": 4, "bedrooms": 2, "beds": 2, "bathrooms": 1.5,
            "amenities": ["wifi", "kitchen"], "house_rules": "No shoes inside.", "price": {"amount": 12000, "currency": "USD"},
            "min_nights": 1, "max_nights": 30, "photos": ["https://example.com/1.jpg"], "status": "published"}


def day(offset, today=None):
    """ISO date `offset` days from today, or from another day."""
    return str((today or datetime.date.today()) + datetime.timedelta(days=offset))


def midday():
    """A time zone where it is neither late nor early, and the date there: a test that begins there today also ends today."""
    now = datetime.datetime.now(datetime.timezone.utc)
    zone = "Asia/Manila" if now.hour < 4 else "America/Anchorage" if now.hour >= 20 else "Africa/Accra"
    return zone, now.astimezone(zoneinfo.ZoneInfo(zone)).date()


def make_property(host, **changes):
    answer = host.post("/v1/properties", json={**PROPERTY, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def quote(session, property_id, first, nights=2, guests=2, today=None):
    """The answer to a quote for `nights` from `first` days ahead."""
    return session.post("/v1/quotes", json={"property_id": property_id, "check_in": day(first, today), "guests": guests,
                                            "check_out": day(first + nights, today)})


def book(session, quote_id, key=None):
    return session.post("/v1/bookings", json={"quote_id": quote_id}, headers={"Idempotency-Key": key} if key else {})


OVERLAPS = """select count(*) from occupancy a join occupancy b on a.unit_id = b.unit_id and a.id < b.id and a.nights && b.nights"""
LOST = """select count(*) from bookings b left join occupancy o on o.booking_id = b.id
           where b.status in ('held', 'requested', 'confirmed', 'checked_in') and (o.id is null or not o.nights @> daterange(b.check_in, b.check_out) or lower(o.nights) <> b.check_in)"""
STALE = """select count(*) from property_search s join property_search_truth t using (property_id)
            where (s.busy, s.published, s.price, s.unit_count, s.amenity_ids, s.ruled, s.preparation_nights) is distinct from
                  (t.busy, t.published, t.price, t.unit_count, t.amenity_ids, t.ruled, t.preparation_nights)"""
OVERDUE = """select count(*) from bookings b join property_search s using (property_id)
              where b.status in ('held', 'requested')
                and (s.due_at > case b.status when 'held' then b.hold_expires_at else b.respond_by end) is not false"""
UNUSED = """select count(*) from bookings b join quotes q on q.id = b.quote_id where q.used_at is null"""


def check_invariants(stack):
    """No night sold twice, every confirmed booking holds its nights, the search index tells the truth."""
    for name, sql in (("overlaps", OVERLAPS), ("bookings without nights", LOST), ("stale search rows", STALE),
                      ("holds that end before due_at", OVERDUE), ("booked quotes that are not used", UNUSED)):
        assert stack.query(sql)[0][0] == 0, name
