"""Calendars of other platforms: what is imported, what is kept when a feed breaks, what both sides have, what we show them."""
import contextlib
import datetime
import http.server
import re
import threading
import uuid

import pytest

import marketplace as market
from stack import TOP, private_stack, wait_until



class Platform:
    """A server of calendars; `calendars[path]` is what it says: bytes, or a function of the handler."""

    def __init__(self):
        self.calendars, self.asked = {}, []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def handler(platform):  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def reply(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in {"Content-Type": "text/calendar", "Content-Length": len(body), **headers}.items():
                    self.send_header(name.replace("_", "-"), str(value))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def do_GET(self):
                platform.asked.append((self.path, dict(self.headers)))
                said = platform.calendars.get(self.path, b"")
                if callable(said):
                    said(self)
                    return
                self.reply(200 if self.path in platform.calendars else 404, said)

        return Handler


def night(offset):
    return market.day(offset)


def event(uid, first, nights, **more):
    lines = {"DTSTART;VALUE=DATE": night(first).replace("-", ""), "DTEND;VALUE=DATE": night(first + nights).replace("-", ""),
             "SUMMARY": "Reserved", **more}
    return "".join([f"BEGIN:VEVENT\r\nUID:{uid}\r\n", *(f"{name}:{value}\r\n" for name, value in lines.items()), "END:VEVENT\r\n"])


def calendar(*events):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Other//EN\r\n" + "".join(events) + "END:VCALENDAR\r\n").encode()


@pytest.fixture(scope="module")
def platform():
    it = Platform()
    yield it
    it.close()


@pytest.fixture(scope="module")
def stack(platform):
    """nexus-jobs does not run: tests run what is due. Calls are made by nexus-fetch."""
    with private_stack({"fetch_inside": platform.url, "fetch_socket": None, "job_runners": "3", "sandbox": "yes"}) as it:
        it.stop("jobs")
        yield it


@pytest.fixture(scope="module")
def host(stack):
    return stack.user()


class Place:
    """A property of one unit that follows one calendar."""

    def __init__(self, stack, platform, host, *events, follow=True, **changes):
        self.stack, self.platform, self.host = stack, platform, host
        self.id = market.make_property(host, **changes)["id"]
        self.path, self.feed = f"/{uuid.uuid4().hex}.ics", None
        self.says(*events)
        if follow:
            self.feed = self.follow(platform.url + self.path).json()["id"]
            self.imports()

    def says(self, *events):
        self.platform.calendars[self.path] = calendar(*events)

    def follow(self, url, **more):
        return self.host.post(f"/v1/properties/{self.id}/feeds", json={"name": "Other", "url": url, **more})

    def imports(self):
        """Everything that is due, now."""
        done = self.stack.jobs_drain()
        assert done["failed"] == 0, self.stack.query("select job, history from job_rows where error is not null")

    def refresh(self, **how):
        answer = self.host.post(f"/v1/properties/{self.id}/feeds/{self.feed}/refresh", json=how)
        assert answer.status_code == 202, answer.text
        self.imports()
        return self.read()

    def read(self):
        answer = self.host.get(f"/v1/properties/{self.id}/feeds/{self.feed}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def imported(self):
        """[(first night, nights)], days from today."""
        rows = self.stack.query("""select lower(o.nights) - current_date, upper(o.nights) - lower(o.nights) from occupancy o
                                     join units u on u.id = o.unit_id where u.property_id = %s and o.kind = 'import' order by 1""", self.id)
        return [tuple(row) for row in rows]

    def conflicts(self):
        answer = self.host.get(f"/v1/properties/{self.id}/feed-conflicts")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def available(self, first, nights=1):
        answer = self.host.get(f"/v1/properties/{self.id}/calendar", params={"from": night(first), "to": night(first + nights)})
        assert answer.status_code == 200, answer.text
        return [row["available"] for row in answer.json()["data"]]

    def book(self, guest, first, nights):
        quoted = market.quote(guest, self.id, first, nights)
        return market.book(guest, quoted.json()["id"]) if quoted.status_code == 201 else quoted


@pytest.fixture
def place(stack, platform, host):
    return lambda *events, **more: Place(stack, platform, host, *events, **more)


# ---- what hosts are told

def told(who, event):
    answer = who.get("/v1/notifications?limit=100").json()["data"]
    return [row for row in reversed(answer) if row["event"] == event]


def mails(stack, who, event):
    return stack.query("select payload from outbox where recipient = %s and event = %s order by id", who.email, event)


def test_a_feed_that_goes_on_failing_is_told_once_and_its_recovery_too(stack, place, platform):
    host, cohost = stack.user(name="Grace"), stack.user(name="Carl")
    stack.query("update users set email_verified_at = now() where id in (%s, %s)", host.id, cohost.id)
    it = Place(stack, platform, host, event("a", 10, 3))
    assert host.put(f"/v1/properties/{it.id}/members/{cohost.id}", json={"permissions": ["calendar.write"]}).status_code == 200
    for _ in range(2):  # two episodes
        before = len(told(host, "calendar.feed_failing"))
        it.platform.calendars[it.path] = lambda h: h.reply(500)
        for _ in range(4):
            assert it.refresh()["state"] == "failing"
        assert len(told(host, "calendar.feed_failing")) == before
        for _ in range(4):
            it.refresh()
        [notice] = told(host, "calendar.feed_failing")[before:]
        assert notice["data"]["feed"] == "Other" and notice["data"]["property_id"] == it.id and "Other" in notice["title"]
        assert not told(host, "calendar.feed_recovered")[before:]
        it.says(event("a", 10, 3))
        for _ in range(2):
            assert it.refresh()["state"] == "ok"
        assert len(told(host, "calendar.feed_recovered")) == before + 1
    for who in (host, cohost):
        for what in ("calendar.feed_failing", "calendar.feed_recovered"):
            assert len(told(who, what)) == len(mails(stack, who, what)) == 2
    assert mails(stack, host, "calendar.feed_failing")[0][0]["link"].endswith(f"/properties/{it.id}/calendar")


def test_a_feed_that_fails_for_a_day_is_told_though_it_was_asked_seldom(stack, platform):
    host = stack.user()
    it = Place(stack, platform, host, event("a", 10, 3))
    it.platform.calendars[it.path] = lambda h: h.reply(500)
    it.refresh()
    try:
        stack.clock("+23h")
        it.refresh()
        assert told(host, "calendar.feed_failing") == []
        stack.clock("+25h")
        it.refresh()
        assert len(told(host, "calendar.feed_failing")) == 1 and it.read()["failures"] < 5
        it.says(event("a", 10, 3))
        it.refresh()
        assert len(told(host, "calendar.feed_recovered")) == 1
    finally:
        stack.clock("0")


def test_a_conflict_is_told_once_until_it_is_over(stack, platform):
    host, guest = stack.user(name="Grace"), stack.user(name="Ada")
    stack.query("update users set email_verified_at = now() where id = %s", host.id)
    it = Place(stack, platform, host, event("x", 40, 1))
    bookings = [it.book(guest, first, 3) for first in (10, 20, 30)]
    assert {b.status_code for b in bookings} == {201}
    it.says(event("x", 40, 1), event("clash", 9, 3))
    for _ in range(3):
        it.refresh()
    [notice] = told(host, "calendar.conflict")
    assert (notice["data"]["check_in"], notice["data"]["guest_name"], notice["data"]["conflicts"]) == (night(10), "Ada", "1")
    it.says(event("x", 40, 1), event("clash", 9, 3), event("more", 21, 1), event("most", 30, 1))
    for _ in range(2):
        it.refresh()
    notices = told(host, "calendar.conflict")
    assert [n["data"]["conflicts"] for n in notices] == ["1", "3"] and notices[1]["data"]["check_in"] == night(20)
    it.says(event("x", 40, 1), event("more", 21, 1), event("most", 30, 1))  # one is over
    it.refresh()
    it.says(event("x", 40, 1), event("clash", 9, 3), event("more", 21, 1), event("most", 30, 1))  # and comes again
    it.refresh()
    notices = told(host, "calendar.conflict")
    assert len(notices) == 3 and notices[2]["data"]["check_in"] == night(10)
    assert len(mails(stack, host, "calendar.conflict")) == 3 and told(guest, "calendar.conflict") == []


# ---- import

def test_what_a_feed_says_is_taken_and_comes_free_again(stack, place):
    it = place(event("a", 10, 3), event("b", 20, 2), event("c", 20, 5))
    assert it.imported() == [(10, 3), (20, 5)]
    assert it.read()["state"] == "ok" and it.read()["event_count"] == 3 and it.read()["succeeded_at"]
    assert it.available(9, 5) == [True, False, False, False, True]
    guest = stack.user()
    assert it.book(guest, 11, 2).status_code == 409
    assert it.book(guest, 13, 2).status_code == 201
    it.says(event("a", 10, 2), event("c", 20, 5))  # a ends earlier, b is gone but c has its nights
    it.refresh()
    assert it.imported() == [(10, 2), (20, 5)]
    it.says(event("a", 10, 2), event("n", 30, 1))
    it.refresh()
    assert it.imported() == [(10, 2), (30, 1)]
    market.check_invariants(stack)


def test_importing_again_changes_nothing(stack, place):
    it = place(event("a", 10, 3), event("b", 20, 2))
    before = stack.query("select id, nights from occupancy where feed_id = %s order by 1", it.feed)
    it.refresh()
    it.says(event("b", 20, 2), event("a", 10, 3))
    it.refresh()
    assert stack.query("select id, nights from occupancy where feed_id = %s order by 1", it.feed) == before


def test_bookings_keep_their_nights_and_the_host_is_told(stack, place):
    it = place(event("x", 40, 1))
    guest = stack.user()
    booked = it.book(guest, 10, 3)
    assert booked.status_code == 201, booked.text
    it.says(event("x", 40, 1), event("clash", 9, 3, SUMMARY="Somebody else"))
    it.refresh()
    assert it.imported() == [(9, 1), (40, 1)]
    [conflict] = it.conflicts()
    assert conflict["booking_id"] == booked.json()["id"] and conflict["summary"] == "Somebody else" and not conflict["same_nights"]
    assert (conflict["from"], conflict["to"], conflict["check_in"]) == (night(9), night(12), night(10))
    assert stack.query("select status from bookings where id = %s", conflict["booking_id"]) == [("confirmed",)]
    # what the booking gives up the feed takes, without being read again
    asked = len(it.platform.asked)
    assert guest.post(f"/v1/bookings/{conflict['booking_id']}/cancel", json={}).status_code == 200
    it.imports()
    assert it.imported() == [(9, 3), (40, 1)] or it.imported() == [(9, 1), (10, 2), (40, 1)]
    assert it.conflicts() == [] and len(it.platform.asked) == asked
    market.check_invariants(stack)


def test_blocks_of_the_host_stay_and_imports_are_not_unblocked(stack, place):
    it = place(event("a", 10, 3))

    def change(first, nights, blocked):
        return it.host.put(f"/v1/properties/{it.id}/calendar",
                           json={"ranges": [{"from": night(first), "to": night(first + nights), "blocked": blocked}]})

    assert change(12, 3, True).status_code == 409
    assert change(13, 3, True).status_code == 200
    it.says(event("a", 10, 4))
    it.refresh()
    assert it.imported() == [(10, 3)] and it.conflicts() == []
    assert change(8, 10, False).status_code == 200
    it.imports()
    assert it.imported() == [(10, 3), (13, 1)] or it.imported() == [(10, 4)]


def test_a_feed_that_becomes_empty_frees_nothing_at_once(stack, place):
    it = place(*(event(f"e{i}", 10 + 3 * i, 2) for i in range(6)))
    full = it.imported()
    it.says()
    assert it.refresh()["state"] == "held" and it.imported() == full
    assert it.read()["held_since"]
    it.says(event("new", 40, 2), event("e1", 13, 2))  # most are gone: new nights are taken, old ones kept
    it.refresh()
    assert it.imported() == [*full, (40, 2)]
    assert it.refresh()["state"] == "held"
    try:  # a day later it is believed
        stack.clock("+25h")
        it.refresh()
        assert it.imported() == [(13, 2), (40, 2)] and it.read()["state"] == "ok" and it.read()["held_since"] is None
    finally:
        stack.clock("0")
    it.says()
    assert it.refresh()["state"] == "held"
    assert it.refresh(accept=True)["state"] == "ok" and it.imported() == []


def test_failures_keep_what_was_there(stack, place):
    it = place(event("a", 10, 3))
    good, known = it.read()["succeeded_at"], it.imported()

    def fails(said, fault):
        it.platform.calendars[it.path] = said
        feed = it.refresh()
        assert (feed["state"], feed["fault"]) == ("failing", fault), feed
        assert feed["detail"] and feed["succeeded_at"] == good and it.imported() == known

    fails(lambda h: h.reply(500), "http_500")
    fails(lambda h: h.reply(404), "http_404")
    fails(lambda h: h.reply(301, Location="http://127.0.0.1:1/"), "unreachable")
    fails(lambda h: h.reply(302, Location="http://10.0.0.1/"), "unreachable")
    fails(b"<html>Log in</html>", "not_a_calendar")
    fails(calendar(event("b", 20, 1))[:-20], "structure")
    fails(calendar(event("b", 20, 1, RRULE="FREQ=SECONDLY")), "recurrence_unsupported")
    fails(calendar(event("b", 20, -1)), "ends_before_start")
    fails(calendar(event("b", 20, 1, SUMMARY="x" * 70000)), "event_too_large")
    fails(calendar(*["BEGIN:X\r\nEND:X\r\n"] * 10001), "too_many_components")
    fails(b"BEGIN:VCALENDAR\r\n" + b"X:" + b"x" * (6 << 20), "too_large")
    fails(calendar(event("\xe9", 20, 1)).decode().encode("latin-1"), "not_text")
    feed = it.read()
    assert feed["failures"] == 12
    it.platform.calendars[it.path] = calendar(event("a", 10, 3), event("b", 20, 1))
    feed = it.refresh()
    assert (feed["state"], feed["fault"], feed["failures"]) == ("ok", None, 0) and len(it.imported()) == 2


def test_a_body_that_ends_early_frees_nothing(stack, place):
    it = place(event("a", 10, 3))

    def lie(handler):
        body = calendar()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) + 1000))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    it.platform.calendars[it.path] = lie
    assert it.refresh()["state"] == "failing" and it.imported() == [(10, 3)]


