"""Payments: offline, Stripe and Chapa against servers that misbehave, webhooks in any order, money that always adds up."""
import concurrent.futures
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
import uuid

import pytest

from marketplace import book, make_property, quote
from payment_stubs import CHAPA_KEY, CHAPA_WEBHOOK, STRIPE_KEY, STRIPE_WEBHOOK, Chapa, Stripe
from stack import TOP, private_stack, wait_until

TOTAL = 24000
NODE = shutil.which("node") if (TOP / "tests/node_modules/stripe").exists() else None


@pytest.fixture(scope="module")
def stripe():
    stub = Stripe()
    yield stub
    stub.close()


@pytest.fixture(scope="module")
def chapa():
    stub = Chapa()
    yield stub
    stub.close()


@pytest.fixture(scope="module")
def stack(stripe, chapa):
    secrets = {"stripe_secret_file": STRIPE_KEY, "stripe_webhook_secret_file": f"whsec_newer\n{STRIPE_WEBHOOK}\n",
               "chapa_secret_file": CHAPA_KEY, "chapa_webhook_secret_file": CHAPA_WEBHOOK}
    with private_stack({"payment_timeout": "1s", "payment_calls": "8", "sandbox": "yes"}) as running:
        running.stop("jobs", "api")  # the tests say when a job runs
        folder = running.run_dir / "secret"
        for name, secret in secrets.items():
            (folder / name).touch(0o600)
            (folder / name).write_text(secret)
            os.chown(folder / name, os.stat(folder / "cursor.key").st_uid, -1)
        running.set_options(payment_providers="stripe, chapa, offline", stripe_url=stripe.url, chapa_url=chapa.url,
                            **{name: folder / name for name in secrets})
        running.start("api")
        yield running
        checked = running.ctl("ledger", "check", check=False)
        assert checked.returncode == 0, checked.stdout


@pytest.fixture(scope="module")
def host(stack):
    return stack.user(name="Host")


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user(name="Guest")


@pytest.fixture
def place(host):
    return make_property(host)["id"]


HOLD = """with q as (select q.*, p.host_id, occupancy_take(gen_random_uuid(), q.property_id, daterange(q.check_in, q.check_out), %(id)s) as unit
                       from quotes q join properties p on p.id = q.property_id where q.id = %(quote)s)
          insert into bookings (id, quote_id, property_id, unit_id, guest_id, host_id, status, check_in, check_out, guests, total, currency, hold_expires_at)
          select %(id)s, id, property_id, unit, %(guest)s, host_id, 'held', check_in, check_out, guests, total, currency,
                 nexus_now() + interval '15 min' from q"""


def hold(stack, guest, place):
    made = str(uuid.uuid4())
    with stack.db() as connection, connection.cursor() as cursor:
        cursor.execute(HOLD, {"id": made, "quote": quote(guest, place, 30).json()["id"], "guest": guest.id})
    return made


@pytest.fixture
def held(stack, guest, place):
    """A booking that waits for its money."""
    return hold(stack, guest, place)


def pay(session, booking, key=None, **more):
    return session.post("/v1/payments", json={"booking_id": booking, **more}, headers={"Idempotency-Key": key} if key else {})


def read(session, payment):
    return session.get(f"/v1/payments/{payment}").json()


def status(session, booking):
    return session.get(f"/v1/bookings/{booking}").json()["status"]


def code(answer, wanted):
    assert answer.status_code == wanted, answer.text
    return answer.json()["code"]


def tell(stack, event, header=None, provider="stripe"):
    """Send an event as its provider does; the status of the answer."""
    text = json.dumps(event)
    names = {"stripe": "Stripe-Signature", "chapa": "x-chapa-signature"}
    header = header if header is not None else (Stripe if provider == "stripe" else Chapa).signature(text)
    return stack.session().post(f"/v1/webhooks/{provider}", data=text, headers={names[provider]: header, "Content-Type": "application/json"})


def later(stack):
    """As if the pauses between attempts had passed."""
    stack.query("update provider_calls set next_at = now() where state in ('waiting', 'under_way')")
    stack.query("update provider_events set next_at = now() where handled_at is null")


def settle(stack):
    """Run the jobs until nothing waits."""
    for _ in range(20):
        later(stack)
        if stack.job("payment-calls") + stack.job("payment-events") == 0:
            return
    raise AssertionError(stack.query("select what, state, error from provider_calls where state in ('waiting', 'under_way')"))


