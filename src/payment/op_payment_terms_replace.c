/* PUT /v1/properties/{id}/payment-terms */
#include "payment/payment.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "property/property.h"
#include "query/plan.h"

struct payment_terms_in {
    struct shape_seen seen;
    struct uuid id;
    int64_t deposit_ppm, balance_days;
    struct money_in security;
};

enum { ID, DEPOSIT, BALANCE, SECURITY };

static const struct shape_field in_fields[] = {
    [ID] = { .name = "id",
             .type = SHAPE_UUID,
             .in = IN_PATH,
             .flags = SHAPE_REQUIRED,
             .offset = offsetof(struct payment_terms_in, id),
             .doc = "The property." },
    [DEPOSIT] = { .name = "deposit_ppm",
                  .type = SHAPE_INT,
                  .offset = offsetof(struct payment_terms_in, deposit_ppm),
                  .min = 10000,
                  .max = 1000000,
                  .def = "1000000",
                  .doc = "Part of the price that is paid when a stay is booked, in millionths; 1000000: "
                         "everything.",
                  .example = "300000" },
    [BALANCE] = { .name = "balance_days",
                  .type = SHAPE_INT,
                  .offset = offsetof(struct payment_terms_in, balance_days),
                  .min = 0,
                  .max = 365,
                  .def = "30",
                  .doc = "Days before arrival on which the rest is due." },
    [SECURITY] = { .name = "security",
                   .type = SHAPE_OBJECT,
                   .flags = SHAPE_NULLABLE,
                   .offset = offsetof(struct payment_terms_in, security),
                   .sub = &money_shape,
                   .doc = "What is held for the stay and released after it, in the property's currency; null "
                          "or left out: "
                          "nothing." },
};
static const struct shape in_shape = { .name = "PaymentTermsReplace",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct payment_terms_in),
                                       .doc = "When which part of the price is paid." };

static enum err payment_terms_replace_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_VALIDATION, ERR_NONE };

const struct op op_payment_terms_replace = {
    .name = "payment_terms_replace",
    .method = METHOD_PUT,
    .path = "/v1/properties/{id}/payment-terms",
    .tag = "Payments",
    .summary = "Set how a property wants to be paid",
    .doc = "Replaces the whole document. For bookings that are paid from now on; balances that wait stay as "
           "they are.",
    .perm = PERM_PROPERTY_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .in = &in_shape,
    .entity = &entity_payment_terms,
    .errors = errors,
    .exec = payment_terms_replace_exec,
};

static enum err payment_terms_replace_exec(struct request *rq)
{
    const struct payment_terms_in *in = rq->in;
    struct property_facts now;
    bool replayed;
    bool security = SHAPE_HAS(in, SECURITY) && !SHAPE_NULL(in, SECURITY);
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &now, &replayed);
    if (e || replayed) {
        return e;
    }
    if (security && !str_eq(in->security.currency, now.currency)) {
        return fail(rq, ERR_VALIDATION, "/security/currency", "The currency of this property is " STR_FMT ".",
                    STR_ARG(now.currency));
    }
    if (security && in->security.amount == 0) {
        return fail(rq, ERR_VALIDATION, "/security/amount", "A hold of nothing is no hold; leave it out.");
    }
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_payment_terms_replace, db_uuid(&in->id), db_int8(rq->arena, in->deposit_ppm),
                 db_int8(rq->arena, in->balance_days),
                 security ? db_int8(rq->arena, in->security.amount) : db_null(DB_INT8));
    e = write_run(rq, b, &replayed);
    return e ? e : plan_answer(rq, &entity_payment_terms, &in->id);
}
