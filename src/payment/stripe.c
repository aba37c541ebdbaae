/*
 * Stripe: PaymentIntents. Forms in, JSON out. Each call has our Idempotency-Key, so that one whose answer was
 * lost is made again; the metadata of what is made there names what it stands for here, so that an event can
 * be told apart even when the answer with the reference never came.
 */
#include "base/clock.h"
#include "fetch/fetch.h"
#include "payment/provider.h"
#include "json/document.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API_VERSION  "2026-10-28.endive"
#define FORM_MAX     8192
#define ACTION_MAX   8192
#define URL_SIZE     512
#define TOLERANCE_US (INT64_C(300) * 1000000)

static void ask(struct fetch_session *s, const struct merchant *m, const struct payment_call *call,
                struct payment_outcome *out);
static const char *verify(const struct merchant *m, struct str body, struct str signature, int64_t now_us);
static bool read_event(struct arena *a, struct str body, struct payment_event *out);

const struct payment_provider payment_stripe = {
    .name = "stripe",
    .doc = "Cards and much else, by Stripe's PaymentIntents.",
    .customers = true,
    .manual = true,
    .signature = "HTTP_STRIPE_SIGNATURE",
    .ask = ask,
    .verify = verify,
    .read = read_event,
};

/* ---- reading objects ---- */

static struct json_object *object_at(struct json_object *o, const char *name)
{
    struct json_object *value;
    return json_object_object_get_ex(o, name, &value) && json_object_is_type(value, json_type_object) ? value
                                                                                                      : NULL;
}

static int64_t number_at(struct json_object *o, const char *name)
{
    struct json_object *value;
    return json_object_object_get_ex(o, name, &value) && json_object_is_type(value, json_type_int)
               ? json_object_get_int64(value)
               : 0;
}

/*
 * Where Stripe's smallest units are not those of ISO 4217, or amounts come in steps (of ours):
 * https://docs.stripe.com/currencies#special-cases and #three-decimal
 */
struct scale {
    const char *currency;
    int64_t theirs, ours; /* so many of their units are so many of ours */
    int64_t step;
};

static const struct scale *scale_of(struct str currency)
{
    static const struct scale usual = { "", 1, 1, 1 };
    static const struct scale others[] = { { "ISK", 100, 1, 1 }, { "UGX", 100, 1, 1 }, { "MGA", 1, 100, 100 },
                                           { "BHD", 1, 1, 10 },  { "JOD", 1, 1, 10 },  { "KWD", 1, 1, 10 },
                                           { "OMR", 1, 1, 10 },  { "TND", 1, 1, 10 } };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (currency.p && str_eq_nocase(currency, str_from(others[i].currency))) {
            return &others[i];
        }
    }
    return &usual;
}

/* An amount, in our minor units of the object's currency. */
static int64_t amount_at(struct json_object *o, const char *name)
{
    const struct scale *scale = scale_of(document_text(o, "currency"));
    return number_at(o, name) / scale->theirs * scale->ours;
}

/* A reference, or the object itself where it was expanded. */
static struct str ref_at(struct json_object *o, const char *name)
{
    struct json_object *inner = object_at(o, name);
    return inner ? document_text(inner, "id") : document_text(o, name);
}

static void our_id(struct json_object *o, const char *name, struct uuid *out)
{
    struct json_object *metadata = object_at(o, "metadata");
    struct str text = metadata ? document_text(metadata, name) : STR_NONE;
    if (!text.p || !uuid_parse(text, out)) {
        *out = (struct uuid){ { 0 } };
    }
}

/* What the front-end needs to go on: the client secret is for the payer's eyes only. */
static struct str action_of(struct arena *a, struct json_object *intent)
{
    struct str secret = document_text(intent, "client_secret");
    struct json_object *next = object_at(intent, "next_action");
    struct json_object *redirect = next ? object_at(next, "redirect_to_url") : NULL;
    struct str url = redirect ? document_text(redirect, "url") : STR_NONE;
    struct buf text;
    if (!secret.p) {
        return STR_NONE;
    }
    buf_init(&text, ACTION_MAX);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    JSON_MEMBER(&w, "kind", strz, url.p ? "redirect" : "stripe");
    JSON_MEMBER(&w, "client_secret", str, secret);
    JSON_MEMBER(&w, "url", str, url);
    json_write_object_end(&w);
    struct str made = text.overflow ? STR_NONE : arena_str(a, buf_str(&text));
    buf_free(&text);
    return made;
}