def amounts(payment):
    return tuple(payment[name]["amount"] for name in ("captured", "refunding", "refunded"))


# --- offline

def test_the_short_form_is_paid_in_the_same_statement(stack, guest, host, place):
    made = book(guest, quote(guest, place, 10).json()["id"]).json()
    for party in (guest, host):
        [payment] = party.get(f"/v1/payments?booking_id={made['id']}").json()["data"]
        assert (payment["provider"], payment["status"], amounts(payment)) == ("offline", "captured", (TOTAL, 0, 0))
    assert code(pay(guest, made["id"]), 409) == "nothing_due"
    refund = host.post("/v1/refunds", json={"payment_id": payment["id"], "amount": 1000, "reason": "cold water"})
    assert refund.status_code == 201 and refund.json()["status"] == "done"
    assert code(pay(guest, made["id"]), 409) == "nothing_due", "what is given back out of goodwill is not due again"
    assert code(host.post("/v1/refunds", json={"payment_id": payment["id"], "amount": TOTAL, "reason": "x"}), 409) == "refund_too_large"
    assert guest.post(f"/v1/bookings/{made['id']}/cancel").status_code == 200
    assert amounts(read(host, payment["id"])) == (TOTAL, 0, TOTAL), "all the rest came back, and nothing twice"


def test_a_booking_of_somebody_else_is_not_paid(stack, held, host, place):
    assert code(pay(stack.user(), held), 404) == "not_found" and code(pay(host, held), 404) == "not_found"
    assert code(pay(stack.session(), held), 401) == "unauthenticated"


def test_amounts_are_not_the_clients(guest, held):
    assert code(guest.post("/v1/payments", json={"booking_id": held, "amount": 1}), 422) == "validation_failed"


# --- stripe

