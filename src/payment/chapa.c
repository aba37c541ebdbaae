/*
 * Chapa: initialise a transaction, send the guest to its page, verify. It has no idempotency keys, but
 * refuses a reference it has seen: a repeated attempt to initialise takes another one (payment id, "-2" ...),
 * and the page of the first, whose address was lost, is never shown to anybody. Its webhooks carry no time
 * and are trusted for one thing only: that it is worth asking (verify).
 */
#include "fetch/fetch.h"
#include "payment/provider.h"
#include "json/document.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX   4096
#define REF_SIZE   (UUID_TEXT_SIZE + 8)
#define AMOUNT_MAX 32

static void ask(struct fetch_session *s, const struct merchant *m, const struct payment_call *call,
                struct payment_outcome *out);
static const char *verify(const struct merchant *m, struct str body, struct str signature, int64_t now_us);
static bool read_event(struct arena *a, struct str body, struct payment_event *out);

const struct payment_provider payment_chapa = {
    .name = "chapa",
    .doc = "Chapa's payment page: cards, bank transfers and mobile money in Ethiopia.",
    .refund_once = true,
    .signature = "HTTP_X_CHAPA_SIGNATURE",
    .ask = ask,
    .verify = verify,
    .read = read_event,
};

/* ---- amounts: decimal numbers of the major unit ---- */

static void amount_text(char out[AMOUNT_MAX], int64_t minor, int exponent)
{
    int64_t unit = 1;
    for (int i = 0; i < exponent; i++) {
        unit *= 10;
    }
    if (exponent == 0) {
        snprintf(out, AMOUNT_MAX, "%lld", (long long)minor);
    } else {
        snprintf(out, AMOUNT_MAX, "%lld.%0*lld", (long long)(minor / unit), exponent,
                 (long long)(minor % unit));
    }
}

bool payment_amount_parse(struct str text, int exponent, int64_t *out)
{
    int64_t value = 0;
    int digits = -1; /* behind the point */
    for (size_t i = 0; i < text.n; i++) {
        bool point = text.p[i] == '.' && digits < 0;
        bool digit = text.p[i] >= '0' && text.p[i] <= '9';
        if (point) {
            digits = 0;
        } else if (!digit || value > INT64_MAX / 100) {
            return false;
        } else if (digits < exponent) {
            value = value * 10 + (text.p[i] - '0');
            digits += digits >= 0;
        } else if (text.p[i] != '0') {
            return false; /* finer than the currency */
        }
    }
    for (int i = digits < 0 ? 0 : digits; i < exponent; i++) {
        value *= 10;
    }
    *out = value;
    return text.n > 0;
}

static int64_t amount_at(struct json_object *o, const char *name, int exponent)
{
    struct json_object *value;
    int64_t minor = 0;
    if (json_object_object_get_ex(o, name, &value)) { /* a number keeps the text it was read from */
        (void)payment_amount_parse(str_from(json_object_get_string(value)), exponent, &minor);
    }
    return minor;
}

/* ---- calls ---- */

static struct json_object *data_of(struct json_object *o)
{
    struct json_object *value;
    return o && json_object_object_get_ex(o, "data", &value) && json_object_is_type(value, json_type_object)
               ? value
               : NULL;
}

#define JSON "application/json"
#define FORM NULL

static struct json_object *transfer(struct fetch_session *s, const struct merchant *m, const char *path,
                                    const char *type, struct str body, struct payment_outcome *out)
{
    struct fetched answer = { .status = 0 };
    struct fetch call = { .url = arena_printf(s->arena, "%s/v1/%s", m->url, path),
                          .body = body,
                          .type = type,
                          .authorization = arena_printf(s->arena, "Bearer " STR_FMT, STR_ARG(m->key)) };
    if (fetch_run(s, &call, &answer) != ERR_NONE) {
        out->why = "no turn";
        out->unsent = true;
        return NULL;
    }
    bool passing = answer.status == 0 || answer.status == 401 || answer.status == 409 ||
                   answer.status == 429 || answer.status >= 500;
    out->http_status = answer.status;
    out->wait_us = answer.retry_after_us;
    out->unsent = answer.unsent || answer.status == 401 || answer.status == 429;
    out->why = answer.why;
    out->answer = answer.status == 200 ? PAYMENT_SAID : passing ? PAYMENT_AGAIN : PAYMENT_REFUSED;
    struct json_object *o = answer.json ? document_read(s->arena, answer.body) : NULL;
    if (out->answer == PAYMENT_SAID && !o) {
        out->answer = PAYMENT_AGAIN;
        out->why = "the answer is no JSON object";
    }
    if (out->answer == PAYMENT_REFUSED) {
        out->why = "refused";
    }
    return o;
}

