"""Every order of {the hold expires, the money comes, its webhook comes again, the guest cancels, the stay is changed}.

A model of a few lines says where each must end; then the money at the provider, that of the payments and that of the ledger are
what the model says is owed. Money that comes after the hold has expired is the late one. All 120 orders with
NEXUS_ALL_ORDERS=1 (make check-orders); a sample of them otherwise.
"""
import itertools
import json
import os
import random

import pytest

from marketplace import check_invariants, day, make_property, quote
from payment_stubs import STRIPE_KEY, STRIPE_WEBHOOK, Stripe
from stack import private_stack

EVENTS = ("expire", "pay", "webhook_again", "cancel", "change")
ORDERS = list(itertools.permutations(EVENTS))
if not os.environ.get("NEXUS_ALL_ORDERS"):
    ORDERS = random.Random(4).sample(ORDERS, 8)
NIGHT = 12000


@pytest.fixture(scope="module")
def market():
    stub = Stripe()
    with private_stack({"sandbox": "yes"}) as running:
        running.stop("jobs", "api")
        folder = running.run_dir / "secret"
        for name, secret in (("stripe.key", STRIPE_KEY), ("stripe.hook", STRIPE_WEBHOOK)):
            (folder / name).touch(0o600)
            (folder / name).write_text(secret)
            os.chown(folder / name, os.stat(folder / "cursor.key").st_uid, -1)
        running.set_options(payment_providers="stripe", stripe_url=stub.url, stripe_secret_file=folder / "stripe.key",
                            stripe_webhook_secret_file=folder / "stripe.hook")
        running.start("api")
        yield running, stub, running.user(), running.user()
        check_invariants(running)
        checked = running.ctl("ledger", "check", check=False)
        assert checked.returncode == 0, checked.stdout
    stub.close()


class Model:
    """Where a booking stands, what it costs and what of that is owed."""

    def __init__(self):
        self.status, self.total, self.owed, self.paid_for = "held", 2 * NIGHT, 0, False

    def expire(self):
        if self.status == "held":
            self.status = "expired"

    def pay(self):
        if not self.paid_for and self.status in ("held", "expired"):
            self.status, self.owed = "confirmed", self.total
        self.paid_for = True  # what comes for a booking that was called off goes back: nothing is owed

    webhook_again = pay

    def cancel(self):
        if self.status == "confirmed":
            self.owed = self.total - self.total // 2  # moderate, less than five days ahead
        if self.status in ("held", "confirmed"):
            self.status = "cancelled"
            return 200
        return 409

    def change(self):
        if self.status != "confirmed":
            return 409
        self.total += NIGHT
        self.owed = self.total
        return 200


class Life:
    """The same with the real thing."""

    def __init__(self, market):
        self.stack, self.stub, self.host, self.guest = market
        self.place = make_property(self.host)["id"]
        self.stack.query("delete from sandbox_clock")
        self.stack.query("insert into property_pricing (property_id, plan) values (%s, '{\"cancellation_policy\": \"moderate\"}')", self.place)
        held = self.guest.post("/v1/holds", json={"quote_id": quote(self.guest, self.place, 3).json()["id"]})
        assert held.status_code == 201, held.text
        self.id = held.json()["id"]
        self.refs, self.event = [self.ask_for_money()], None

    def ask_for_money(self):
        made = self.guest.post("/v1/payments", json={"booking_id": self.id})
        assert made.status_code == 201, made.text
        return made.json()["provider_ref"]

    def tell(self, event):
        text = json.dumps(event)
        told = self.stack.session().post("/v1/webhooks/stripe", data=text,
                                         headers={"Stripe-Signature": Stripe.signature(text), "Content-Type": "application/json"})
        assert told.status_code == 204, told.text

    def expire(self):
        self.stack.query("insert into sandbox_clock (shift) values ('16 minutes')")
        self.stack.job("booking-expire")

    def pay(self):
        self.event = self.event or self.stub.event("payment_intent.succeeded", self.stub.pay(self.refs[0]))
        self.tell(self.event)

    webhook_again = pay

    def cancel(self):
        return self.guest.post(f"/v1/bookings/{self.id}/cancel").status_code

    def change(self):
        asked = self.guest.post(f"/v1/bookings/{self.id}/change", json={"check_out": day(6)})
        if asked.status_code == 200:
            accepted = self.host.post(f"/v1/bookings/{self.id}/change/accept")
            assert accepted.status_code == 200, accepted.text
            self.refs.append(self.ask_for_money())  # the difference
            self.tell(self.stub.event("payment_intent.succeeded", self.stub.pay(self.refs[-1])))
        return asked.status_code

    def settle(self):
        for _ in range(20):
            self.stack.query("update provider_calls set next_at = now() where state in ('waiting', 'under_way')")
            self.stack.query("update provider_events set next_at = now() where handled_at is null")
            if self.stack.job("payment-calls") + self.stack.job("payment-events") == 0:
                return
        raise AssertionError("calls to the provider do not end")

    def at_the_provider(self):
        received = sum(self.stub.intents[ref]["amount_received"] for ref in self.refs)
        return received - sum(refund["amount"] for refund in self.stub.refunds.values() if refund["payment_intent"] in self.refs)


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_every_order_ends_as_the_model_says(market, order):
    life, model = Life(market), Model()
    for event in order:
        assert getattr(life, event)() == getattr(model, event)(), (event, order)
    life.settle()
    booking = life.guest.get(f"/v1/bookings/{life.id}").json()
    assert booking["status"] == model.status
    assert life.at_the_provider() == model.owed, "what the provider has is what is owed"
    assert life.stack.query("select payment_paid(%s)", life.id)[0][0] == model.owed
    balance = life.stack.query("select coalesce(sum(e.amount), 0) from ledger_entries e join ledger_accounts a on a.id = e.account_id "
                               "where a.kind = 'guest' and e.booking_id = %s", life.id)[0][0]
    assert balance == 0, "the guest owes nothing and is owed nothing"
    nights = life.stack.query("select count(*) from occupancy where booking_id = %s", life.id)[0][0]
    assert nights == (model.status == "confirmed")


def test_late_money_for_nights_that_are_gone_goes_back(market):
    life = Life(market)
    life.expire()
    other = life.stack.user()
    again = other.post("/v1/holds", json={"quote_id": quote(other, life.place, 3).json()["id"]})
    assert again.status_code == 201
    life.pay()
    life.webhook_again()
    life.settle()
    assert life.guest.get(f"/v1/bookings/{life.id}").json()["status"] == "expired"
    assert life.at_the_provider() == 0
