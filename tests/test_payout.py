"""Payouts: who is paid what, when, for which stays, on a clock that the tests move."""
import datetime
import random
import uuid

import pytest

from marketplace import book, make_property, quote
from stack import private_stack


@pytest.fixture(scope="module")
def stack():
    with private_stack({"sandbox": "yes", "payment_offline_instant": "no"}) as running:
        running.stop("jobs")  # the tests say when a job runs
        yield running


@pytest.fixture(scope="module")
def admin(stack):
    admin = stack.user(name="Payout Admin")
    stack.ctl("user", "set-role", "--email", admin.email, "guest", "host", "admin")
    return admin


@pytest.fixture
def host(stack):
    stack.clock("0")
    yield stack.user(name="Payout Host")
    stack.clock("0")


def stay(stack, host, first=10, nights=2, place=None, provider="offline"):
    """A booking that is paid for."""
    guest = stack.user()
    made = book(guest, quote(guest, place or make_property(host)["id"], first, nights).json()["id"]).json()
    pay(stack, made, provider)
    return made | {"guest": guest}


def balance(stack, booking, kind):
    return stack.query("select coalesce(sum(e.amount), 0)::int from ledger_entries e join ledger_accounts a on a.id = e.account_id "
                       "where e.booking_id = %s and a.kind = %s", booking["id"], kind)[0][0]


def pay(stack, booking, provider, amount=None):
    """What is still owed, as a provider would say it."""
    owed = amount or -balance(stack, booking, "guest")
    if owed > 0:
        stack.query("insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at) "
                    "values (gen_random_uuid(), %s, %s, %s, 'captured', %s, 'USD', %s, nexus_now())", booking["id"], provider,
                    "deposit" if amount else "balance", owed, owed)


def at(stack, seconds):
    """Business time is so much later than the wall's."""
    stack.clock("0")
    stack.clock(f"+{seconds // 60}m")


def payouts(session):
    answer = session.get("/v1/payouts")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def items(session, payout):
    return {i["booking_id"]: i["amount"]["amount"] for i in session.get(f"/v1/payouts/{payout['id']}/items").json()["data"]}


def sound(stack):
    done = stack.ctl("ledger", "check", check=False)
    assert done.returncode == 0, done.stdout


def test_a_stay_is_paid_out_a_day_after_check_in(stack, host):
    made = stay(stack, host, first=10)
    due = stack.query("select extract(epoch from check_in_at + interval '24 hours' - now())::bigint from bookings where id = %s", made["id"])[0][0]
    part = balance(stack, made, "host")
    at(stack, due - 60)
    stack.job("payout")
    assert payouts(host) == []
    at(stack, due + 60)
    stack.job("payout")
    assert [(p["amount"], p["status"], p["provider"], p["payee_id"]) for p in payouts(host)] == [
        ({"amount": part, "currency": "USD"}, "paid", "offline", host.id)]
    assert items(host, payouts(host)[0]) == {made["id"]: part}
    entries = stack.query("select sum(e.amount)::int from ledger_entries e join ledger_accounts a on a.id = e.account_id where a.holder_id = %s", host.id)
    assert entries == [(0,)]
    assert stack.job("payout") == 0 and len(payouts(host)) == 1
    sound(stack)


def test_one_payout_for_many_stays(stack, host):
    place = make_property(host)["id"]
    stays = [stay(stack, host, first=10 + 3 * n, place=place) for n in range(3)]
    parts = {made["id"]: balance(stack, made, "host") for made in stays}
    at(stack, 40 * 86400)
    stack.job("payout")
    paid, = payouts(host)
    assert items(host, paid) == parts and paid["amount"]["amount"] == sum(parts.values())


def test_what_is_not_paid_is_not_paid_out(stack, host):
    guest = stack.user()
    made = book(guest, quote(guest, make_property(host)["id"], 10).json()["id"]).json()
    pay(stack, made, "offline", 100)
    at(stack, 20 * 86400)
    stack.job("payout")
    assert payouts(host) == []
    pay(stack, made, "offline")
    at(stack, 20 * 86400)
    stack.job("payout")
    assert len(payouts(host)) == 1


def test_a_cancelled_stay_pays_nothing(stack, host):
    made = stay(stack, host)
    assert made["guest"].post(f"/v1/bookings/{made['id']}/cancel").status_code == 200
    at(stack, 20 * 86400)
    stack.job("payout")
    assert payouts(host) == []