static const char *status_of(struct json_object *intent)
{
    static const struct {
        const char *theirs, *ours;
    } names[] = {
        { "requires_confirmation", "requires_action" },
        { "requires_action", "requires_action" },
        { "processing", "pending" },
        { "requires_capture", "authorized" },
        { "succeeded", "captured" },
        { "canceled", "cancelled" },
    };
    struct str status = document_text(intent, "status");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (status.p && str_eqz(status, names[i].theirs)) {
            return names[i].ours;
        }
    }
    /* requires_payment_method: of a new one, or after an attempt that failed. */
    return object_at(intent, "last_payment_error") ? "failed" : "requires_action";
}

static void read_intent(struct arena *a, struct json_object *intent, struct payment_facts *out)
{
    struct json_object *error = object_at(intent, "last_payment_error");
    struct str code = error ? document_text(error, "decline_code") : STR_NONE;
    out->ref = document_text(intent, "id");
    our_id(intent, "nexus_payment", &out->payment_id);
    out->status = status_of(intent);
    out->captured = strcmp(out->status, "captured") == 0 ? amount_at(intent, "amount_received") : 0;
    out->failure = code.p  ? code
                   : error ? document_text(error, "code")
                           : document_text(intent, "cancellation_reason");
    out->action = action_of(a, intent);
    out->method = ref_at(intent, "payment_method");
}

static void read_refund(struct json_object *refund, struct payment_facts *out)
{
    if (out->refund_count == PAYMENT_REFUND_FACTS_MAX) {
        out->look = true;
        return;
    }
    struct payment_refund_fact *r = &out->refunds[out->refund_count++];
    struct str status = document_text(refund, "status");
    r->ref = document_text(refund, "id");
    r->amount = amount_at(refund, "amount");
    r->status = !status.p || str_eqz(status, "pending") || str_eqz(status, "requires_action") ? "sent"
                : str_eqz(status, "succeeded")                                                ? "done"
                                                                                              : "failed";
    our_id(refund, "nexus_refund", &r->id);
    if (!out->ref.p) {
        out->ref = ref_at(refund, "payment_intent");
    }
}

/* ---- calls ---- */

static enum payment_answer judge(const struct fetched *f)
{
    if (f->status == 200) {
        return PAYMENT_SAID;
    }
    /* 401 and 403: the operator's key is not good, which can be mended. */
    bool passing = f->status == 0 || f->status == 409 || f->status == 429 || f->status >= 500 ||
                   f->status == 401 || f->status == 403 || f->status < 400;
    return f->retry || (passing && !f->no_retry) || f->status == 401 ? PAYMENT_AGAIN : PAYMENT_REFUSED;
}

/* GET without a form. Returns the answer's object, or NULL. */
static struct json_object *transfer(struct fetch_session *s, const struct merchant *m, const char *path,
                                    struct buf *form, const char *key, struct payment_outcome *out)
{
    struct fetched answer = { .status = 0 };
    struct fetch call = { .url = arena_printf(s->arena, "%s/v1/%s", m->url, path),
                          .body = form ? buf_str(form) : STR_NONE,
                          .authorization = arena_printf(s->arena, "Bearer " STR_FMT, STR_ARG(m->key)),
                          .headers = { "Stripe-Version: " API_VERSION } };
    if (form) {
        call.headers[1] = arena_printf(s->arena, "Idempotency-Key: %s", key);
    }
    if (form && form->overflow) {
        out->answer = PAYMENT_REFUSED;
        out->why = "the request is too long";
        return NULL;
    }
    if (fetch_run(s, &call, &answer) != ERR_NONE) {
        out->why = "no turn";
        return NULL;
    }
    out->answer = judge(&answer);
    out->http_status = answer.status;
    out->wait_us = answer.retry_after_us;
    out->why = answer.why;
    struct json_object *o = answer.json ? document_read(s->arena, answer.body) : NULL;
    if (out->answer == PAYMENT_SAID && !o) {
        out->answer = PAYMENT_AGAIN;
        out->why = "the answer is no JSON object";
    }
    return o;
}

