"""Seven events of one payment in every order: whatever comes first, the end is the same, and it is the model's.

All 5,040 orders with NEXUS_ALL_ORDERS=1 (make check-orders); a sample of them otherwise.
"""
import contextlib
import itertools
import json
import os
import random
import uuid

import pytest

from marketplace import make_property, quote
from payment_stubs import STRIPE_KEY, STRIPE_WEBHOOK, Stripe
from stack import private_stack

TOTAL, GIVEN = 24000, (1000, 2500)
ORDERS = list(itertools.permutations(range(7)))
if not os.environ.get("NEXUS_ALL_ORDERS"):
    ORDERS = random.Random(11).sample(ORDERS, 120)


@pytest.fixture(scope="module")
def stack():
    stub = Stripe()
    with private_stack({"sandbox": "yes"}) as running:
        running.stop("jobs", "api")
        folder = running.run_dir / "secret"
        for name, secret in (("stripe.key", STRIPE_KEY), ("stripe.hook", STRIPE_WEBHOOK)):
            (folder / name).touch(0o600)
            (folder / name).write_text(secret)
            os.chown(folder / name, os.stat(folder / "cursor.key").st_uid, -1)
        running.set_options(payment_providers="offline, stripe", stripe_url=stub.url, stripe_secret_file=folder / "stripe.key",
                            stripe_webhook_secret_file=folder / "stripe.hook")
        running.start("api")
        with contextlib.closing(running.db("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute("alter system set synchronous_commit = off")  # nothing crashes here, and there is much to write
            cursor.execute("select pg_reload_conf()")
        yield running, stub
        assert running.ctl("ledger", "check", check=False).returncode == 0
    stub.close()


def events(stub, ref, payment):
    """What Stripe sends when a card is declined, the next one asks back and is charged, and some goes back in two parts."""
    intent = {"object": "payment_intent", "id": ref, "status": "requires_payment_method", "amount": TOTAL, "amount_received": 0,
              "client_secret": ref + "_secret_x", "metadata": {"nexus_payment": payment}}
    charge = {"object": "charge", "id": "ch_" + ref, "payment_intent": ref, "amount_captured": TOTAL, "amount_refunded": 0, "metadata": intent["metadata"]}
    refunds = [{"object": "refund", "id": f"re_{n}_{ref}", "amount": amount, "payment_intent": ref, "status": "succeeded", "metadata": {}}
               for n, amount in enumerate(GIVEN)]
    return [stub.event("payment_intent.created", intent, 1000),
            stub.event("payment_intent.payment_failed", {**intent, "last_payment_error": {"code": "card_declined"}}, 1001),
            stub.event("payment_intent.requires_action", {**intent, "status": "requires_action"}, 1002),
            stub.event("payment_intent.succeeded", {**intent, "status": "succeeded", "amount_received": TOTAL}, 1003),
            stub.event("charge.succeeded", charge, 1003),
            stub.event("refund.created", refunds[0], 1004),
            stub.event("refund.created", refunds[1], 1005)]


BOOKINGS = """insert into bookings (id, property_id, unit_id, guest_id, host_id, status, check_in, check_out, guests, total, currency, hold_expires_at)
              select x.id, q.property_id, u.id, %s, p.host_id, 'held', q.check_in, q.check_out, q.guests, q.total, q.currency, now() + interval '1 day'
                from quotes q join properties p on p.id = q.property_id join units u on u.property_id = p.id, unnest(%s::uuid[]) x(id) where q.id = %s"""
PAYMENTS = """insert into payments (id, booking_id, provider, purpose, status, amount, currency, provider_ref)
              select x.id, x.booking, 'stripe', 'charge', 'pending', %s, 'USD', 'pi_' || x.id from unnest(%s::uuid[], %s::uuid[]) x(id, booking)"""
EVENTS = """insert into provider_events (provider, event_id, kind, payload, next_at)
            select 'stripe', e.id, e.kind, e.payload, now() - interval '1 day' + e.turn * interval '1 ms'
              from unnest(%s::text[], %s::text[], %s::text[], %s::int[]) e(id, kind, payload, turn)"""


def test_every_order_ends_the_same(stack):
    running, stub = stack
    guest, place = running.user(), make_property(running.user())["id"]
    bookings, payments = ([str(uuid.uuid4()) for _ in ORDERS] for _ in range(2))
    rows = []
    for n, order in enumerate(ORDERS):
        all_seven = events(stub, "pi_" + payments[n], payments[n])
        rows += [(all_seven[i]["id"], all_seven[i]["type"], json.dumps(all_seven[i]), 10 * n + turn) for turn, i in enumerate(order)]
    with running.db() as connection, connection.cursor() as cursor:
        cursor.execute(BOOKINGS, (guest.id, bookings, quote(guest, place, 30).json()["id"]))
        cursor.execute(PAYMENTS, (TOTAL, payments, bookings))
        cursor.execute(EVENTS, tuple(map(list, zip(*rows))))
    for _ in range(10):  # those that came too early wait a moment
        running.job("payment-events")
        if running.query("select count(*) from provider_events where handled_at is null")[0][0] == 0:
            break
        running.query("update provider_events set next_at = now() where handled_at is null")
    ends = running.query("select p.status, p.captured, p.refunding, p.refunded, p.action::text, p.failure, b.status, count(*)::int "
                         "from payments p join bookings b on b.id = p.booking_id where p.id = any (%s::uuid[]) group by 1, 2, 3, 4, 5, 6, 7", payments)
    assert ends == [("captured", TOTAL, 0, sum(GIVEN), None, None, "confirmed", len(ORDERS))]
    assert running.query("select count(*) from refunds where payment_id = any (%s::uuid[])", payments)[0][0] == len(GIVEN) * len(ORDERS)
