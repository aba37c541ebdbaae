/*
 * A payment provider: a const table of functions. They make the HTTP calls and read what the provider says;
 * nothing here touches the database, so that none can be called inside a transaction.
 */
#ifndef NEXUS_PAYMENT_PROVIDER_H
#define NEXUS_PAYMENT_PROVIDER_H

#include "base/arena.h"
#include "base/options.h"
#include "base/str.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct fetch_session;

enum payment_what { PAYMENT_CUSTOMER, PAYMENT_CREATE, PAYMENT_CAPTURE, PAYMENT_CANCEL, PAYMENT_REFUND, PAYMENT_READ };

/* A row of provider_calls with what it is about. */
struct payment_call {
    struct uuid id; /* the provider's idempotency key */
    enum payment_what what;
    struct uuid payment_id, booking_id, refund_id, guest_id;
    int64_t amount; /* minor units: of the payment, or what is captured or refunded */
    struct str currency;
    int exponent;              /* minor digits of the currency */
    struct str ref;            /* the payment at the provider; absent: none yet */
    struct str refund_ref;     /* likewise */
    struct str customer;       /* likewise */
    bool manual;               /* authorize only */
    struct str method, return_url; /* of the request; absent: not given */
};

/* What a provider has said. Absent members say nothing. Minor units. */
struct payment_facts {
    const char *status; /* of payments, or NULL */
    int64_t captured;   /* in all */
    struct str ref, action, failure;
    int64_t said_us; /* the provider's time of it, unix; 0: now */
    struct str refund_ref, customer;
    const char *refund_status; /* of refunds, or NULL */
    int64_t refund_amount;
    struct uuid payment_id, refund_id; /* ours, as the provider has kept them; nil: unknown */
    bool look;                         /* more is to be known by asking (PAYMENT_READ) */
};

enum payment_answer {
    PAYMENT_SAID,    /* done; facts are filled */
    PAYMENT_AGAIN,   /* unknown or not now: ask again under the same key */
    PAYMENT_REFUSED, /* for good; facts may say what has become of the payment */
};

struct payment_outcome {
    enum payment_answer answer;
    int http_status;    /* 0: none */
    const char *why;    /* for the log and provider_calls.error; no secrets */
    int64_t wait_us;    /* PAYMENT_AGAIN: not before; 0: by the usual back-off */
    struct payment_facts facts;
};

struct payment_event {
    struct str id, kind;
    struct payment_facts facts;
};

struct payment_provider {
    const char *name;
    const char *doc;
    bool by_hand;   /* no calls: the host records what was paid */
    bool customers; /* guests have a record at the provider */
    bool manual;    /* can authorize first and capture later */
    /* Make the call. NULL with by_hand. */
    void (*ask)(struct fetch_session *s, const struct payment_call *call, struct payment_outcome *out);
    /* NULL: the body of the webhook is authentic, and `out` has its id and kind; else why it is not. */
    const char *(*verify)(struct arena *a, const struct options *o, struct str body, struct str signature, int64_t now_us,
                          struct payment_event *out);
    /* Read a stored event; false when there is nothing to do for its kind. */
    bool (*read)(struct arena *a, struct str payload, struct payment_event *out);
};

/* By name; NULL when there is none, or the configuration does not switch it on. */
const struct payment_provider *payment_provider(const struct options *o, struct str name);

#endif