def test_a_feed_that_hangs_keeps_no_other_waiting(stack, place):
    """Of three runners two read feeds: one is busy with a server that trickles, the other goes on."""
    fast, slow, go_on = place(event("a", 10, 1)), place(event("s", 10, 1)), threading.Event()

    def trickle(handler):
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not go_on.wait(0.2):
                handler.wfile.write(b"B")
        handler.close_connection = True

    slow.platform.calendars[slow.path] = trickle
    fast.says(event("a", 10, 1), event("b", 20, 1))
    slow.platform.asked.clear()
    stack.start("jobs")
    try:
        assert slow.host.post(f"/v1/properties/{slow.id}/feeds/{slow.feed}/refresh", json={}).status_code == 202
        wait_until(lambda: any(path == slow.path for path, _ in slow.platform.asked), 30, "the slow one to be asked")
        assert fast.host.post(f"/v1/properties/{fast.id}/feeds/{fast.feed}/refresh", json={}).status_code == 202
        wait_until(lambda: fast.imported() == [(10, 1), (20, 1)], 20, "the other to be imported")
        assert slow.read()["state"] == "ok" and slow.imported() == [(10, 1)]
    finally:
        go_on.set()
        stack.stop("jobs")
    slow.says(event("s", 10, 1))
    slow.imports()


