/* Calls and events, one after the other. */
#include "payment/payment_run.h"

#include "base/log.h"
#include "db/queries.h"
#include "fetch/fetch.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "http/service.h"
#include "payment/payment.h"
#include "payment/payment_rules.h"

#include <string.h>

#define ATTEMPTS_MAX   5        /* at a transaction that met a deadlock */
#define LEASE_EXTRA_US 30000000 /* beyond the time-out, before a call counts as lost */
#define EVENT_ATTEMPTS 12       /* a bit more than an hour */

/* ---- transactions outside of an op's own ---- */

/* The request's own write is over: what follows is no part of what its key stands for. */
static void start_over(struct request *rq)
{
    rq->idempotency_key = STR_NONE;
    rq->write = (struct write){ .atomic = true };
}

/* A failure here is not the request's. */
static void forget_failure(struct request *rq)
{
    write_abandon(rq);
    rq->err = ERR_NONE;
    rq->detail = NULL;
    rq->violations.count = 0;
}

typedef enum err transaction(struct request *rq, void *data);

static enum err in_transaction(struct request *rq, transaction *body, void *data)
{
    enum err e = ERR_NONE;
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
        start_over(rq);
        e = body(rq, data);
        e = e ? e : write_finish(rq);
        if (!e) {
            return ERR_NONE;
        }
        bool again = rq->write.again;
        forget_failure(rq);
        if (!again) {
            break;
        }
    }
    return e;
}

/* ---- calls ---- */

static const struct {
    const char *name;
    enum payment_what what;
} whats[] = {
    { "customer", PAYMENT_CUSTOMER }, { "create", PAYMENT_CREATE }, { "capture", PAYMENT_CAPTURE },
    { "cancel", PAYMENT_CANCEL },     { "refund", PAYMENT_REFUND }, { "read", PAYMENT_READ },
};

struct claimed {
    struct payment_call call;
    const struct payment_provider *provider;
    const struct merchant *merchant;
    const char *name; /* of what is asked */
    bool lost;        /* somebody has begun it before, and its outcome is unknown */
    bool last;        /* the last attempt */
    struct payment_outcome outcome;
    const char *state; /* of provider_calls, afterwards */
    int64_t pause_us;
};

static struct str text_at(const PGresult *r, int col)
{
    return db_is_null(r, 0, col) ? STR_NONE : db_get_text(r, 0, col);
}

static const char *page_of(struct request *rq)
{
    const struct options *o = rq->options;
    return o->payment_return_url[0] ? o->payment_return_url : o->public_url;
}

static void read_claim(struct request *rq, const PGresult *r, struct claimed *out)
{
    struct payment_call *c = &out->call;
    struct str what = db_get_text(r, 0, 1);
    *c = (struct payment_call){ .id = db_get_uuid(r, 0, 0),
                                .attempt = db_get_int4(r, 0, 2),
                                .payment_id = db_get_uuid(r, 0, 5),
                                .booking_id = db_get_uuid(r, 0, 6),
                                .refund_id = db_get_uuid(r, 0, 7),
                                .guest_id = db_get_uuid(r, 0, 8),
                                .amount = db_get_int8(r, 0, 9),
                                .currency = db_get_text(r, 0, 10),
                                .exponent = db_get_int4(r, 0, 11),
                                .ref = text_at(r, 12),
                                .customer = text_at(r, 13),
                                .manual = db_get_bool(r, 0, 14),
                                .method = text_at(r, 15),
                                .return_url = text_at(r, 16),
                                .save = db_get_bool(r, 0, 17),
                                .off_session = db_get_bool(r, 0, 18) };
    for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++) {
        if (str_eqz(what, whats[i].name)) {
            c->what = whats[i].what;
            out->name = whats[i].name;
        }
    }
    c->return_url = c->return_url.p ? c->return_url : str_from(page_of(rq));
    out->lost = db_get_bool(r, 0, 3);
    out->last = db_get_bool(r, 0, 19);
    out->provider = payment_provider(db_get_text(r, 0, 4));
    out->merchant = merchants_find(rq->merchants, db_get_text(r, 0, 4));
}

static int64_t lease_us(const struct request *rq)
{
    return rq->options->payment_timeout + LEASE_EXTRA_US;
}

/* False when none waits. */
static enum err claim(struct request *rq, const struct uuid *payment, struct claimed *out, bool *found)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_call_claim, payment ? db_uuid(payment) : db_null(DB_UUID),
                    db_int8(rq->arena, lease_us(rq)));
    *out = (struct claimed){ .lost = false };
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    *found = PQntuples(db_result(b, at)) > 0;
    if (*found) {
        read_claim(rq, db_result(b, at), out);
    }
    return ERR_NONE;
}