/* Of a refusal: its code for our records, and what has become of the payment. */
static void take_error(struct arena *a, struct json_object *o, struct payment_outcome *out)
{
    struct json_object *error = o ? object_at(o, "error") : NULL;
    struct json_object *intent = error ? object_at(error, "payment_intent") : NULL;
    struct str code = error ? document_text(error, "code") : STR_NONE;
    struct str type = error ? document_text(error, "type") : STR_NONE;
    if (!out->why) {
        out->why = code.p ? code.p : type.p ? type.p : "refused";
    }
    if (intent) {
        read_intent(a, intent, &out->facts);
    }
    /* A declined card is an answer: the intent is there and waits for another card. */
    if (out->http_status == 402 && intent) {
        out->answer = PAYMENT_SAID;
    }
}

static void add_uuid(struct buf *form, const char *name, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    fetch_form_add(form, name, str_from(text));
}

static void add_amount(struct buf *form, const char *name, const struct payment_call *c)
{
    char text[24];
    const struct scale *scale = scale_of(c->currency);
    snprintf(text, sizeof(text), "%lld", (long long)(c->amount / scale->ours * scale->theirs));
    fetch_form_add(form, name, str_from(text));
}

static void form_of(struct buf *form, const struct payment_call *c)
{
    char currency[8] = "";
    for (size_t i = 0; i < c->currency.n && i < sizeof(currency) - 1; i++) {
        currency[i] = (char)(c->currency.p[i] | 0x20);
    }
    switch (c->what) {
    case PAYMENT_CUSTOMER:
        add_uuid(form, "metadata[nexus_user]", &c->guest_id);
        break;
    case PAYMENT_CREATE:
        add_amount(form, "amount", c);
        fetch_form_add(form, "currency", str_from(currency));
        fetch_form_add(form, "capture_method", c->manual ? STR("manual") : STR("automatic"));
        add_uuid(form, "metadata[nexus_payment]", &c->payment_id);
        add_uuid(form, "metadata[nexus_booking]", &c->booking_id);
        fetch_form_add(form, "automatic_payment_methods[enabled]", STR("true"));
        if (c->customer.p) {
            fetch_form_add(form, "customer", c->customer);
        }
        if (c->method.p) {
            fetch_form_add(form, "payment_method", c->method);
            fetch_form_add(form, "confirm", STR("true"));
        }
        if (c->off_session) {
            fetch_form_add(form, "off_session", STR("true"));
        } else if (c->method.p) {
            fetch_form_add(form, "return_url", c->return_url);
        }
        if (c->save && c->customer.p) {
            fetch_form_add(form, "setup_future_usage", STR("off_session"));
        }
        break;
    case PAYMENT_CAPTURE:
        add_amount(form, "amount_to_capture", c);
        break;
    case PAYMENT_CANCEL:
        fetch_form_add(form, "cancellation_reason", STR("abandoned"));
        break;
    case PAYMENT_REFUND:
        fetch_form_add(form, "payment_intent", c->ref);
        add_amount(form, "amount", c);
        add_uuid(form, "metadata[nexus_refund]", &c->refund_id);
        break;
    case PAYMENT_READ:
        break;
    }
}

static bool has_amount(enum payment_what what)
{
    return what == PAYMENT_CREATE || what == PAYMENT_CAPTURE || what == PAYMENT_REFUND;
}

static const char *path_of(struct arena *a, const struct payment_call *c)
{
    switch (c->what) {
    case PAYMENT_CUSTOMER:
        return "customers";
    case PAYMENT_CREATE:
        return "payment_intents";
    case PAYMENT_REFUND:
        return "refunds";
    case PAYMENT_CAPTURE:
        return arena_printf(a, "payment_intents/" STR_FMT "/capture", STR_ARG(c->ref));
    case PAYMENT_CANCEL:
        return arena_printf(a, "payment_intents/" STR_FMT "/cancel", STR_ARG(c->ref));
    case PAYMENT_READ:
        break;
    }
    return arena_printf(a, "payment_intents/" STR_FMT, STR_ARG(c->ref));
}

/* The intent as it is now, and the refunds of one that was captured. */
static void look(struct fetch_session *s, const struct merchant *m, const struct payment_call *c,
                 struct payment_outcome *out)
{
    struct json_object *intent = transfer(s, m, path_of(s->arena, c), NULL, NULL, out);
    if (out->answer != PAYMENT_SAID) {
        take_error(s->arena, intent, out);
        return;
    }
    read_intent(s->arena, intent, &out->facts);
    if (out->facts.captured == 0) {
        return;
    }
    const char *path = arena_printf(s->arena, "refunds?limit=%d&payment_intent=" STR_FMT,
                                    PAYMENT_REFUND_FACTS_MAX, STR_ARG(c->ref));
    struct json_object *page = transfer(s, m, path, NULL, NULL, out);
    struct json_object *list = out->answer == PAYMENT_SAID ? document_list(page, "data") : NULL;
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        read_refund(json_object_array_get_idx(list, i), &out->facts);
    }
}