def test_recurring_events_zones_and_times(stack, place):
    """The property is in New York: an evening there is the next day in UTC."""
    first = (datetime.date.today() + datetime.timedelta(days=10)).strftime("%Y%m%d")
    second = (datetime.date.today() + datetime.timedelta(days=11)).strftime("%Y%m%d")
    lines = lambda uid, **more: "".join(["BEGIN:VEVENT\r\n", f"UID:{uid}\r\n", *(f"{k}:{v}\r\n" for k, v in more.items()), "END:VEVENT\r\n"])  # noqa: E731
    it = place(lines("utc", **{"DTSTART": second + "T020000Z", "DTEND": second + "T150000Z"}))
    assert it.imported() == [(10, 1)]
    it = place(lines("tokyo", **{"DTSTART;TZID=Asia/Tokyo": second + "T120000", "DTEND;TZID=Asia/Tokyo": second + "T230000"}))
    assert it.imported() == [(10, 1)]  # from 22:00 to 9:00
    it = place(lines("floating", **{"DTSTART": first + "T150000", "DURATION": "PT20H"}))
    assert it.imported() == [(10, 1)]
    it = place(lines("noon", **{"DTSTART": first + "T110000", "DURATION": "PT2H"}))
    assert it.imported() == []
    it = place(event("weekly", 10, 2, RRULE="FREQ=WEEKLY;COUNT=3", **{"EXDATE;VALUE=DATE": night(17).replace("-", "")}))
    assert it.imported() == [(10, 2), (24, 2)]