static void initialise(struct fetch_session *s, const struct merchant *m, const struct payment_call *c,
                       struct payment_outcome *out)
{
    char id[UUID_TEXT_SIZE], amount[AMOUNT_MAX];
    struct buf body, action;
    uuid_format(id, &c->payment_id);
    amount_text(amount, c->amount, c->exponent);
    const char *ref = c->attempt > 1 ? arena_printf(s->arena, "%s-%d", id, c->attempt)
                                     : arena_strdup(s->arena, str_from(id));
    buf_init(&body, BODY_MAX);
    struct json_writer w = json_write_start(&body);
    json_write_object(&w);
    JSON_MEMBER(&w, "amount", strz, amount);
    JSON_MEMBER(&w, "currency", str, c->currency);
    JSON_MEMBER(&w, "tx_ref", strz, ref);
    JSON_MEMBER(&w, "return_url", str, c->return_url);
    json_write_object_end(&w);
    struct json_object *data = data_of(transfer(s, m, "transaction/initialize", JSON, buf_str(&body), out));
    buf_free(&body);
    struct str url = data ? document_text(data, "checkout_url") : STR_NONE;
    if (out->answer != PAYMENT_SAID) {
        return;
    }
    if (!url.p) {
        out->answer = PAYMENT_AGAIN;
        out->why = "the answer has no checkout_url";
        return;
    }
    buf_init(&action, BODY_MAX);
    w = json_write_start(&action);
    json_write_object(&w);
    JSON_MEMBER(&w, "kind", strz, "redirect");
    JSON_MEMBER(&w, "url", str, url);
    json_write_object_end(&w);
    out->facts.ref = str_from(ref);
    out->facts.status = "requires_action";
    out->facts.action = arena_str(s->arena, buf_str(&action));
    buf_free(&action);
}

/* The transaction as it is now; NULL when that is not known. */
static struct json_object *transaction_of(struct fetch_session *s, const struct merchant *m,
                                          const struct payment_call *c, struct payment_outcome *out)
{
    const char *path = arena_printf(s->arena, "transaction/verify/" STR_FMT, STR_ARG(c->ref));
    struct json_object *data = data_of(transfer(s, m, path, NULL, STR_NONE, out));
    return out->answer == PAYMENT_SAID ? data : NULL;
}

static void look(struct fetch_session *s, const struct merchant *m, const struct payment_call *c,
                 struct payment_outcome *out)
{
    struct json_object *data = transaction_of(s, m, c, out);
    struct str status = data ? document_text(data, "status") : STR_NONE;
    struct str currency = data ? document_text(data, "currency") : STR_NONE;
    if (!status.p) {
        return;
    }
    out->facts.ref = c->ref;
    if (str_eqz(status, "success") && currency.p && str_eq(currency, c->currency)) {
        out->facts.status = "captured";
        out->facts.captured = amount_at(data, "amount", c->exponent);
    } else if (str_starts(status, STR("failed"))) {
        out->facts.status = "failed";
        out->facts.failure = STR("failed");
    }
}

/* https://developer.chapa.co/refund: by the reference that Chapa has given the payment, as a form. */
static void refund(struct fetch_session *s, const struct merchant *m, const struct payment_call *c,
                   struct payment_outcome *out)
{
    char id[UUID_TEXT_SIZE], amount[AMOUNT_MAX];
    struct buf form;
    struct json_object *data = transaction_of(s, m, c, out);
    struct str theirs = data ? document_text(data, "reference") : STR_NONE;
    if (!theirs.p) {
        out->unsent = true; /* nobody was asked for money yet */
        if (out->answer == PAYMENT_SAID) {
            out->answer = PAYMENT_AGAIN;
            out->why = "the transaction has no reference";
        }
        return;
    }
    uuid_format(id, &c->refund_id);
    amount_text(amount, c->amount, c->exponent);
    buf_init(&form, BODY_MAX);
    fetch_form_add(&form, "amount", str_from(amount));
    fetch_form_add(&form, "reference", str_from(id));
    const char *path = arena_printf(s->arena, "refund/" STR_FMT, STR_ARG(theirs));
    (void)transfer(s, m, path, FORM, buf_str(&form), out);
    buf_free(&form);
    if (out->answer == PAYMENT_SAID) {
        out->facts.ref = c->ref;
        out->facts.refunds[out->facts.refund_count++] =
            (struct payment_refund_fact){ .ref = arena_str(s->arena, str_from(id)),
                                          .id = c->refund_id,
                                          .amount = c->amount,
                                          .status = "done" };
    }
}

static void ask(struct fetch_session *s, const struct merchant *m, const struct payment_call *call,
                struct payment_outcome *out)
{
    switch (call->what) {
    case PAYMENT_CREATE:
        initialise(s, m, call, out);
        break;
    case PAYMENT_READ:
        look(s, m, call, out);
        break;
    case PAYMENT_REFUND:
        refund(s, m, call, out);
        break;
    case PAYMENT_CANCEL: /* nothing to be told: who pays all the same is given it back */
        out->answer = PAYMENT_SAID;
        out->facts.status = "cancelled";
        break;
    case PAYMENT_CUSTOMER:
    case PAYMENT_CAPTURE:
        out->answer = PAYMENT_REFUSED;
        out->why = "there is no such thing with chapa";
        break;
    }
}

/* ---- webhooks ---- */

static const char *verify(const struct merchant *m, struct str body, struct str signature, int64_t now_us)
{
    bool good = false;
    (void)now_us;
    for (size_t i = 0; i < m->webhook_count; i++) {
        good = payment_mac_is(m->webhook[i], STR(""), body, signature) || good;
    }
    return good ? NULL : "the signature does not fit";
}

static bool read_event(struct arena *a, struct str body, struct payment_event *out)
{
    struct json_object *o = document_read(a, body);
    *out = (struct payment_event){ .kind = o ? document_text(o, "event") : STR_NONE };
    struct str ref = o ? document_text(o, "tx_ref") : STR_NONE;
    if (!out->kind.p) {
        return false;
    }
    if (ref.n >= UUID_TEXT_SIZE - 1 &&
        uuid_parse((struct str){ ref.p, UUID_TEXT_SIZE - 1 }, &out->facts.payment_id)) {
        out->facts.look = true;
    }
    return true;
}