static void ask(struct fetch_session *s, const struct merchant *m, const struct payment_call *call,
                struct payment_outcome *out)
{
    char key[UUID_TEXT_SIZE];
    struct buf form;
    if (call->what == PAYMENT_READ) {
        look(s, m, call, out);
        return;
    }
    if (has_amount(call->what) && call->amount % scale_of(call->currency)->step != 0) {
        out->answer = PAYMENT_REFUSED; /* rather than another amount */
        out->why = "Stripe takes this currency in larger steps only";
        return;
    }
    uuid_format(key, &call->id);
    buf_init(&form, FORM_MAX);
    form_of(&form, call);
    struct json_object *o = transfer(s, m, path_of(s->arena, call), &form, key, out);
    buf_free(&form);
    if (out->answer != PAYMENT_SAID) {
        take_error(s->arena, o, out);
    } else if (call->what == PAYMENT_CUSTOMER) {
        out->facts.customer = document_text(o, "id");
    } else if (call->what == PAYMENT_REFUND) {
        read_refund(o, &out->facts);
    } else {
        read_intent(s->arena, o, &out->facts);
    }
}

/* ---- webhooks ---- */

/* Stripe-Signature: t=1492774577,v1=5257a8...,v1=... : the MAC is of "t.body". Theirs accepts times to come.
 */
static const char *verify(const struct merchant *m, struct str body, struct str signature, int64_t now_us)
{
    struct str rest = signature, item, stamp = STR_NONE;
    int64_t seconds = 0;
    while (str_split(&rest, ',', &item)) {
        item = str_trim(item);
        if (str_starts(item, STR("t="))) {
            stamp = str_skip(item, 2);
        }
    }
    if (!stamp.p || stamp.n > 12 || !str_int64(stamp, &seconds)) {
        return "the signature has no time";
    }
    char head[16];
    size_t n = stamp.n;
    memcpy(head, stamp.p, n);
    head[n++] = '.';
    bool good = false;
    for (rest = signature; str_split(&rest, ',', &item);) {
        item = str_trim(item);
        for (size_t i = 0; str_starts(item, STR("v1=")) && i < m->webhook_count; i++) {
            good = payment_mac_is(m->webhook[i], (struct str){ head, n }, body, str_skip(item, 3)) || good;
        }
    }
    if (!good) {
        return "the signature does not fit";
    }
    int64_t off = now_us - seconds * 1000000;
    return off > TOLERANCE_US || off < -TOLERANCE_US ? "the time of the signature is too far away" : NULL;
}

/* A charge says how much was captured in all, and of which intent; refunds come one by one. */
static void read_charge(struct json_object *charge, struct payment_facts *out)
{
    struct json_object *list = object_at(charge, "refunds");
    list = list ? document_list(list, "data") : NULL;
    out->ref = ref_at(charge, "payment_intent");
    our_id(charge, "nexus_payment", &out->payment_id);
    out->captured = amount_at(charge, "amount_captured");
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        read_refund(json_object_array_get_idx(list, i), out);
    }
    /* Newer versions of the API leave the refunds out: then they are asked for. */
    out->look = !list && number_at(charge, "amount_refunded") > 0;
}

static bool read_event(struct arena *a, struct str body, struct payment_event *out)
{
    struct json_object *o = document_read(a, body);
    struct json_object *data = o ? object_at(o, "data") : NULL;
    struct json_object *object = data ? object_at(data, "object") : NULL;
    struct str what = object ? document_text(object, "object") : STR_NONE;
    *out = (struct payment_event){ .id = o ? document_text(o, "id") : STR_NONE,
                                   .kind = o ? document_text(o, "type") : STR_NONE };
    if (!out->id.p || !out->kind.p || !object) {
        return false;
    }
    out->facts.said_us = number_at(o, "created") * 1000000;
    if (what.p && str_eqz(what, "payment_intent")) {
        read_intent(a, object, &out->facts);
    } else if (what.p && str_eqz(what, "charge")) {
        read_charge(object, &out->facts);
    } else if (what.p && str_eqz(what, "refund")) {
        read_refund(object, &out->facts);
    }
    return true;
}
