"""Who is told of what: notifications, mails through a real SMTP server, preferences, digest, reminders, unsubscribing."""
import contextlib
import json
import os
import re
import signal
import urllib.parse

import pytest

import smtp
from mails import mails
from marketplace import book, make_property, quote
from stack import TOP, children, private_stack, title, wait_until


@pytest.fixture(scope="module")
def world():
    """A stack whose mails go to a server of the test; jobs run when the test says so."""
    with smtp.server() as (port, mailbox), private_stack({
            "sandbox": "yes", "smtp_url": f"smtp://localhost:{port}", "smtp_tls": "no", "smtp_timeout": "2s",
            "mail_from": "Stay <stay@example.com>", "mail_bounce": "bounce+*@example.com",
            "account_url": "https://app.example.com"}) as stack:
        stack.stop("jobs")
        stack.mailbox, stack.port = mailbox, port
        yield stack


@pytest.fixture
def stack(world):
    world.clock("0")
    world.jobs_drain()
    world.mailbox.mails.clear()
    world.mailbox.refuse.clear()
    world.mailbox.data_reply = "250 taken"
    yield world
    world.query("delete from mail_server")
    world.clock("0")


def verified(stack, **fields):
    user = stack.user(**fields)
    stack.query("update users set email_verified_at = now() where id = %s", user.id)
    return user


@pytest.fixture
def people(stack):
    host, guest = verified(stack, name="Grace"), verified(stack, name="Ada")
    yield host, guest, make_property(host, title="Lake House")


