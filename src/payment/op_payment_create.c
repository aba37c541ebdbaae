/* POST /v1/payments: pay for a booking, or a part of it. */
#include "payment/payment.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "payment/payment_rules.h"
#include "json/write.h"

#include <string.h>

struct payment_create_in {
    struct shape_seen seen;
    struct uuid booking_id;
    int purpose;
    struct str provider, method, return_url;
    int capture;
};

enum { BOOKING, PURPOSE, PROVIDER, METHOD, RETURN_URL, CAPTURE };
static const char *const captures[] = { "automatic", "manual", NULL };

static const struct shape_field in_fields[] = {
    [BOOKING] = { .name = "booking_id",
                  .type = SHAPE_UUID,
                  .flags = SHAPE_REQUIRED,
                  .offset = offsetof(struct payment_create_in, booking_id),
                  .doc = "Booking to pay for, also one that is held or requested." },
    [PURPOSE] = { .name = "purpose",
                  .type = SHAPE_ENUM,
                  .offset = offsetof(struct payment_create_in, purpose),
                  .values = payment_purposes,
                  .doc = "What is paid; left out, what is due next: a deposit where the property takes one "
                         "and the stay is "
                         "far enough away, then the balance, else everything.",
                  .example = "\"charge\"" },
    [PROVIDER] = { .name = "provider",
                   .type = SHAPE_STRING,
                   .offset = offsetof(struct payment_create_in, provider),
                   .min = 1,
                   .max = 32,
                   .doc = "Whom to pay with, one of those switched on; left out, the first of them.",
                   .example = "\"offline\"" },
    [METHOD] = { .name = "payment_method",
                 .type = SHAPE_STRING,
                 .offset = offsetof(struct payment_create_in, method),
                 .min = 1,
                 .max = 255,
                 .doc = "A payment method's reference at the provider, to pay with at once; for stripe.",
                 .example = "\"pm_card_visa\"" },
    [RETURN_URL] = { .name = "return_url",
                     .type = SHAPE_STRING,
                     .offset = offsetof(struct payment_create_in, return_url),
                     .min = 1,
                     .max = 255,
                     .format = "uri",
                     .doc = "Where the provider's page leads back to; left out, what option "
                            "payment_return_url says.",
                     .example = "\"https://www.example.com/paid\"" },
    [CAPTURE] = { .name = "capture",
                  .type = SHAPE_ENUM,
                  .offset = offsetof(struct payment_create_in, capture),
                  .values = captures,
                  .doc = "manual: the money is held and captured by a request of its own; only where the "
                         "provider can. "
                         "Requests and security holds are always manual.",
                  .example = "\"automatic\"" },
};
static const struct shape in_shape = { .name = "PaymentCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct payment_create_in),
                                       .doc = "What to pay, and how." };

static enum err payment_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND,   ERR_BOOKING_STATE, ERR_VALIDATION,
                                   ERR_NOTHING_DUE, ERR_PAYMENT_OPEN,  ERR_NONE };

const struct op op_payment_create = {
    .name = "payment_create",
    .method = METHOD_POST,
    .path = "/v1/payments",
    .tag = "Payments",
    .summary = "Pay for a booking",
    .doc = "By its guest. The amount is what is due, never what a client says. With a provider the answer "
           "says in `action` what "
           "the guest has to do; while it is not known yet the status is pending and GET shows it later.",
    .perm = PERM_BOOKING_CREATE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_payment,
    .errors = errors,
    .exec = payment_create_exec,
};

struct plan_of_payment {
    const struct payment_provider *provider;
    struct payment_due due;
    bool manual;
    bool customer; /* the guest has to become known to the provider first */
};

static enum err choose_provider(struct request *rq, const struct payment_create_in *in,
                                struct plan_of_payment *p)
{
    const struct merchant *m = SHAPE_HAS(in, PROVIDER) ? merchants_find(rq->merchants, in->provider)
                                                       : merchants_first(rq->merchants);
    p->provider = m ? payment_provider(str_from(m->name)) : NULL;
    if (!p->provider) {
        return fail(rq, ERR_VALIDATION, "/provider", "Payments are not made with this provider here.");
    }
    if (SHAPE_HAS(in, METHOD) && !p->provider->customers) {
        return fail(rq, ERR_VALIDATION, "/payment_method", "This provider takes none.");
    }
    if (SHAPE_HAS(in, CAPTURE) && in->capture == 1 && !p->provider->manual) {
        return fail(rq, ERR_VALIDATION, "/capture", "This provider cannot hold money.");
    }
    return ERR_NONE;
}

static bool is_one_of(struct str text, const char *const *names)
{
    while (*names && !str_eqz(text, *names)) {
        names++;
    }
    return *names != NULL;
}