def test_money_elsewhere_is_paid_by_hand(stack, host, admin):
    stay(stack, host, provider="elsewhere")
    at(stack, 20 * 86400)
    stack.job("payout")
    paid, = payouts(host)
    assert paid["status"] == "pending"
    url = f"/v1/payouts/{paid['id']}/pay"
    assert host.post(url, json={"reference": "x"}).status_code == 403
    assert admin.post(url, json={"reference": "x"}, headers={"If-Match": '"99"'}).status_code == 412
    key = str(uuid.uuid4())
    for _ in range(2):
        answer = admin.post(url, json={"reference": "SEPA 42"}, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["status"], answer.json()["reference"]) == (200, "paid", "SEPA 42"), answer.text
    refused = admin.post(url, json={"reference": "SEPA 42"})
    assert (refused.status_code, refused.json()["code"]) == (409, "payout_state")
    assert admin.post(f"/v1/payouts/{uuid.uuid4()}/pay", json={"reference": "x"}).status_code == 404
    assert stack.query("select count(*) from ledger_transactions where cause_id = %s", paid["id"]) == [(1,)]
    sound(stack)


# --- co-hosts

def share(host, place, ppm, user):
    return host.put(f"/v1/properties/{place}/members/{user.id}", json={"permissions": ["booking.read"], "share_ppm": ppm})


def test_shares_are_no_more_than_everything(stack, host):
    place = make_property(host)["id"]
    one, other = stack.user(), stack.user()
    assert share(host, place, 600_000, one).json()["share_ppm"] == 600_000
    answer = share(host, place, 400_001, other)
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/share_ppm"
    assert share(host, place, 400_000, other).status_code == 200
    assert share(host, place, 1_000_001, other).status_code == 422


def test_co_hosts_get_their_part_without_losing_a_cent(stack, host):
    rng = random.Random(11)
    place = make_property(host, price={"amount": rng.randrange(1001, 99_999), "currency": "USD"})["id"]
    helpers = [stack.user() for _ in range(3)]
    shares = [333_333, 333_333, 1]
    for user, ppm in zip(helpers, shares):
        assert share(host, place, ppm, user).status_code == 200
    made = stay(stack, host, nights=3, place=place)
    part = balance(stack, made, "host")
    at(stack, 20 * 86400)
    stack.job("payout")
    got = [sum(p["amount"]["amount"] for p in payouts(user)) for user in (host, *helpers)]
    assert sum(got) == part
    for amount, ppm in zip(got, (1_000_000 - sum(shares), *shares)):
        assert abs(amount * 1_000_000 - part * ppm) < 1_000_000
    accounts = stack.query("select sum(e.amount)::int from ledger_entries e join ledger_accounts a on a.id = e.account_id "
                           "where a.kind = 'host' and a.holder_id = any (%s::uuid[])", [u.id for u in (host, *helpers)])
    assert accounts == [(0,)]
    sound(stack)


def test_what_was_paid_out_too_much_is_taken_back_from_the_next(stack, host):
    place = make_property(host)["id"]
    first, second = stay(stack, host, first=10, place=place), stay(stack, host, first=20, place=place)
    at(stack, 13 * 86400)
    stack.job("payout")
    part = balance(stack, first, "host")
    stack.query("update bookings set total = total - 500, host_total = coalesce(host_total, total) - 500 where id = %s", first["id"])
    stack.job("payout")
    assert len(payouts(host)) == 1  # who owes is not paid
    at(stack, 25 * 86400)
    stack.job("payout")
    latest = payouts(host)[0]
    assert items(host, latest) == {first["id"]: -500, second["id"]: balance(stack, second, "host")} and part
    sound(stack) if balance(stack, first, "guest") <= 0 else None


# --- who sees what

def test_payouts_are_the_payees(stack, host, admin):
    stay(stack, host)
    at(stack, 20 * 86400)
    stack.job("payout")
    paid, = payouts(host)
    other = stack.user()
    assert payouts(other) == []
    assert other.get(f"/v1/payouts/{paid['id']}").status_code == 404
    assert other.get(f"/v1/payouts/{paid['id']}/items").status_code == 404
    assert admin.get(f"/v1/payouts/{paid['id']}").json() == host.get(f"/v1/payouts/{paid['id']}").json() | {}
    assert datetime.datetime.fromisoformat(paid["created_at"].replace("Z", "+00:00")) > datetime.datetime.now(datetime.timezone.utc)