def told(user, **params):
    answer = user.get("/v1/notifications", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def booked(guest, place, first=30):
    answer = book(guest, quote(guest, place["id"], first).json()["id"])
    assert answer.status_code == 201, answer.text
    return answer.json()


def unread(user):
    return user.get("/v1/me/notification-count").json()["unread"]


# --- a booking, end to end

def test_a_booking_is_told_to_guest_and_host(stack, people):
    host, guest, place = people
    booking = booked(guest, place)
    assert stack.jobs_drain()["failed"] == 0
    to_guest, = stack.mailbox.to(guest.email, "Your stay at Lake House is booked")
    to_host, = stack.mailbox.to(host.email, "New booking: Lake House")
    assert to_guest.envelope_from.startswith("bounce+") and to_guest["From"] == "Stay <stay@example.com>"
    text = smtp.part(to_guest, "plain")
    assert "Hello Ada," in text and f"https://app.example.com/bookings/{booking['id']}" in text
    assert "Hello Grace," in smtp.part(to_host, "plain") and "Ada has booked" in smtp.part(to_host, "html")
    mine, = told(guest)
    assert mine["event"] == "booking.confirmed" and mine["booking_id"] == booking["id"] and mine["read_at"] is None
    assert mine["title"] == "Your stay at Lake House is booked" and mine["data"]["host_name"] == "Grace"
    assert "link" not in mine["data"] and told(host)[0]["title"].startswith("New booking")
    sent = mails(stack, guest.email)[0]
    assert sent["sent_at"] and "link" not in sent["payload"] and sent["attempts"] == 1

    assert guest.post(f"/v1/bookings/{booking['id']}/cancel", json={}).status_code == 200
    stack.jobs_drain()
    assert stack.mailbox.to(host.email, "Cancelled: Lake House") and stack.mailbox.to(guest.email, "was cancelled")
    assert [row["event"] for row in told(guest)] == ["booking.cancelled", "booking.confirmed"] or \
        {row["event"] for row in told(guest)} >= {"booking.cancelled", "booking.confirmed"}


def test_the_language_of_the_reader(stack, people):
    host, guest, place = people
    assert guest.patch("/v1/me", json={"preferences": {"language": "de-CH"}}).status_code == 200
    booked(guest, place)
    stack.jobs_drain()
    mail, = stack.mailbox.to(guest.email, "Ihr Aufenthalt ist gebucht")
    assert "Guten Tag Ada," in smtp.part(mail, "plain") and stack.mailbox.to(host.email, "New booking")
    assert told(guest)[0]["title"] == "Ihr Aufenthalt ist gebucht: Lake House"


def test_nobody_is_mailed_who_has_not_proved_the_address(stack):
    host, guest = stack.user(), verified(stack)
    place = make_property(host, title="Buy pills at pills.example")
    booked(guest, place)
    stack.query("update users set status = 'suspended' where id = %s", guest.id)
    stack.jobs_drain()
    about = [mail for mail in stack.mailbox.mails if set(mail.envelope_to) & {host.email, guest.email}]
    assert {mail["Subject"] for mail in about} <= {"Please confirm your e-mail address"}
    assert told(host)[0]["event"] == "booking.confirmed"


def test_a_rolled_back_booking_tells_nobody(stack, people):
    host, guest, place = people
    answer = guest.post("/v1/bookings", json={"quote_id": quote(guest, place["id"], 60).json()["id"]}, headers={"Prefer": "dry-run"})
    assert answer.status_code < 300, answer.text
    stack.jobs_drain()
    assert told(guest) == told(host) == [] and not stack.mailbox.to(guest.email, "Lake House")


def test_co_hosts_who_may_read_bookings_are_hosts(stack, people):
    host, guest, place = people
    reader, writer = verified(stack, name="Joan"), verified(stack, name="Jean")
    for user, permission in ((reader, "booking.read"), (writer, "calendar.write")):
        put = host.put(f"/v1/properties/{place['id']}/members/{user.id}", json={"permissions": [permission]})
        assert put.status_code in (200, 201), put.text
    booked(guest, place)
    stack.jobs_drain()
    assert "Hello Joan," in smtp.part(stack.mailbox.to(reader.email, "New booking")[0], "plain")
    assert told(writer) == [] and not stack.mailbox.to(writer.email, "New booking")


# --- requests, changes, money

def test_requests_and_refunds(stack, people):
    host, guest, place = people
    made = host.patch(f"/v1/properties/{place['id']}/rules", json={"instant_book": False})
    if made.status_code == 405:
        rules = host.get(f"/v1/properties/{place['id']}/rules").json()
        made = host.put(f"/v1/properties/{place['id']}/rules",
                        json={**{k: v for k, v in rules.items() if k not in ("property_id", "version")}, "instant_book": False})
    assert made.status_code == 200, made.text
    booking = booked(guest, place)
    assert booking["status"] == "requested"
    stack.jobs_drain()
    assert stack.mailbox.to(host.email, "Ada would like to stay at Lake House") and not stack.mailbox.to(guest.email, "Your request")
    assert told(guest)[0]["title"] == "Your request for Lake House"
    assert host.post(f"/v1/bookings/{booking['id']}/decline", json={}).status_code == 200
    stack.jobs_drain()
    assert stack.mailbox.to(guest.email, "was declined")


def test_every_event_has_its_words(stack, people):
    """Each event in the table, for whatever is its subject, becomes a notification or a mail for somebody."""
    host, guest, place = people
    booking = booked(guest, place)
    payment = stack.query("""insert into payments (id, booking_id, provider, purpose, status, amount, currency, due_at)
                             values (gen_random_uuid(), %s, 'offline', 'balance', 'failed', 1234567, 'EUR', now()) returning id""", booking["id"])[0][0]
    refund = stack.query("""with p as (insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at)
                                       values (gen_random_uuid(), %s, 'offline', 'charge', 'captured', 5000, 'EUR', 5000, now()) returning id)
                            select id from p""", booking["id"])[0][0]
    refund = stack.query("""insert into refunds (id, payment_id, booking_id, amount, currency, reason, status)
                            values (gen_random_uuid(), %s, %s, 5000, 'EUR', 'a test', 'pending') returning id""", refund, booking["id"])[0][0]
    payout = stack.query("""insert into payouts (id, payee_id, provider, currency, amount, status)
                            values (gen_random_uuid(), %s, 'offline', 'EUR', 99900, 'pending') returning id""", host.id)[0][0]
    review = stack.query("""insert into reviews (id, property_id, author_name, rating, comment) values (gen_random_uuid(), %s, 'Ada', 4, 'x')
                            returning id""", place["id"])[0][0]
    stack.query("update reviews set booking_id = %s where id = %s", booking["id"], review)
    change = stack.query("""insert into booking_changes (id, booking_id, quote_id, requested_by, user_id, status, difference, respond_by, decided_at)
                            select gen_random_uuid(), b.id, b.quote_id, 'guest', b.guest_id, 'withdrawn', 0, now(), now() from bookings b
                             where b.id = %s returning id""", booking["id"])[0][0]
    feed = stack.query("""insert into calendar_feeds (id, property_id, unit_id, name, url) select gen_random_uuid(), u.property_id, u.id, 'Other', 'x'
                            from units u where u.property_id = %s limit 1 returning id""", place["id"])[0][0]
    stack.query("insert into calendar_conflict_notices (feed_id, booking_id) values (%s, %s)", feed, booking["id"])
    stack.jobs_drain()
    stack.mailbox.mails.clear()
    subjects = {"calendar": feed, "payment": payment, "refund": refund, "payout": payout, "review.received": review, "booking.change": change,
                "reminder.balance_due": payment, "reminder.payment_waiting": payment}
    events = [row["event"] for row in guest.get("/v1/me/notification-preferences").json()["data"]]
    before = {row["id"] for user in (guest, host) for row in told(user, limit=100)}
    for event in events:
        subject = max((k for k in subjects if event.startswith(k)), key=len, default=None)
        stack.query("select notify_add(%s, %s)", event, subjects.get(subject, booking["id"]))
    assert stack.jobs_drain()["failed"] == 0
    new = [row for user in (guest, host) for row in told(user, limit=100) if row["id"] not in before]
    assert {row["event"] for row in new} == set(events) and not any("{{" in row["title"] for row in new)
    amounts = [mail["Subject"] for mail in stack.mailbox.mails]
    assert "999.00 EUR is on its way to you" in amounts and "50.00 EUR goes back to you" in amounts
    assert any("12,345.67 EUR" in smtp.part(mail, "plain") for mail in stack.mailbox.mails)
    assert not any("{{" in smtp.part(mail, "plain") for mail in stack.mailbox.mails)


# --- read marks

def test_read_marks(stack, people):
    host, guest, place = people
    other = stack.user()
    for first in (100, 110, 120):
        booked(guest, place, first)
    stack.jobs_drain()
    rows = told(guest)
    assert len(rows) == 3 and unread(guest) == 3
    path = f"/v1/notifications/{rows[0]['id']}"
    assert other.get(path).status_code == 404 and other.patch(path, json={"read": True}).status_code == 404
    marked = guest.patch(path, json={"read": True})
    assert marked.status_code == 200 and marked.json()["read_at"], marked.text
    assert guest.patch(path, json={"read": True}).json()["read_at"] == marked.json()["read_at"]
    assert unread(guest) == 2 and {row["id"] for row in told(guest, unread="true")} == {row["id"] for row in rows[1:]}
    assert guest.patch(path, json={"read": False}).json()["read_at"] is None and unread(guest) == 3
    assert guest.post("/v1/notifications/read", json={"last_id": rows[1]["id"]}).json() == {"marked": 2}
    assert [row["id"] for row in told(guest, unread="true")] == [rows[0]["id"]]
    assert guest.post("/v1/notifications/read", json={}).json() == {"marked": 1} and unread(guest) == 0
    assert unread(host) == 3
    first = guest.get("/v1/notifications", params={"limit": 2}).json()
    rest = guest.get("/v1/notifications", params={"limit": 2, "cursor": first["page"]["next_cursor"]}).json()
    assert [row["id"] for row in first["data"] + rest["data"]] == [row["id"] for row in rows]
    for bad in ({}, {"read": "yes"}, {"read": None}, {"read": True, "x": 1}):
        assert guest.patch(path, json=bad).status_code == 422 or guest.patch(path, json=bad).status_code == 400


# --- preferences, digest, unsubscribing

def prefer(user, **wishes):
    answer = user.patch("/v1/me/notification-preferences", json={"preferences": [{"event": k.replace("__", "."), **v} for k, v in wishes.items()]})
    assert answer.status_code == 200, answer.text
    return {row["event"]: row for row in answer.json()["data"]}


def test_preferences(stack, people):
    host, guest, place = people
    all_of_them = guest.get("/v1/me/notification-preferences").json()["data"]
    assert len(all_of_them) > 15 and {(row["mail"], row["app"]) for row in all_of_them} == {(None, None)}
    now = prefer(guest, booking__confirmed={"mail": "off"}, booking__cancelled={"app": False})
    assert now["booking.confirmed"]["mail"] == "off" and now["booking.confirmed"]["app"] is None and now["booking.cancelled"]["app"] is False
    prefer(host, booking__confirmed={"app": False})
    booking = booked(guest, place)
    stack.jobs_drain()
    assert not stack.mailbox.to(guest.email, "booked") and len(told(guest)) == 1
    assert stack.mailbox.to(host.email, "New booking") and told(host) == []
    guest.post(f"/v1/bookings/{booking['id']}/cancel", json={})
    stack.jobs_drain()
    assert stack.mailbox.to(guest.email, "was cancelled") and "booking.cancelled" not in {row["event"] for row in told(guest)}
    for bad, pointer in (([], "/preferences"), ([{"event": "no.such"}], "/preferences/0/event"), ([{"mail": "now"}], "/preferences/0/event"),
                         ([{"event": "refund.done", "mail": "hourly"}], "/preferences/0/mail"),
                         ([{"event": "refund.done"}, {"event": "refund.done"}], "/preferences/1/event")):
        answer = guest.patch("/v1/me/notification-preferences", json={"preferences": bad})
        assert answer.status_code in (400, 422) and pointer in [e["pointer"] for e in answer.json()["errors"]], answer.text


def test_a_daily_mail(stack, people):
    host, guest, place = people
    prefer(guest, booking__confirmed={"mail": "daily"}, booking__cancelled={"mail": "daily", "app": False})
    stack.query("update users set preferences = preferences || '{\"time_zone\": \"Pacific/Kiritimati\"}' where id = %s", guest.id)
    booking = booked(guest, place)
    guest.post(f"/v1/bookings/{booking['id']}/cancel", json={})
    stack.jobs_drain()
    assert not stack.mailbox.to(guest.email, "booked") and not stack.mailbox.to(guest.email, "cancelled")
    local = stack.query("select extract(hour from now() at time zone 'Pacific/Kiritimati')")[0][0]
    stack.clock(f"+{int(24 - local + 7)}h")  # seven in the next morning, or before eight in any case
    stack.query("insert into notification_digests select %s, (nexus_now() at time zone 'Pacific/Kiritimati')::date - 1"
                " on conflict (user_id) do update set last_on = excluded.last_on", guest.id)
    stack.job("notification-digest")
    stack.jobs_drain()
    assert not stack.mailbox.to(guest.email, "What has happened")
    stack.clock("+2h")
    stack.job("notification-digest")
    stack.job("notification-digest")
    stack.jobs_drain()
    mail, = stack.mailbox.to(guest.email, "What has happened")
    text = smtp.part(mail, "plain")
    assert "* Your stay at Lake House is booked" in text and "* Your booking of Lake House was cancelled" in text
    stack.clock("+24h")
    stack.job("notification-digest")
    stack.jobs_drain()
    assert len(stack.mailbox.to(guest.email, "What has happened")) == 1  # nothing new, no mail


def unsubscribe_link(stack, mail):
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>")
    assert link in smtp.part(mail, "plain") and link.startswith(stack.url)
    return urllib.parse.urlsplit(link).path + "?" + urllib.parse.urlsplit(link).query


def test_unsubscribing_by_one_click(stack, people):
    host, guest, place = people
    booked(guest, place, 40)
    stack.jobs_drain()
    path = unsubscribe_link(stack, stack.mailbox.to(guest.email, "booked")[0])
    anybody = stack.session()
    page = anybody.get(path)  # opening it does nothing
    assert page.status_code == 200 and "<form method=\"post\"" in page.text and "A stay was booked." in page.text
    assert prefer(guest, refund__done={"app": True})["booking.confirmed"]["mail"] is None
    done = anybody.post(path, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200 and "unsubscribed" in done.text, done.text
    assert anybody.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    stack.mailbox.mails.clear()
    booked(guest, place, 50)
    stack.jobs_drain()
    assert not stack.mailbox.to(guest.email, "booked") and stack.mailbox.to(host.email, "New booking") and len(told(guest)) == 2
    token = path.split("token=")[1]
    for bad in (token[:-1], token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "A" * 60, token + "A", "x", "%00", "", "A" * 300):
        answer = anybody.post(f"/v1/unsubscribe?token={bad}", data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code in (400, 422), (bad, answer.status_code)
    assert anybody.post("/v1/unsubscribe", data={}).status_code in (400, 422)
    assert not stack.mailbox.mails[0]["List-Unsubscribe"] is None
    account = stack.user()  # mails about the account itself cannot be switched off
    stack.jobs_drain()
    assert stack.mailbox.to(account.email, "confirm")[0]["List-Unsubscribe"] is None


# --- the server of the mails

def test_a_refused_mail_is_given_up_and_a_busy_server_asked_again(stack):
    stack.mailbox.refuse["nobody@example.com"] = "550 5.1.1 nobody"
    stack.query("insert into outbox (kind, topic, recipient, payload) values ('mail', 'mail.test', 'nobody@example.com', '{\"token\": \"x\"}')")
    assert stack.jobs_drain()["failed"] == 0
    row, = mails(stack, "nobody@example.com")
    assert row["failed_at"] and row["last_error"] == "550 5.1.1 nobody" and row["payload"] == {}
    assert "given up" in stack.ctl("outbox", "list", "--to", "nobody@example.com").stdout
    stack.mailbox.refuse["busy@example.com"] = "450 4.2.0 later"
    stack.query("insert into outbox (kind, topic, recipient, payload) values ('mail', 'mail.test', 'busy@example.com', '{}')")
    assert stack.jobs_drain()["failed"] == 1
    row, = mails(stack, "busy@example.com")
    assert not row["failed_at"] and row["attempts"] == 1 and row["last_error"] == "450 4.2.0 later"
    stack.mailbox.refuse.clear()
    stack.clock("+1h")
    stack.jobs_drain()
    assert len(stack.mailbox.to("busy@example.com")) == 1 and mails(stack, "busy@example.com")[0]["sent_at"]
    first = stack.mailbox.to("busy@example.com")[0]["Message-ID"]
    assert re.fullmatch(r"<\d+\.\d+@example\.com>", first)


def test_a_server_in_trouble_is_left_alone(stack):
    """Twenty mails, one call: the other nineteen learn from the first. When it is well again all of them go."""
    with smtp.Hostile(smtp.scripted({"MAIL": smtp.close})) as bad:
        stack.set_options(smtp_url=f"smtp://localhost:{bad.port}")
        for i in range(20):
            stack.query("insert into outbox (kind, topic, recipient, payload) values ('mail', 'mail.test', %s, '{}')", f"t{i}@example.com")
        assert stack.jobs_drain()["failed"] == 20
        assert 1 <= bad.count <= 2, bad.count
    stack.set_options(smtp_url=f"smtp://localhost:{stack.port}")
    stack.query("update mail_server set down_until = now()")
    stack.clock("+2h")
    for _ in range(4):
        stack.jobs_drain()
        stack.clock("+2h")
    assert {mail.envelope_to[0] for mail in stack.mailbox.mails} >= {f"t{i}@example.com" for i in range(20)}
    assert len(stack.mailbox.mails) == 20 and stack.query("select * from mail_server") == []


def test_mails_wait_until_there_is_a_server(stack):
    stack.set_options(smtp_url="")
    stack.query("insert into outbox (kind, topic, recipient, payload) values ('mail', 'mail.test', 'waits@example.com', '{}')")
    assert stack.jobs_drain()["failed"] == 0
    assert "waiting" in stack.ctl("outbox", "list", "--unsent", "--to", "waits@example.com").stdout
    assert stack.job("mail-waiting") == 0
    stack.set_options(smtp_url=f"smtp://localhost:{stack.port}")
    stack.query("update outbox set available_at = now() - interval '5 minutes' where recipient = 'waits@example.com'")
    assert stack.job("mail-waiting") >= 1
    stack.jobs_drain()
    assert len(stack.mailbox.to("waits@example.com")) == 1
    assert stack.job("mail-waiting") == 0


def test_a_link_that_is_no_longer_good_is_not_sent(stack):
    stack.query("""insert into outbox (kind, topic, recipient, payload) values ('mail', 'account.reset_password', 'late@example.com',
                   '{"link": "https://x.example/", "token": "t", "expires_at": "2020-01-01T00:00:00Z"}')""")
    stack.jobs_drain()
    row, = mails(stack, "late@example.com")
    assert row["failed_at"] and "token" not in row["payload"] and not stack.mailbox.to("late@example.com")


def test_withheld_mails_are_never_sent(stack):
    stack.query("insert into outbox (kind, topic, recipient, payload, withheld) values ('mail', 'mail.test', 'withheld@example.com', '{}', true)")
    stack.jobs_drain()
    assert not stack.mailbox.to("withheld@example.com")


# --- reminders

def reminded(stack, user, event):
    stack.job("reminders")
    stack.jobs_drain()
    return [row for row in told(user, limit=100) if row["event"] == event]


def clock_at(stack, booking, moment):
    """Move the clock to a moment of a booking: SQL of its columns."""
    stack.clock("0")
    seconds = stack.query(f"select extract(epoch from {moment} - now())::integer from bookings where id = %s", booking["id"])[0][0]
    stack.clock(f"+{seconds}s")


def test_reminders_of_a_stay(stack, people):
    host, guest, place = people
    booking = booked(guest, place, 10)
    assert reminded(stack, guest, "reminder.check_in") == []
    clock_at(stack, booking, "check_in_at - interval '40 hours'")
    assert len(reminded(stack, guest, "reminder.check_in")) == 1
    assert len(reminded(stack, guest, "reminder.check_in")) == 1  # once
    clock_at(stack, booking, "check_out_at - interval '20 hours'")
    row, = reminded(stack, guest, "reminder.check_out")
    assert row["booking_id"] == booking["id"]
    clock_at(stack, booking, "check_out_at + interval '30 hours'")
    stack.job("booking-complete")
    assert len(reminded(stack, guest, "review.asked")) == 1
    assert stack.mailbox.to(guest.email, "How was it at Lake House?")


def test_what_waits_is_said_at_eight(stack, people):
    """A request and an open payment, once each morning of the place, for those they wait for."""
    host, guest, place = people
    stack.query("update properties set time_zone = 'Asia/Tokyo' where id = %s", place["id"])
    booking = booked(guest, place, 30)
    local = stack.query("select nexus_now() at time zone 'Asia/Tokyo'")[0][0]
    stack.query("""insert into payments (id, booking_id, provider, purpose, status, amount, currency, due_at)
                   values (gen_random_uuid(), %s, 'stripe', 'balance', 'requires_action', 5000, 'EUR', now())""", booking["id"])
    assert reminded(stack, guest, "reminder.payment_waiting") == []
    stack.clock(f"+{24 - local.hour + 6}h")  # before seven in the next morning
    assert reminded(stack, guest, "reminder.payment_waiting") == []
    stack.clock("+2h")
    assert len(reminded(stack, guest, "reminder.payment_waiting")) == 1
    stack.clock("+3h")
    assert len(reminded(stack, guest, "reminder.payment_waiting")) == 1
    stack.clock("+24h")
    assert len(reminded(stack, guest, "reminder.payment_waiting")) == 2
    stack.clock("+168h")  # older than seven days
    assert len(reminded(stack, guest, "reminder.payment_waiting")) == 2


def test_real_runners_send(stack, people):
    """nexus-jobs itself, woken by the booking."""
    host, guest, place = people
    stack.start("jobs")
    try:
        booked(guest, place, 70)
        wait_until(lambda: stack.mailbox.to(guest.email, "booked") and stack.mailbox.to(host.email, "New booking"), 20, "the mails")
    finally:
        stack.stop("jobs")
    assert json.loads(stack.ctl("outbox", "list", "--json", "--to", guest.email).stdout)[0]["sent_at"]


def test_what_is_old_is_forgotten(stack, people):
    host, guest, place = people
    booked(guest, place)
    stack.jobs_drain()
    stack.query("insert into outbox (kind, topic, recipient, payload, created_at, sent_at) values"
                " ('mail', 'mail.test', 'old@example.com', '{}', now() - interval '91 days', now()),"
                " ('mail', 'mail.test', 'new@example.com', '{}', now() - interval '89 days', now()),"
                " ('mail', 'mail.test', 'open@example.com', '{}', now() - interval '91 days', null)")
    stack.job("notification-prune")
    left = {name for name, in stack.query("select recipient from outbox where topic = 'mail.test'")}
    assert "old@example.com" not in left and {"new@example.com", "open@example.com"} <= left and len(told(guest)) == 1
    stack.query("update notifications set created_at = now() - interval '366 days' where user_id = %s", guest.id)
    assert stack.job("notification-prune") == 1 and told(guest) == [] and len(told(host)) == 1


def test_runners_that_are_killed_lose_no_mail(stack):
    """Sixty mails while runners are killed: all of them arrive. One that comes twice is the same mail by its Message-ID."""
    stack.set_options(smtp_timeout="500ms")
    wanted = {f"k{i}@example.com" for i in range(60)}
    stack.query("insert into outbox (kind, topic, recipient, payload) select 'mail', 'mail.test', unnest(%s), '{}'", list(wanted))
    stack.start("jobs")
    killed = 0
    try:
        for target in (5, 15, 25, 35, 45):
            wait_until(lambda n=target: len(stack.mailbox.mails) >= n, 30, "mails")
            for pid in [pid for pid in children(stack.pid("jobs")) if "runner" in title(pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        wait_until(lambda: stack.query("select count(*) from outbox where topic = 'mail.test' and recipient like 'k%' and sent_at is not null"
                            ) == [(60,)], 60, "all to be sent")
    finally:
        stack.stop("jobs")
        stack.set_options(smtp_timeout="2s")
    ids = {}
    for mail in stack.mailbox.mails:
        ids.setdefault(mail.envelope_to[0], set()).add(mail["Message-ID"])
    assert killed >= 5 and set(ids) == wanted and all(len(found) == 1 for found in ids.values())


def test_the_table_is_documented():
    rows = re.findall(r'^EVENT\("([\w.]+)", (\w+), (\w+), "(.*)"\)', (TOP / "src/notify/events.def").read_text(), re.M)
    words = {"NONE": "", "APP": "application", "MAIL": "application, mail"}
    text = (TOP / "docs/notifications.md").read_text()
    missing = [row for row in rows if f"| `{row[0]}` | {words[row[1]]} | {words[row[2]]} | {row[3]} |\n" not in text]
    assert len(rows) > 15 and missing == []