def test_our_own_events_and_echoes(stack, place):
    it = place(event("a", 10, 3))
    url = it.host.get(f"/v1/properties/{it.id}/exports").json()["data"][0]["url"]
    guest = stack.user()
    booked = it.book(guest, 20, 2)
    assert booked.status_code == 201
    shown = stack.session().get(url)
    assert f"UID:booking-{booked.json()['id']}@" in shown.text
    # the platform shows us what it took over from us
    it.platform.calendars[it.path] = shown.content.replace(b"END:VCALENDAR", event("a", 10, 3).encode() + b"END:VCALENDAR")
    feed = it.refresh()
    assert feed["own_count"] == 2 and it.imported() == [(10, 3)] and it.conflicts() == []


def test_it_is_asked_by_validators(stack, place):
    it = place(event("a", 10, 3))
    body = calendar(event("a", 10, 3))

    def answer(handler):
        if handler.headers.get("If-None-Match") == '"v1"':
            handler.reply(304)
        else:
            handler.reply(200, body, ETag='"v1"', Last_Modified="Mon, 23 Nov 2026 10:00:00 GMT")

    it.platform.calendars[it.path] = answer
    it.refresh()
    stack.query("update calendar_feeds set due_at = nexus_now() where id = %s", it.feed)
    it.platform.asked.clear()
    stack.job("calendar-due")
    it.imports()
    [(path, headers)] = [row for row in it.platform.asked if row[0] == it.path]
    assert headers["If-None-Match"] == '"v1"' and "text/calendar" in headers["Accept"]
    assert it.read()["state"] == "ok" and it.imported() == [(10, 3)]


