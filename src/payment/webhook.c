/* What both webhooks do: look at the signature, store, answer, and handle what was stored. */
#include "payment/payment.h"

#include "base/log.h"
#include "db/queries.h"
#include "http/idempotency.h"
#include "payment/payment_run.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH_SIZE 32

struct told {
    struct str provider, event;
};

/* The hash of the body stands for an event without an id: one that comes twice is the same to the last byte.
 */
static struct str hash_of(struct arena *a, struct str body)
{
    unsigned char hash[HASH_SIZE];
    size_t n = 0;
    char *text = arena_alloc(a, 2 * HASH_SIZE + 1);
    if (!EVP_Q_digest(NULL, "SHA256", NULL, body.p, body.n, hash, &n)) {
        abort();
    }
    for (size_t i = 0; i < HASH_SIZE; i++) {
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    }
    return (struct str){ text, 2 * HASH_SIZE };
}

/* It is stored and answered; a failure now is found by the job. */
static void handle(struct request *rq)
{
    const struct told *t = rq->after_data;
    int handled;
    if (payment_run_events(rq, t->provider, t->event, 1, &handled) != ERR_NONE) {
        LOG(LOG_WARN, "an event of a payment provider is left to be handled later",
            LOG_TEXT("request_id", rq->id));
    }
}

static enum err refuse(struct request *rq, const struct payment_provider *p, const char *why)
{
    LOG(LOG_WARN, "a webhook was refused", LOG_TEXT("provider", p->name), LOG_TEXT("why", why),
        LOG_TEXT("request_id", rq->id));
    return fail(rq, ERR_BAD_SIGNATURE, NULL, NULL);
}

enum err payment_webhook(struct request *rq, const struct payment_provider *p)
{
    const struct merchant *m = merchants_find(rq->merchants, str_from(p->name));
    struct payment_event event;
    bool replayed;
    if (!m) {
        return fail(rq, ERR_NOT_FOUND, NULL, "This provider is not switched on.");
    }
    struct str signature = request_header(rq, p->signature);
    const char *why = signature.p ? p->verify(m, rq->body, signature, rq->now_us) : "there is no signature";
    if (why) {
        return refuse(rq, p, why);
    }
    if (!p->read(rq->arena, rq->body, &event)) {
        return fail(rq, ERR_BAD_JSON, NULL, "The event is not understood.");
    }
    struct told *t = ARENA_NEW(rq->arena, struct told);
    *t = (struct told){ str_from(p->name), event.id.p ? event.id : hash_of(rq->arena, rq->body) };
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_event_insert, db_text(t->provider), db_text(t->event), db_text(event.kind),
                 db_text(rq->body));
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    rq->after = handle;
    rq->after_data = t;
    rq->res.status = 204;
    return ERR_NONE;
}