static void make_call(struct request *rq, struct claimed *c)
{
    struct payment_outcome *out = &c->outcome;
    bool needs_ref = c->call.what != PAYMENT_CREATE && c->call.what != PAYMENT_CUSTOMER;
    if (!c->provider || !c->merchant || !c->provider->ask) {
        out->why = "the provider is not switched on";
        out->unsent = true;
        return;
    }
    if (needs_ref && !c->call.ref.p) { /* it never came to be */
        out->answer = c->call.what == PAYMENT_CANCEL ? PAYMENT_SAID : PAYMENT_REFUSED;
        out->facts.status = c->call.what == PAYMENT_CANCEL ? "cancelled" : NULL;
        out->why = "there is no payment at the provider";
        return;
    }
    if (c->lost && c->call.what == PAYMENT_REFUND && c->provider->refund_once) {
        out->answer = PAYMENT_REFUSED;
        out->why = "its outcome is unknown and it cannot be repeated: look at the provider's records";
        return;
    }
    struct fetch_session calls = { .arena = rq->arena,
                                   .options = rq->options,
                                   .issuer = c->merchant->url,
                                   .ca = rq->options->payment_ca,
                                   .timeout_us = rq->options->payment_timeout,
                                   .turns = fetch_turns(rq->options, rq->options->payment_calls),
                                   .stats = rq->service ? rq->service->stats : (struct service_stats){ 0 } };
    c->provider->ask(&calls, c->merchant, &c->call, out);
    fetch_end(&calls);
}

/* What becomes of the call, and of what it was for when it is over without success. */
static void conclude(struct claimed *c)
{
    struct payment_outcome *out = &c->outcome;
    bool unknown_refund = c->call.what == PAYMENT_REFUND && c->provider && c->provider->refund_once &&
                          out->answer == PAYMENT_AGAIN && !out->unsent;
    c->state = out->answer == PAYMENT_SAID      ? "done"
               : out->answer == PAYMENT_REFUSED ? "refused"
               : c->last || unknown_refund      ? "given_up"
                                                : "waiting";
    c->pause_us = payment_pause_us(c->call.attempt, out->wait_us, c->call.id.b[15]);
    if (strcmp(c->state, "refused") == 0 && c->call.what == PAYMENT_REFUND && !c->lost) {
        out->facts.refunds[0] = (struct payment_refund_fact){ .id = c->call.refund_id,
                                                              .amount = c->call.amount,
                                                              .status = "failed" };
        out->facts.refund_count = 1;
    }
    bool over = strcmp(c->state, "refused") == 0 || strcmp(c->state, "given_up") == 0;
    if (over && c->call.what == PAYMENT_CREATE && !out->facts.status) {
        out->facts.status = "failed";
        out->facts.failure =
            str_from(out->why && strlen(out->why) <= 200 ? out->why : "the provider refused");
    }
    if (over && c->call.what != PAYMENT_CREATE && c->call.what != PAYMENT_READ) {
        out->facts.look = true;
    }
}

static void log_call(const struct request *rq, const struct claimed *c)
{
    bool trouble = c->outcome.answer != PAYMENT_SAID;
    LOG(trouble ? LOG_WARN : LOG_INFO, "asked a payment provider",
        LOG_TEXT("provider", c->merchant ? c->merchant->name : ""), LOG_TEXT("what", c->name),
        LOG_NUM("attempt", c->call.attempt), LOG_NUM("status", c->outcome.http_status),
        LOG_TEXT("state", c->state), LOG_TEXT("why", c->outcome.why ? c->outcome.why : ""),
        LOG_TEXT("request_id", rq->id));
}

/* The balance of a stay is charged to what its deposit was paid with. */
static void add_method(struct db_batch *b, const struct uuid *payment, const char *provider,
                       const struct payment_facts *f)
{
    if (f->method.p && f->captured > 0) {
        (void)DB_ADD(b, &q_customer_method, db_uuid(payment), db_text(str_from(provider)),
                     db_text(f->method));
    }
}