def test_every_half_hour(stack, place):
    it = place(event("a", 10, 3))
    stack.job("calendar-due")
    it.imports()
    it.platform.asked.clear()
    try:
        stack.clock("+29m")
        stack.job("calendar-due")
        it.imports()
        assert [path for path, _ in it.platform.asked if path == it.path] == []
        stack.clock("+32m")
        stack.job("calendar-due")
        it.imports()
        assert [path for path, _ in it.platform.asked if path == it.path] == [it.path]
    finally:
        stack.clock("0")


def test_feeds_are_managed_by_those_who_may(stack, place, host):
    it = place(event("a", 10, 3))
    feeds = f"/v1/properties/{it.id}/feeds"
    assert [feed["id"] for feed in host.get(feeds).json()["data"]] == [it.feed]
    assert it.follow(it.platform.url + it.path).status_code == 409
    for url in ("https://127.0.0.1/x.ics", "ftp://example.com/x", "https://user:pw@example.com/", "https://example.com:8443/x", "nonsense"):
        refused = it.follow(url)
        assert refused.status_code in (201, 422) and (refused.status_code == 422 or "127.0.0.1" in url), (url, refused.text)
    assert host.patch(f"{feeds}/{it.feed}", json={"name": "New name"}).json()["name"] == "New name"
    assert host.patch(f"{feeds}/{it.feed}", json={"url": "https://example.com:22/"}).status_code == 422
    stranger = stack.user()
    assert stranger.get(feeds).status_code == 404 and stranger.get(f"{feeds}/{it.feed}").status_code == 404
    assert stranger.get(f"/v1/properties/{it.id}/exports").status_code == 404
    other = market.make_property(stranger)["id"]
    assert stranger.delete(f"/v1/properties/{other}/feeds/{it.feed}").status_code == 404
    assert stranger.post(f"/v1/properties/{other}/feeds/{it.feed}/refresh", json={}).status_code == 404
    assert host.delete(f"{feeds}/{it.feed}").status_code == 204 and it.imported() == []
    assert host.get(f"{feeds}/{it.feed}").status_code == 404
    market.check_invariants(stack)


def test_two_feeds_want_the_same_nights(stack, place):
    it = place(event("a", 10, 3))
    path = f"/{uuid.uuid4().hex}.ics"
    it.platform.calendars[path] = calendar(event("b", 9, 3))
    second = it.follow(it.platform.url + path).json()["id"]
    it.imports()
    assert it.imported() == [(9, 1), (10, 3)] and it.conflicts() == []
    assert it.host.delete(f"/v1/properties/{it.id}/feeds/{it.feed}").status_code == 204
    it.imports()
    assert sum(nights for _, nights in it.imported()) == 3 and it.imported()[0][0] == 9
    assert stack.query("select count(*) from occupancy where feed_id = %s", second)[0][0] >= 1


