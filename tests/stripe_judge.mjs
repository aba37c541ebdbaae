// The npm package stripe as judge. `sign`: a webhook's signature as Stripe's own code makes it. `drive URL KEY`: its client
// goes through a payment with the stub, which has to answer as the client expects. `accepts`: whether it accepts a webhook.
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import Stripe from "stripe";

const [verb, ...rest] = process.argv.slice(2);
const input = () => JSON.parse(readFileSync(0, "utf8"));

async function drive(url, key) {
  const { hostname, port } = new URL(url);
  const stripe = new Stripe(key, { host: hostname, port, protocol: "http", maxNetworkRetries: 2, timeout: 5000, telemetry: false });
  const customer = await stripe.customers.create({ metadata: { nexus_user: "x" } });
  assert.equal(customer.object, "customer");
  const made = await stripe.paymentIntents.create({ amount: 5000, currency: "usd", capture_method: "manual", customer: customer.id,
    confirm: true, payment_method: "pm_card_visa", return_url: "https://example.com", metadata: { nexus_payment: "p" } });
  assert.equal(made.status, "requires_capture");
  assert.equal(made.metadata.nexus_payment, "p");
  assert.match(made.client_secret, /^pi_.*_secret_/);
  const taken = await stripe.paymentIntents.capture(made.id, { amount_to_capture: 4000 });
  assert.deepEqual([taken.status, taken.amount_received], ["succeeded", 4000]);
  const refund = await stripe.refunds.create({ payment_intent: made.id, amount: 1000 });
  assert.deepEqual([refund.object, refund.status, refund.payment_intent], ["refund", "succeeded", made.id]);
  assert.equal((await stripe.refunds.list({ payment_intent: made.id })).data.length, 1);
  await assert.rejects(stripe.refunds.create({ payment_intent: made.id, amount: 4000 }), Stripe.errors.StripeInvalidRequestError);
  await assert.rejects(stripe.paymentIntents.cancel(made.id), (e) => e.code === "payment_intent_unexpected_state");
  await assert.rejects(stripe.paymentIntents.create({ amount: 1, currency: "usd", capture_method: "automatic", confirm: true,
    payment_method: "pm_card_chargeDeclined" }), Stripe.errors.StripeCardError);
  const same = { idempotencyKey: "the-same" };
  const one = await stripe.paymentIntents.create({ amount: 7, currency: "usd", capture_method: "automatic" }, same);
  const two = await stripe.paymentIntents.create({ amount: 7, currency: "usd", capture_method: "automatic" }, same);
  assert.equal(one.id, two.id);
  await assert.rejects(stripe.paymentIntents.create({ amount: 8, currency: "usd", capture_method: "automatic" }, same),
    Stripe.errors.StripeIdempotencyError);
  await assert.rejects(new Stripe("sk_test_other", { host: hostname, port, protocol: "http" }).customers.create(),
    Stripe.errors.StripeAuthenticationError);
}

if (verb === "sign") {
  const { payload, secret, timestamp } = input();
  process.stdout.write(new Stripe("sk_test_x").webhooks.generateTestHeaderString({ payload, secret, timestamp }));
} else if (verb === "accepts") {
  const { payload, secret, header } = input();
  process.stdout.write(new Stripe("sk_test_x").webhooks.constructEvent(payload, header, secret).id);
} else {
  await drive(...rest);
}