static enum err record_call(struct request *rq, void *data)
{
    struct claimed *c = data;
    struct payment_outcome *out = &c->outcome;
    struct db_batch *b = write_batch(rq);
    bool replayed;
    int at = payment_add_record(rq, b, &c->call.payment_id, &out->facts);
    if (out->facts.customer.p) {
        (void)DB_ADD(b, &q_customer_record, db_uuid(&c->call.payment_id),
                     db_text(str_from(c->merchant->name)), db_text(out->facts.customer));
    }
    add_method(b, &c->call.payment_id, c->merchant ? c->merchant->name : "", &out->facts);
    (void)DB_ADD(
        b, &q_call_done, db_uuid(&c->call.id), db_int4(rq->arena, c->call.attempt),
        db_text(str_from(c->state)),
        out->http_status ? db_int4(rq->arena, out->http_status) : db_null(DB_INT4),
        db_text(out->answer == PAYMENT_SAID ? STR_NONE : str_from(out->why ? out->why : "not answered")),
        db_int8(rq->arena, c->pause_us));
    if (out->facts.look) {
        (void)DB_ADD(b, &q_call_read, db_uuid(&c->call.payment_id));
    }
    (void)DB_ADD(b, &q_event_wake, db_uuid(&c->call.payment_id));
    enum err e = write_run(rq, b, &replayed);
    return e ? e : payment_settle(rq, db_result(b, at), &c->call.payment_id);
}

enum err payment_run_calls(struct request *rq, const struct uuid *payment, int limit, int *made)
{
    struct claimed *c = ARENA_NEW(rq->arena, struct claimed);
    for (*made = 0; *made < limit; ++*made) {
        bool found = false;
        enum err e = claim(rq, payment, c, &found);
        if (e || !found) {
            return e;
        }
        make_call(rq, c);
        conclude(c);
        log_call(rq, c);
        e = in_transaction(rq, record_call, c);
        if (e) { /* the call counts as lost and is found again */
            LOG(LOG_ERROR, "what a payment provider said could not be recorded",
                LOG_TEXT("error", err_info(e)->code), LOG_TEXT("request_id", rq->id));
            return e;
        }
    }
    return ERR_NONE;
}

/* ---- events ---- */

struct arrived {
    const struct payment_provider *provider;
    struct str event_id, payload;
    int attempt;
    struct payment_event event;
    struct uuid payment;
    bool known;      /* of which payment it tells */
    const char *why; /* it cannot be handled yet */
    bool last;
};

static enum err claim_event(struct request *rq, struct str provider, struct str event, struct arrived *out,
                            bool *found)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_event_claim, db_text(provider), db_text(event));
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    const PGresult *r = db_result(b, at);
    *found = PQntuples(r) > 0;
    if (*found) {
        *out = (struct arrived){ .provider = payment_provider(db_get_text(r, 0, 0)),
                                 .event_id = db_get_text(r, 0, 1),
                                 .payload = db_get_text(r, 0, 2),
                                 .attempt = db_get_int4(r, 0, 3) };
        out->last = out->attempt >= EVENT_ATTEMPTS;
    }
    return ERR_NONE;
}

static enum err find_payment(struct request *rq, struct arrived *a)
{
    const struct payment_facts *f = &a->event.facts;
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at =
        DB_ADD(b, &q_payment_find, uuid_is_nil(&f->payment_id) ? db_null(DB_UUID) : db_uuid(&f->payment_id),
               db_text(str_from(a->provider->name)), db_text(f->ref));
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    const PGresult *r = db_result(b, at);
    a->known = PQntuples(r) > 0;
    if (a->known) {
        a->payment = db_get_uuid(r, 0, 0);
    }
    return ERR_NONE;
}

static void add_event_done(struct request *rq, struct db_batch *b, const struct arrived *a)
{
    (void)DB_ADD(b, &q_event_done, db_text(str_from(a->provider->name)), db_text(a->event_id),
                 a->known ? db_uuid(&a->payment) : db_null(DB_UUID), db_text(str_from(a->why)),
                 db_bool(rq->arena, a->last));
}

static enum err record_event(struct request *rq, void *data)
{
    struct arrived *a = data;
    struct db_batch *b = write_batch(rq);
    bool replayed;
    int at = payment_add_record(rq, b, &a->payment, &a->event.facts);
    if (a->event.facts.look) {
        (void)DB_ADD(b, &q_call_read, db_uuid(&a->payment));
    }
    (void)DB_ADD(b, &q_event_wake, db_uuid(&a->payment));
    add_method(b, &a->payment, a->provider->name, &a->event.facts);
    add_event_done(rq, b, a);
    enum err e = write_run(rq, b, &replayed);
    return e ? e : payment_settle(rq, db_result(b, at), &a->payment);
}