@pytest.mark.skipif(not NODE, reason="node or tests/node_modules is missing: cd tests && npm ci")
def test_the_stub_is_what_the_client_expects(stripe):
    for fault in (("/v1/customers", "cut"), ("/v1/payment_intents", 409), ("/v1/refunds", 500)):
        stripe.fail(*fault)
    done = subprocess.run([NODE, TOP / "tests/stripe_judge.mjs", "drive", stripe.url, STRIPE_KEY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_card_that_is_good(stack, stripe, guest, host, held):
    made = pay(guest, held, key=str(uuid.uuid4()), payment_method="pm_card_visa")
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["provider"], body["status"], body["purpose"], amounts(body)) == ("stripe", "captured", "charge", (TOTAL, 0, 0))
    assert status(guest, held) == "confirmed" and body["provider_ref"] in stripe.intents
    intent = stripe.intents[body["provider_ref"]]
    assert (intent["amount"], intent["currency"], intent["metadata"]["nexus_payment"]) == (TOTAL, "usd", body["id"])
    assert intent["customer"] in stripe.customers
    refund = host.post("/v1/refunds", json={"payment_id": body["id"], "amount": 4000, "reason": "noise"}).json()
    assert wait_until(lambda: host.get(f"/v1/refunds/{refund['id']}").json()["status"] == "done")
    assert amounts(read(guest, body["id"])) == (TOTAL, 0, 4000)


@pytest.mark.parametrize("currency,theirs,ours", [("ISK", 100, 1), ("MGA", 1, 100), ("KWD", 1, 1)])
def test_a_currency_that_stripe_writes_otherwise(stack, stripe, guest, host, currency, theirs, ours):
    """The Icelandic króna has no minor units in ISO 4217 and hundredths there; the ariary has them here only."""
    place = make_property(host, price={"amount": 9000, "currency": currency})
    held = hold(stack, guest, place["id"])
    body = pay(guest, held, payment_method="pm_card_visa").json()
    total = body["amount"]["amount"]
    assert (body["status"], amounts(body)) == ("captured", (total, 0, 0)) and status(guest, held) == "confirmed"
    assert stripe.intents[body["provider_ref"]]["amount"] * ours == total * theirs
    refund = host.post("/v1/refunds", json={"payment_id": body["id"], "amount": 4000, "reason": "noise"}).json()
    assert wait_until(lambda: host.get(f"/v1/refunds/{refund['id']}").json()["status"] == "done")
    assert amounts(read(guest, body["id"])) == (total, 0, 4000)


@pytest.mark.parametrize("currency,price", [("KWD", 9001), ("MGA", 9025)])
def test_no_other_amount_is_charged_where_stripe_has_larger_steps(stack, stripe, guest, host, currency, price):
    place, before = make_property(host, price={"amount": price, "currency": currency}), len(stripe.intents)
    held = hold(stack, guest, place["id"])
    pay(guest, held, payment_method="pm_card_visa")
    assert len(stripe.intents) == before and status(guest, held) == "held"
    assert "larger steps" in stack.query("select error from provider_calls order by created_at desc limit 1")[0][0]


def test_the_guest_goes_on_with_the_clients_secret(stack, stripe, guest, host, held):
    key = str(uuid.uuid4())
    made = pay(guest, held, key=key)
    assert made.json()["status"] == "requires_action" and made.json()["action"]["kind"] == "stripe"
    assert made.json()["action"]["client_secret"] == stripe.intents[made.json()["provider_ref"]]["client_secret"]
    replay = pay(guest, held, key=key)
    assert replay.content == made.content and replay.headers["Idempotency-Replayed"] == "true"
    assert read(host, made.json()["id"])["action"] is None, "nobody else's business"
    assert code(pay(guest, held), 409) == "payment_open"
    assert tell(stack, stripe.event("payment_intent.succeeded", stripe.pay(made.json()["provider_ref"]))).status_code == 204
    assert status(guest, held) == "confirmed" and read(guest, made.json()["id"])["action"] is None


def test_a_card_that_asks_back_and_one_that_is_declined(stack, stripe, guest, held):
    made = pay(guest, held, payment_method="pm_card_authenticationRequired", return_url="https://www.example.com/back").json()
    assert made["status"] == "requires_action" and made["action"]["url"].endswith(made["provider_ref"])
    assert guest.post(f"/v1/payments/{made['id']}/cancel").json()["status"] == "cancelled"
    made = pay(guest, held, payment_method="pm_card_chargeDeclined").json()
    assert (made["status"], made["failure"]) == ("failed", "generic_decline")
    assert pay(guest, held, payment_method="pm_card_visa").json()["status"] == "captured"


def test_money_that_is_held_first(stack, stripe, guest, host, held):
    made = pay(guest, held, capture="manual", payment_method="pm_card_visa").json()
    assert (made["status"], amounts(made)) == ("authorized", (0, 0, 0))
    assert code(guest.post(f"/v1/payments/{made['id']}/capture"), 404) == "not_found"
    taken = host.post(f"/v1/payments/{made['id']}/capture", headers={"Idempotency-Key": str(uuid.uuid4())}).json()
    assert (taken["status"], amounts(taken)) == ("captured", (TOTAL, 0, 0))
    assert code(host.post(f"/v1/payments/{made['id']}/capture"), 409) == "payment_state"
    assert code(host.post(f"/v1/payments/{made['id']}/cancel"), 409) == "payment_state"


@pytest.mark.parametrize("kind", ["cut", "cut_before", "slow", 409, 429, 500, 503])
def test_an_answer_that_does_not_come(stack, stripe, guest, held, kind):
    """Whatever happened over there, it happens once: the call is made again under its key."""
    stripe.fail("/v1/payment_intents", kind, seconds=3)
    before = len(stripe.intents)
    made = pay(guest, held, payment_method="pm_card_visa").json()
    assert made["status"] == "pending"
    settle(stack)
    assert read(guest, made["id"])["status"] == "captured" and status(guest, held) == "confirmed"
    assert len(stripe.intents) == before + 1, "one charge"
    keys = {headers["Idempotency-Key"] for _, path, headers, text in stripe.requests if path == "/v1/payment_intents" and made["id"] in text}
    assert len(keys) == 1


def test_a_key_that_is_not_good_is_mended_by_the_operator(stack, stripe, guest, held):
    right, stripe_key = stripe.answer, "sk_other"
    stripe.answer = lambda *a: (401, stripe.error("invalid_request_error", stripe_key), ())
    try:
        made = pay(guest, held, payment_method="pm_card_visa").json()
    finally:
        stripe.answer = right
    assert made["status"] == "pending"
    settle(stack)
    assert read(guest, made["id"])["status"] == "captured"


def test_killed_between_the_call_and_its_record(stack, stripe, guest, held):
    """The worker dies with the answer in its hands; the job finds the call and makes it again."""
    stripe.fail("/v1/payment_intents", "slow", seconds=0.8)
    before = len(stripe.intents)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(pay, guest, held, payment_method="pm_card_visa")
        wait_until(lambda: len(stripe.intents) > before, 5, "the provider to have acted")
        for worker in stack.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        assert asked.result().status_code == 502
    stack.wait_ready()
    [(payment, state)] = stack.query("select p.id::text, c.state from payments p join provider_calls c on c.payment_id = p.id "
                                     "where p.booking_id = %s and c.what = 'create'", held)
    assert state == "under_way" and status(guest, held) == "held"
    settle(stack)
    assert read(guest, payment)["status"] == "captured" and status(guest, held) == "confirmed"
    assert len(stripe.intents) == before + 1


def test_what_is_held_for_a_request_is_taken_when_it_is_accepted(stack, stripe, guest, host, place):
    assert host.put(f"/v1/properties/{place}/rules", json={"instant_book": False}).status_code == 200
    asked = book(guest, quote(guest, place, 30).json()["id"]).json()
    assert asked["status"] == "requested"
    made = pay(guest, asked["id"], payment_method="pm_card_visa").json()
    assert (made["status"], amounts(made)) == ("authorized", (0, 0, 0)), "nothing is taken before the host says yes"
    assert host.post(f"/v1/bookings/{asked['id']}/accept").json()["status"] == "confirmed"
    settle(stack)
    payment, = guest.get(f"/v1/payments?booking_id={asked['id']}").json()["data"]
    assert (payment["id"], payment["status"], amounts(payment)) == (made["id"], "captured", (TOTAL, 0, 0))


# --- two parts, and a hold

def test_a_deposit_and_the_balance_before_arrival(stack, stripe, guest, host, held, place):
    terms = f"/v1/properties/{place}/payment-terms"
    assert guest.get(terms).json() == {"property_id": place, "deposit_ppm": 1000000, "balance_days": 0, "security": None}
    put = host.put(terms, json={"deposit_ppm": 300001, "balance_days": 14, "security": {"amount": 5000, "currency": "USD"}})
    assert put.status_code == 200 and put.json() == stack.session().get(terms).json(), put.text
    assert code(host.put(terms, json={"security": {"amount": 5000, "currency": "EUR"}}), 422) == "validation_failed"
    deposit = pay(guest, held, payment_method="pm_card_visa").json()
    assert (deposit["purpose"], deposit["status"], deposit["captured"]["amount"]) == ("deposit", "captured", 7201), "rounded up"
    assert stripe.intents[deposit["provider_ref"]]["setup_future_usage"] == "off_session" and status(guest, held) == "confirmed"
    balance, = [p for p in guest.get(f"/v1/payments?booking_id={held}").json()["data"] if p["purpose"] == "balance"]
    assert (balance["status"], balance["amount"]["amount"]) == ("pending", TOTAL - 7201)
    hold = pay(guest, held, purpose="security", payment_method="pm_card_visa").json()
    assert (hold["status"], hold["amount"]["amount"]) == ("authorized", 5000)
    try:
        assert stack.job("payment-schedule") == 0, "it is not time yet"
        stack.clock("+17d")
        assert stack.job("payment-schedule") == 1
        settle(stack)
        balance = read(guest, balance["id"])
        assert (balance["status"], amounts(balance)) == ("captured", (TOTAL - 7201, 0, 0))
        assert code(pay(guest, held), 409) == "nothing_due"
        stack.clock("+40d")
        assert stack.job("payment-schedule") == 1
        settle(stack)
    finally:
        stack.clock("0")
    assert read(guest, hold["id"])["status"] == "cancelled" and stripe.intents[hold["provider_ref"]]["status"] == "canceled"


def test_a_balance_may_be_paid_by_hand_before(stack, guest, host, held, place):
    host.put(f"/v1/properties/{place}/payment-terms", json={"deposit_ppm": 500000, "balance_days": 7})
    pay(guest, held, payment_method="pm_card_visa")
    rest = pay(guest, held, provider="offline").json()
    assert (rest["purpose"], rest["status"], rest["captured"]["amount"]) == ("balance", "captured", TOTAL // 2)
    assert len(guest.get(f"/v1/payments?booking_id={held}").json()["data"]) == 2


def test_damage_is_taken_from_the_hold(stack, guest, host, held, place):
    host.put(f"/v1/properties/{place}/payment-terms", json={"security": {"amount": 5000, "currency": "USD"}})
    pay(guest, held, payment_method="pm_card_visa")
    hold = pay(guest, held, purpose="security", payment_method="pm_card_visa").json()
    taken = host.post(f"/v1/payments/{hold['id']}/capture", json={"amount": 1200}).json()
    assert (taken["status"], amounts(taken)) == ("captured", (1200, 0, 0)) and status(guest, held) == "confirmed"


# --- late and double money

def test_money_that_comes_too_late_goes_back(stack, stripe, guest, held, place):
    made = pay(guest, held).json()
    stack.query("update bookings set hold_expires_at = nexus_now() - interval '1 min' where id = %s", held)
    stack.job("booking-expire")
    assert status(guest, held) == "expired"
    assert book(guest, quote(guest, place, 30).json()["id"]).status_code == 201, "the nights go to another"
    assert tell(stack, stripe.event("payment_intent.succeeded", stripe.pay(made["provider_ref"]))).status_code == 204
    settle(stack)
    assert amounts(read(guest, made["id"])) == (TOTAL, 0, TOTAL) and status(guest, held) == "expired"
    assert sum(r["amount"] for r in stripe.refunds.values() if r["payment_intent"] == made["provider_ref"]) == TOTAL


def test_money_that_comes_late_for_nights_still_free_books_them(stack, stripe, guest, held):
    made = pay(guest, held).json()
    stack.query("update bookings set hold_expires_at = nexus_now() - interval '1 min' where id = %s", held)
    stack.job("booking-expire")
    tell(stack, stripe.event("payment_intent.succeeded", stripe.pay(made["provider_ref"])))
    assert status(guest, held) == "confirmed" and amounts(read(guest, made["id"])) == (TOTAL, 0, 0)


def test_money_that_comes_twice_goes_back(stack, stripe, guest, held):
    first = pay(guest, held, payment_method="pm_card_chargeDeclined").json()
    second = pay(guest, held, payment_method="pm_card_visa").json()
    assert second["status"] == "captured"
    tell(stack, stripe.event("payment_intent.succeeded", stripe.pay(first["provider_ref"])))  # the guest tried another card after all
    settle(stack)
    assert amounts(read(guest, first["id"])) == (TOTAL, 0, TOTAL) and amounts(read(guest, second["id"])) == (TOTAL, 0, 0)


# --- webhooks

def test_signatures(stack, stripe):
    event = stripe.event("ping", {"object": "nothing"})
    text, now = json.dumps(event), time.time()
    good = stripe.signature(text)
    for header in ("", "t=,v1=", good.replace("v1=", "v0="), good[:-1] + ("0" if good[-1] != "0" else "1"), stripe.signature(text + " "),
                   stripe.signature(text, secret="whsec_x"), stripe.signature(text, now - 305), stripe.signature(text, now + 305),
                   good.replace("t=", "t=1"), "t=99999999999999999999,v1=" + good[-64:]):
        assert code(tell(stack, event, header), 400) == "bad_signature", header
    assert stack.query("select count(*) from provider_events where event_id = %s", event["id"])[0][0] == 0
    for header in (good, stripe.signature(text, now - 290), stripe.signature(text, now + 290), f"v1={'0' * 64},{good},v0=x", stripe.signature(text, secret="whsec_newer")):
        assert tell(stack, event, header).status_code == 204, header
    assert stack.query("select count(*) from provider_events where event_id = %s and handled_at is not null", event["id"])[0][0] == 1


@pytest.mark.skipif(not NODE, reason="node or tests/node_modules is missing: cd tests && npm ci")
def test_signatures_of_the_official_package(stack, stripe):
    def judge(verb, **what):
        done = subprocess.run([NODE, TOP / "tests/stripe_judge.mjs", verb], input=json.dumps(what), capture_output=True, text=True, check=True)
        return done.stdout
    event = stripe.event("ping", {"object": "nothing", "text": "Zo\u00eb \u2603"})
    text = json.dumps(event)
    for late in (0, -290, 290):
        header = judge("sign", payload=text, secret=STRIPE_WEBHOOK, timestamp=int(time.time()) + late)
        assert tell(stack, event, header).status_code == 204
    for late in (-400, 400):  # the package itself lets the second pass
        header = judge("sign", payload=text, secret=STRIPE_WEBHOOK, timestamp=int(time.time()) + late)
        assert code(tell(stack, event, header), 400) == "bad_signature"
    assert judge("accepts", payload=text, secret=STRIPE_WEBHOOK, header=stripe.signature(text)) == event["id"]


def life(stripe, payment):
    """Seven events of one payment: what Stripe sends when a first card is declined, a second one asks back and is charged, and
    some of it is given back in two parts."""
    intent, now = dict(stripe.intents[payment["provider_ref"]]), int(time.time()) - 60
    charge = {"object": "charge", "id": "ch_" + uuid.uuid4().hex[:12], "payment_intent": intent["id"], "amount": TOTAL, "amount_captured": TOTAL,
              "metadata": intent["metadata"]}
    refunds = [{"object": "refund", "id": f"re_{uuid.uuid4().hex[:12]}", "amount": amount, "payment_intent": intent["id"], "status": "succeeded", "metadata": {}}
               for amount in (1000, 2500)]
    paid = {**intent, "status": "succeeded", "amount_received": TOTAL}
    return [stripe.event("payment_intent.created", intent, now),
            stripe.event("payment_intent.payment_failed", {**intent, "last_payment_error": {"code": "card_declined"}}, now + 1),
            stripe.event("payment_intent.requires_action", {**intent, "status": "requires_action"}, now + 2),
            stripe.event("payment_intent.succeeded", paid, now + 3),
            stripe.event("charge.succeeded", {**charge, "amount_refunded": 0}, now + 3),
            stripe.event("refund.created", refunds[0], now + 4),
            stripe.event("refund.created", refunds[1], now + 5)]


def test_events_in_any_order_and_many_times(stack, stripe, guest, place):
    """A sample of the 5,040 orders over HTTPS, each event three times; tests/test_payments_orders.py has all of them."""
    numbers = random.Random(7)
    for n in range(6):
        made = str(uuid.uuid4())
        with stack.db() as connection, connection.cursor() as cursor:
            cursor.execute(HOLD, {"id": made, "quote": quote(guest, place, 40 + 3 * n).json()["id"], "guest": guest.id})
        payment = pay(guest, made).json()
        events = life(stripe, payment) * 3
        numbers.shuffle(events)
        assert {tell(stack, event).status_code for event in events} == {204}
        intent = stripe.intents[payment["provider_ref"]]  # what a look at it finds
        stripe.succeed(intent, TOTAL)
        settle(stack)
        now = read(guest, payment["id"])
        assert (now["status"], amounts(now), status(guest, made)) == ("captured", (TOTAL, 0, 3500), "confirmed")
        assert len(guest.get(f"/v1/refunds?booking_id={made}").json()["data"]) == 2


def test_an_event_that_never_came_is_made_up_for(stack, stripe, guest, held):
    made = pay(guest, held).json()
    stripe.pay(made["provider_ref"])
    stack.query("update payments set updated_at = updated_at - interval '1 hour' where id = %s", made["id"])
    stack.job("payment-reconcile")
    settle(stack)
    assert read(guest, made["id"])["status"] == "captured" and status(guest, held) == "confirmed"


def test_webhooks_of_others_are_nobodys(stack, stripe):
    thing = {"object": "payment_intent", "id": "pi_of_somebody", "status": "succeeded", "amount_received": 5, "metadata": {}}
    assert tell(stack, stripe.event("payment_intent.succeeded", thing)).status_code == 204
    thing["metadata"] = {"nexus_payment": str(uuid.uuid4())}
    assert tell(stack, stripe.event("payment_intent.succeeded", thing)).status_code == 204
    stack.query("update provider_events set attempts = 11 where handled_at is null")
    settle(stack)
    assert stack.query("select count(*) from provider_events where handled_at is null")[0][0] == 0


def test_what_is_no_event(stack, stripe):
    for text in ("", "[]", "{}", "nothing", '{"id": "evt_1"}', "{" * 5000):
        answer = stack.session().post("/v1/webhooks/stripe", data=text, headers={"Stripe-Signature": stripe.signature(text), "Content-Type": "application/json"})
        assert answer.status_code == 400, text


# --- chapa

def test_chapa(stack, chapa, guest, host, held):
    chapa.fail("/v1/transaction/initialize", "cut")
    made = pay(guest, held, provider="chapa").json()
    assert made["status"] == "pending"
    settle(stack)
    now = read(guest, made["id"])
    assert now["status"] == "requires_action" and now["action"]["kind"] == "redirect" and now["action"]["url"].startswith(chapa.url)
    assert now["provider_ref"] != made["id"] and now["provider_ref"].startswith(made["id"]), "a reference it has not seen"
    assert chapa.transactions[now["provider_ref"]]["amount"] == "240.00"
    event = chapa.pay(now["provider_ref"])
    assert code(tell(stack, event, "0" * 64, "chapa"), 400) == "bad_signature"
    assert tell(stack, {**event, "amount": "0.01"}, None, "chapa").status_code == 204  # what counts is what verify says
    assert tell(stack, event, None, "chapa").status_code == 204
    settle(stack)
    assert amounts(read(guest, made["id"])) == (TOTAL, 0, 0) and status(guest, held) == "confirmed"
    host.post("/v1/refunds", json={"payment_id": made["id"], "amount": 550, "reason": "x"})
    settle(stack)
    assert amounts(read(guest, made["id"])) == (TOTAL, 0, 550) and [body["amount"] for _, body in chapa.refunds] == ["5.50"]


def paid_at_chapa(stack, chapa, guest, held):
    made = pay(guest, held, provider="chapa").json()
    chapa.pay(made["provider_ref"])
    stack.query("update payments set updated_at = updated_at - interval '1 hour' where id = %s", made["id"])
    stack.job("payment-reconcile")
    settle(stack)
    return made


def test_a_refund_that_cannot_be_repeated_is_not(stack, chapa, guest, host, held):
    made, before = paid_at_chapa(stack, chapa, guest, held), len(chapa.refunds)
    chapa.fail("/v1/refund", "cut")
    host.post("/v1/refunds", json={"payment_id": made["id"], "amount": 550, "reason": "x"})
    settle(stack)
    assert len(chapa.refunds) == before + 1, "it has no keys: once, and then somebody has to look"
    assert amounts(read(guest, made["id"])) == (TOTAL, 550, 0)


def test_a_refund_waits_for_the_reference_it_is_made_by(stack, chapa, guest, host, held):
    """While the transaction cannot be looked up nothing has been asked for, so it is asked for later."""
    made, before = paid_at_chapa(stack, chapa, guest, held), len(chapa.refunds)
    chapa.fail("/v1/transaction/verify", "cut")
    refund = host.post("/v1/refunds", json={"payment_id": made["id"], "amount": 550, "reason": "x"}).json()
    settle(stack)
    assert wait_until(lambda: settle(stack) or host.get(f"/v1/refunds/{refund['id']}").json()["status"] == "done")
    assert chapa.refunds[before:] == [(made["provider_ref"], {"amount": "5.50", "reference": refund["id"]})]
    assert amounts(read(guest, made["id"])) == (TOTAL, 0, 550)


# --- secrets

def test_secrets_are_nowhere(stack, stripe):
    found = []
    for secret in (STRIPE_KEY, STRIPE_WEBHOOK, CHAPA_KEY, CHAPA_WEBHOOK):
        for log in (stack.run_dir / "log").glob("*.log"):
            found += [(log.name, secret)] if secret in log.read_text(errors="replace") else []
        found += [("config show", secret)] if secret in stack.ctl("config", "show").stdout else []
        dump = "".join(stack.query(f"select coalesce(string_agg(t::text, ''), '') from {table} t")[0][0]
                       for table in ("provider_calls", "provider_events", "payments", "payment_customers", "idempotency_keys"))
        found += [("database", secret)] if secret in dump else []
    for pid in (entry.name for entry in os.scandir("/proc") if entry.name.isdigit()):
        for part in ("cmdline", "environ"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/{part}", "rb") as file:
                text = file.read().decode(errors="replace")
                found += [(part, secret) for secret in (STRIPE_KEY, STRIPE_WEBHOOK, CHAPA_KEY, CHAPA_WEBHOOK) if secret in text]
    secrets = [i["client_secret"] for i in stripe.intents.values()]
    logs = "".join(log.read_text(errors="replace") for log in (stack.run_dir / "log").glob("*.log"))
    found += [("log", s) for s in secrets if s in logs]
    assert found == []
