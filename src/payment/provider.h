/*
 * A payment provider: a const table of functions. They make the HTTP calls and read what the provider says;
 * nothing here touches the database, so that none can be called inside a transaction.
 */
#ifndef NEXUS_PAYMENT_PROVIDER_H
#define NEXUS_PAYMENT_PROVIDER_H

#include "auth/merchants.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct fetch_session;

enum payment_what {
    PAYMENT_CUSTOMER,
    PAYMENT_CREATE,
    PAYMENT_CAPTURE,
    PAYMENT_CANCEL,
    PAYMENT_REFUND,
    PAYMENT_READ
};

/* A row of provider_calls with what it is about. */
struct payment_call {
    struct uuid id; /* the provider's idempotency key */
    int attempt;    /* 1: the first */
    enum payment_what what;
    struct uuid payment_id, booking_id, refund_id, guest_id;
    int64_t amount; /* minor units: of the payment, or what is captured or refunded */
    struct str currency;
    int exponent;                  /* minor digits of the currency */
    struct str ref;                /* the payment at the provider; absent: none yet */
    struct str customer;           /* the guest there; absent: unknown */
    bool manual;                   /* authorize only */
    bool save;                     /* how it is paid is to be used again for the balance */
    bool off_session;              /* the guest is not there */
    struct str method, return_url; /* of the request; absent: not given */
};

struct payment_refund_fact {
    struct str ref;
    struct uuid id; /* ours; nil: not made by us */
    int64_t amount;
    const char *status; /* of refunds */
};

#define PAYMENT_REFUND_FACTS_MAX 50

/* What a provider has said. Absent members say nothing. Minor units. */
struct payment_facts {
    struct uuid payment_id; /* ours, as the provider has kept it; nil: unknown, see ref */
    struct str ref;         /* the payment there */
    const char *status;     /* of payments, or NULL */
    int64_t captured;       /* in all */
    struct str action, failure;
    int64_t said_us;     /* the provider's time of it, unix; 0: now */
    struct str customer; /* the guest there */
    struct str method;   /* how it was paid */
    size_t refund_count;
    struct payment_refund_fact refunds[PAYMENT_REFUND_FACTS_MAX];
    bool look; /* more is to be known by asking (PAYMENT_READ) */
};

enum payment_answer {
    PAYMENT_AGAIN,   /* unknown or not now: ask again under the same key */
    PAYMENT_SAID,    /* done; facts are filled */
    PAYMENT_REFUSED, /* for good; facts may say what has become of the payment */
};

struct payment_outcome {
    enum payment_answer answer;
    bool unsent;     /* PAYMENT_AGAIN: nothing can have happened */
    int http_status; /* 0: none */
    const char *why; /* for the log and provider_calls.error; no secrets */
    int64_t wait_us; /* PAYMENT_AGAIN: not before; 0: by the usual back-off */
    struct payment_facts facts;
};

struct payment_event {
    struct str id, kind;
    struct payment_facts facts;
};

struct payment_provider {
    const char *name;
    const char *doc;
    bool by_hand;     /* no calls: the host records what was paid */
    bool customers;   /* guests have a record at the provider */
    bool manual;      /* can authorize first and capture later */
    bool refund_once; /* a refund whose outcome is unknown must not be asked for again: the provider has no
                         keys */
    const char *signature; /* header of its webhooks, by its CGI name */
    /* Make the call. NULL with by_hand. `out` is all zero before. */
    void (*ask)(struct fetch_session *s, const struct merchant *m, const struct payment_call *call,
                struct payment_outcome *out);
    /* NULL: the body of the webhook is authentic; else why it is not. */
    const char *(*verify)(const struct merchant *m, struct str body, struct str signature, int64_t now_us);
    /* Read an event; false when it is not understood. Without an id in it, a hash of it makes one. */
    bool (*read)(struct arena *a, struct str body, struct payment_event *out);
};

/* By name; NULL when there is none. Whether it is switched on is said by merchants_find. */
const struct payment_provider *payment_provider(struct str name);

extern const struct payment_provider payment_offline, payment_stripe, payment_chapa;

/* A decimal number of the major unit ("12.5") in minor units; false when it is none, or finer than these. */
bool payment_amount_parse(struct str text, int exponent, int64_t *out);

/* For the providers: whether `hex` is the HMAC-SHA-256 of both texts one after the other; in constant time.
 */
bool payment_mac_is(struct str key, struct str head, struct str body, struct str hex);

#endif