def test_a_property_with_imports_can_be_removed(stack, place):
    it = place(event("a", 10, 3))
    assert it.host.delete(f"/v1/properties/{it.id}").status_code == 204
    assert stack.query("select count(*) from calendar_feeds where property_id = %s", it.id) == [(0,)]
    it.imports()
    assert it.imported() == []


# ---- export

def test_the_calendar_of_a_unit(stack, place):
    it = place(event("a", 10, 3))
    unit = it.host.get(f"/v1/properties/{it.id}/exports").json()["data"][0]
    anonymous, guest = stack.session(), stack.user()
    booked = it.book(guest, 20, 2).json()
    it.host.put(f"/v1/properties/{it.id}/calendar",
                  json={"ranges": [{"from": night(30), "to": night(32), "blocked": True, "reason": "My own secret holiday"}]})
    shown = anonymous.get(unit["url"])
    assert shown.status_code == 200 and shown.headers["Content-Type"] == "text/calendar; charset=utf-8"
    events = [dict(line.split(":", 1) for line in text.replace("\r\n ", "").split("\r\n")[1:-1])
              for text in re.findall(r"BEGIN:VEVENT.*?END:VEVENT", shown.text, re.S)]
    assert [(e["DTSTART;VALUE=DATE"], e["DTEND;VALUE=DATE"], e["SUMMARY"]) for e in events] == [
        (night(10).replace("-", ""), night(13).replace("-", ""), "Not available"),
        (night(20).replace("-", ""), night(22).replace("-", ""), "Reserved"),
        (night(30).replace("-", ""), night(32).replace("-", ""), "Not available")]
    assert events[1]["UID"].startswith(f"booking-{booked['id']}@") and len({e["UID"] for e in events}) == 3
    assert "secret" not in shown.text and guest.email not in shown.text and "Test User" not in shown.text
    assert all(len(line.encode()) <= 75 for line in shown.text.split("\r\n"))
    # the same bytes, 304, and stable UIDs when a block is put together in another way
    again = anonymous.get(unit["url"], headers={"If-None-Match": shown.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""
    it.host.put(f"/v1/properties/{it.id}/calendar", json={"ranges": [{"from": night(31), "to": night(33), "blocked": True}]})
    longer = anonymous.get(unit["url"])
    assert longer.headers["ETag"] != shown.headers["ETag"] and events[2]["UID"] in longer.text.replace("\r\n ", "")
    # the platform that told us is not told
    without = anonymous.get(unit["url"], params={"without": it.feed})
    assert f"DTSTART;VALUE=DATE:{night(10).replace('-', '')}" not in without.text and "booking-" in without.text


def test_its_url_is_a_secret_that_can_be_replaced(stack, place):
    it = place(follow=False)
    unit = it.host.get(f"/v1/properties/{it.id}/exports").json()["data"][0]
    anonymous, url = stack.session(), unit["url"]
    assert anonymous.get(url).status_code == 200
    head, token = url.rsplit("/", 1)
    for wrong in (head + "/" + "A" * 32 + ".ics", head + "/" + token[1:], url[:-4], url.replace(unit["unit_id"], str(uuid.uuid4())), head + "/.ics"):
        assert anonymous.get(wrong).status_code == 404, wrong
    rotated = it.host.post(f"/v1/properties/{it.id}/exports/{unit['unit_id']}/rotate")
    assert rotated.status_code == 200, rotated.text
    new = rotated.json()["data"][0]["url"]
    assert new != url and anonymous.get(url).status_code == 404 and anonymous.get(new).status_code == 200
    assert token not in stack.log("api") and token not in stack.log("nginx-access")


def test_accept_of_those_who_follow(stack, place):
    it = place(follow=False)
    url = it.host.get(f"/v1/properties/{it.id}/exports").json()["data"][0]["url"]
    for accept, status in (("text/calendar", 200), ("*/*", 200), ("text/html,*/*;q=0.1", 200), ("application/json", 406)):
        assert stack.session().get(url, headers={"Accept": accept}).status_code == status, accept


def test_real_calendars_are_read(stack, place):
    samples = sorted((TOP.parent / "shared/data").glob("**/*.ics")) if (TOP.parent / "shared/data").exists() else []
    if not samples:
        pytest.skip("no sample calendars here")
    for sample in samples:
        it = place()
        it.platform.calendars[it.path] = sample.read_bytes()
        assert it.refresh()["state"] == "ok", sample