/* What the booking's row says decides; the client only chooses among what is due. */
static enum err judge(struct request *rq, const struct payment_create_in *in, const PGresult *r,
                      struct plan_of_payment *p)
{
    static const char *const payable[] = { "held", "requested", "confirmed", "checked_in", NULL };
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, "/booking_id", "There is no such booking, or it is another guest's.");
    }
    struct str status = db_get_text(r, 0, 0);
    struct payment_terms terms = { .total = db_get_int8(r, 0, 1),
                                   .paid = db_get_int8(r, 0, 3),
                                   .days = db_get_int4(r, 0, 5),
                                   .deposit_ppm = db_get_int4(r, 0, 6),
                                   .balance_days = db_get_int4(r, 0, 7),
                                   .security = db_get_int8(r, 0, 8) };
    if (!is_one_of(status, payable)) {
        return fail(rq, ERR_BOOKING_STATE, "/booking_id", "The booking is " STR_FMT ".", STR_ARG(status));
    }
    p->due = SHAPE_HAS(in, PURPOSE) ? payment_due_of(&terms, (enum payment_purpose)in->purpose)
                                    : payment_next_due(&terms);
    if (p->due.purpose != PAYMENT_SECURITY && db_get_bool(r, 0, 4)) {
        return fail(rq, ERR_PAYMENT_OPEN, "/booking_id", NULL);
    }
    if (p->due.amount == 0) {
        return fail(rq, ERR_NOTHING_DUE, SHAPE_HAS(in, PURPOSE) ? "/purpose" : "/booking_id", NULL);
    }
    bool hold = p->due.purpose == PAYMENT_SECURITY || str_eqz(status, "requested");
    if (hold && !p->provider->manual && !p->provider->by_hand) {
        return fail(rq, ERR_VALIDATION, "/provider",
                    "This provider cannot hold money, which this payment needs.");
    }
    p->manual = hold || (SHAPE_HAS(in, CAPTURE) && in->capture == 1);
    p->customer = p->provider->customers && !db_get_bool(r, 0, 9);
    return ERR_NONE;
}

/* Of the request, what the provider's call needs. */
static struct str detail_of(struct request *rq, const struct payment_create_in *in)
{
    struct buf text;
    buf_init(&text, 4096);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    if (SHAPE_HAS(in, METHOD)) {
        JSON_MEMBER(&w, "method", str, in->method);
    }
    if (SHAPE_HAS(in, RETURN_URL)) {
        JSON_MEMBER(&w, "return_url", str, in->return_url);
    }
    json_write_object_end(&w);
    struct str made = arena_str(rq->arena, buf_str(&text));
    buf_free(&text);
    return made;
}

/* Offline money that counts as paid at once, or that the host records when it has come. */
static enum err pay_by_hand(struct request *rq, const struct plan_of_payment *p, const struct uuid *id)
{
    bool replayed;
    if (!rq->options->payment_offline_instant || p->manual) {
        return ERR_NONE;
    }
    struct payment_facts facts = { .status = "captured", .captured = p->due.amount };
    struct db_batch *b = write_batch(rq);
    int at = payment_add_record(rq, b, id, &facts);
    enum err e = write_run(rq, b, &replayed);
    return e ? e : payment_settle(rq, db_result(b, at), id);
}

static enum err ask_provider(struct request *rq, const struct payment_create_in *in,
                             const struct plan_of_payment *p, const struct uuid *id)
{
    struct db_batch *b = write_batch(rq);
    bool replayed;
    if (p->customer) {
        payment_add_call(rq, b, id, "customer", 0, STR_NONE);
    }
    payment_add_call(rq, b, id, "create", p->due.amount, detail_of(rq, in));
    payment_ask_afterwards(rq, id);
    return write_run(rq, b, &replayed);
}

static enum err insert(struct request *rq, const struct payment_create_in *in,
                       const struct plan_of_payment *p, struct uuid *id)
{
    struct db_batch *b = write_batch(rq);
    bool replayed;
    int at = DB_ADD(b, &q_payment_insert, db_uuid(id), db_uuid(&in->booking_id),
                    db_text(str_from(p->provider->name)), db_text(str_from(payment_purposes[p->due.purpose])),
                    db_bool(rq->arena, p->manual), db_int8(rq->arena, p->due.amount));
    enum err e = write_run(rq, b, &replayed);
    if (!e) {
        *id = db_get_uuid(db_result(b, at), 0, 0);
    }
    return e;
}

static enum err payment_create_exec(struct request *rq)
{
    const struct payment_create_in *in = rq->in;
    struct plan_of_payment p = { .manual = false };
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    bool replayed;
    *id = uuid_v7();
    if (choose_provider(rq, in, &p) != ERR_NONE) {
        return rq->err;
    }
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int at = DB_ADD(b, &q_payment_due, db_uuid(&in->booking_id), db_uuid(&rq->principal.user),
                    db_text(str_from(p.provider->name)));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed || (e = judge(rq, in, db_result(b, at), &p)) || (e = insert(rq, in, &p, id))) {
        return e;
    }
    e = p.provider->by_hand ? pay_by_hand(rq, &p, id) : ask_provider(rq, in, &p, id);
    if (e) {
        return e;
    }
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/payments/%s", text));
    return payment_answer(rq, id);
}