/* It waits: until the payment is known here, or what it presupposes. Asking the provider makes that known. */
static enum err put_off(struct request *rq, void *data)
{
    struct arrived *a = data;
    struct db_batch *b = write_batch(rq);
    bool replayed;
    if (a->known) {
        (void)DB_ADD(b, &q_call_read, db_uuid(&a->payment));
    }
    add_event_done(rq, b, a);
    return write_run(rq, b, &replayed);
}

static enum err handle(struct request *rq, struct arrived *a)
{
    bool tells = a->provider && a->provider->read && a->provider->read(rq->arena, a->payload, &a->event);
    const struct payment_facts *f = &a->event.facts;
    if (!a->provider) {
        return ERR_INTERNAL;
    }
    if (!tells || (!f->ref.p && uuid_is_nil(&f->payment_id))) { /* of no payment: nothing to do */
        return in_transaction(rq, put_off, a);
    }
    enum err e = find_payment(rq, a);
    if (e) {
        return e;
    }
    a->why = a->known ? NULL : "there is no such payment here";
    if (a->known && (e = in_transaction(rq, record_event, a)) == ERR_NONE) {
        return ERR_NONE;
    }
    a->why = a->known ? "it tells of something that is not known yet" : a->why;
    return in_transaction(rq, put_off, a);
}

enum err payment_run_events(struct request *rq, struct str provider, struct str event, int limit,
                            int *handled)
{
    struct arrived *a = ARENA_NEW(rq->arena, struct arrived);
    for (*handled = 0; *handled < limit; ++*handled) {
        bool found = false;
        enum err e = claim_event(rq, provider, event, a, &found);
        if (e || !found || (e = handle(rq, a))) {
            return e;
        }
        if (a->why) {
            LOG(LOG_WARN, "an event of a payment provider has to wait",
                LOG_TEXT("provider", a->provider->name), LOG_TEXT("why", a->why),
                LOG_NUM("attempt", a->attempt), LOG_TEXT("request_id", rq->id));
        }
    }
    return ERR_NONE;
}

enum err payment_reconcile(struct request *rq, int64_t silence_us, int64_t *asked)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_payment_reconcile, db_int8(rq->arena, silence_us));
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    *asked = db_get_int8(db_result(b, at), 0, 0);
    return ERR_NONE;
}

/* ---- after a request ---- */

#define CALLS_AFTERWARDS 4 /* a customer, a payment and what follows at once */

static void store_again(struct request *rq)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    const struct uuid *owner = uuid_is_nil(&rq->principal.user) ? &rq->principal.client : &rq->principal.user;
    struct response *res = &rq->res;
    (void)DB_ADD(b, &q_idempotency_body, db_uuid(owner), db_text(str_from(rq->op->name)),
                 db_text(rq->idempotency_key), db_text(res->etag[0] ? str_from(res->etag) : STR_NONE),
                 db_bytea(buf_str(res->body)));
    if (db_run(b, &failure) != ERR_NONE) {
        LOG(LOG_WARN, "an answer could not be stored anew", LOG_TEXT("request_id", rq->id));
    }
}

static void ask_quietly(struct request *rq)
{
    int made;
    struct str key = rq->idempotency_key;
    if (payment_run_calls(rq, rq->after_data, CALLS_AFTERWARDS, &made) != ERR_NONE) {
        LOG(LOG_WARN, "calls to a payment provider are left to be made later",
            LOG_TEXT("request_id", rq->id));
    }
    rq->idempotency_key = key;
    rq->write = (struct write){ .atomic = false };
}

/* The answer shows what the provider has said, and so does its replay. */
static void ask_and_show(struct request *rq)
{
    struct response before = rq->res;
    struct str body = arena_str(rq->arena, buf_str(rq->res.body));
    ask_quietly(rq);
    buf_reset(rq->res.body);
    rq->res.etag[0] = '\0';
    if (payment_answer(rq, rq->after_data) != ERR_NONE) {
        forget_failure(rq);
        rq->res = before;
        buf_reset(rq->res.body);
        buf_adds(rq->res.body, body);
        return;
    }
    etag_make(rq->res.etag, rq->res.etag_version, buf_str(rq->res.body));
    if (rq->idempotency_key.p) {
        store_again(rq);
    }
}

void payment_ask_afterwards(struct request *rq, const struct uuid *id)
{
    rq->after = ask_and_show;
    rq->after_data = id;
}

void payment_ask_quietly(struct request *rq, const struct uuid *id)
{
    rq->after = ask_quietly;
    rq->after_data = id;
}
