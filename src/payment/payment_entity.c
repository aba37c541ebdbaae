/* Payments and refunds as they are read. */
#include "payment/payment.h"

#include "payment/payment_rules.h"
#include "query/plan.h"

static const struct personal money = { "Says what a person has paid for a stay.", "ten years, for accounts",
                                       "kept without a person behind it" };

static const char *const statuses[] = { "pending", "requires_action", "authorized", "captured",
                                        "failed",  "cancelled",       NULL };
static const char *const refund_statuses[] = { "pending", "sent", "done", "failed", NULL };

static const struct shape_field action_members[] = {
    { .name = "kind",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "stripe: go on with Stripe.js and client_secret; redirect: open url.",
      .example = "\"redirect\"" },
    { .name = "client_secret",
      .type = SHAPE_STRING,
      .flags = SHAPE_NULLABLE,
      .doc = "For Stripe.js; for nobody else's eyes.",
      .example = "\"pi_1_secret_2\"" },
    { .name = "url",
      .type = SHAPE_STRING,
      .flags = SHAPE_NULLABLE,
      .doc = "Page of the provider.",
      .example = "\"https://pay.example.com/1\"" },
};
static const struct shape action_shape = { .name = "PaymentAction",
                                           .fields = action_members,
                                           .count = SHAPE_COUNT(action_members),
                                           .doc = "What the guest has to do." };
static const struct shape_field action = {
    .name = "action", .type = SHAPE_OBJECT, .flags = SHAPE_NULLABLE, .sub = &action_shape
};
static const struct field_json payment_json[] = { { "action", &action }, { NULL, NULL } };

static const struct field payment_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "Identifies the payment; later ones sort behind." },
    { "booking_id", FIELD_UUID, "{t}.booking_id", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, &money,
      "Booking it is for." },
    { "provider", FIELD_TEXT, "{t}.provider", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Whom it is made with: offline, stripe, chapa." },
    { "purpose", FIELD_ENUM, "{t}.purpose", NULL, 0, payment_purposes, PERM_PUBLIC, NULL,
      "charge: the whole stay, or what is left of it; deposit and balance: its two parts; security: a hold "
      "that is given back after "
      "the stay." },
    { "status", FIELD_ENUM, "{t}.status", NULL, 0, statuses, PERM_PUBLIC, NULL,
      "requires_action: the guest has something to do, see action; authorized: the money is held and can be "
      "captured." },
    { "amount", FIELD_MONEY, "{t}.amount", "{t}.currency", 0, NULL, PERM_PUBLIC, &money,
      "What is to be paid." },
    { "captured", FIELD_MONEY, "{t}.captured", "{t}.currency", 0, NULL, PERM_PUBLIC, &money,
      "What was paid." },
    { "refunding", FIELD_MONEY, "{t}.refunding", "{t}.currency", 0, NULL, PERM_PUBLIC, &money,
      "What is on its way back." },
    { "refunded", FIELD_MONEY, "{t}.refunded", "{t}.currency", 0, NULL, PERM_PUBLIC, &money,
      "What was given back." },
    { "action", FIELD_JSON, NULL, NULL, FIELD_NULLABLE | FIELD_COMPUTED, NULL, PERM_PUBLIC, &money,
      "What the guest has to do; null for everybody else." },
    { "failure", FIELD_TEXT, "{t}.failure", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "The provider's word for why it failed or was cancelled." },
    { "provider_ref", FIELD_TEXT, "{t}.provider_ref", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "The payment at its provider." },
    { "due_at", FIELD_TIME, "{t}.due_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "When it is to be paid." },
    { "captured_at", FIELD_TIME, "{t}.captured_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it was paid." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "When it was made." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static const struct field refund_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "Identifies the refund; later ones sort behind." },
    { "payment_id", FIELD_UUID, "{t}.payment_id", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Payment it is given back of." },
    { "booking_id", FIELD_UUID, "{t}.booking_id", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, &money,
      "Booking that was paid." },
    { "status", FIELD_ENUM, "{t}.status", NULL, 0, refund_statuses, PERM_PUBLIC, NULL,
      "pending: the provider is yet to be asked; sent: it is on its way; failed: the provider could not do "
      "it." },
    { "amount", FIELD_MONEY, "{t}.amount", "{t}.currency", 0, NULL, PERM_PUBLIC, &money,
      "What is given back." },
    { "reason", FIELD_TEXT, "{t}.reason", NULL, 0, NULL, PERM_PUBLIC, &money, "Why." },
    { "provider_ref", FIELD_TEXT, "{t}.provider_ref", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "The refund at its provider." },
    { "done_at", FIELD_TIME, "{t}.done_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When the provider had done it." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "When it was made." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

/* Whoever has part in the booking; co-hosts who may read bookings; payment.manage sees all. */
static void money_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!who->known) {
        plan_sql(b, " and false");
        return;
    }
    if (perm_has(who->perms, PERM_PAYMENT_MANAGE)) {
        return;
    }
    int me = plan_param(b, db_uuid(&who->user));
    /* An array that is made once, so that the index on booking_id serves and those of bookings do. */
    plan_sql(b,
             " and %s.booking_id = any (array(select pb.id from bookings pb"
             " where pb.guest_id = $%d or pb.host_id = $%d",
             alias, me, me);
    if (perm_has(who->ceiling, PERM_BOOKING_READ)) {
        plan_sql(b,
                 " or pb.property_id = any (array(select bm.property_id from property_members bm"
                 " where bm.user_id = $%d and 'booking.read' = any (bm.permissions)))",
                 me);
    }
    plan_sql(b, "))");
}

const struct entity entity_payment = {
    .name = "payment",
    .type = "Payment",
    .plural = "payments",
    .table = "payments",
    .key = "id",
    .version = "{t}.version",
    .fields = payment_fields,
    .field_count = sizeof(payment_fields) / sizeof(payment_fields[0]),
    .json = payment_json,
    .default_sort = "-id",
    .scope = money_scope,
    .doc = "Money for a booking, paid or to be paid.",
};

const struct entity entity_refund = {
    .name = "refund",
    .type = "Refund",
    .plural = "refunds",
    .table = "refunds",
    .key = "id",
    .version = "{t}.version",
    .fields = refund_fields,
    .field_count = sizeof(refund_fields) / sizeof(refund_fields[0]),
    .default_sort = "-id",
    .scope = money_scope,
    .doc = "Money that goes back to a guest.",
};

void payment_select_action(struct request *rq, struct selection *sel)
{
    struct db_param *me = ARENA_NEW(rq->arena, struct db_param);
    *me = db_uuid(&rq->principal.user);
    selection_compute(
        sel, "action",
        "case when exists (select from bookings ab where ab.id = {t}.booking_id and ab.guest_id = $1) "
        "then {t}.action end",
        me, 1);
}

enum err payment_read_prepare(struct request *rq, struct selection *sel)
{
    payment_select_action(rq, sel);
    return ERR_NONE;
}

enum err payment_answer(struct request *rq, const struct uuid *id)
{
    struct db_failure failure;
    struct selection *sel = selection_default(rq, &entity_payment, id);
    const struct plan *plan;
    struct db_param *params;
    int nparams;
    payment_select_action(rq, sel);
    enum err e = plan_make(rq, sel, &plan, &params, &nparams);
    if (e) {
        return e;
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = db_add(b, plan_statement(plan), params, nparams);
    if (db_run(b, &failure) != ERR_NONE) {
        return rq->write.open ? fail_db(rq, &failure) : fail(rq, ERR_OUTCOME_UNKNOWN, NULL, NULL);
    }
    return plan_write(rq, plan, sel, db_result(b, at));
}
