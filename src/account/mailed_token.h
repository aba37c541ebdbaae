/*
 * Tokens that are mailed: whoever holds one reads the address it went to. Single use, expiring, stored as
 * SHA-256 only; the mail in the outbox is the one place where they stand in clear.
 */
#ifndef NEXUS_ACCOUNT_MAILED_TOKEN_H
#define NEXUS_ACCOUNT_MAILED_TOKEN_H

#include "http/request.h"
#include "json/shape.h"

#define MAILED_TOKEN_SIZE 43 /* characters: 32 random bytes as base64url */

struct mailed_token {
    struct str text; /* what the mail says */
    struct str hash; /* what is stored */
};

/* A new one, in the arena. */
struct mailed_token mailed_token_new(struct arena *a);
struct str mailed_token_hash(struct arena *a, struct str text);

/*
 * What a mail with a token says, as JSON text in the arena: link, token, expires_at; and the name of whom it
 * is for, unless absent. `page` is the page of the front-end: "/verify-email". The token stands behind a #,
 * where neither servers nor their logs see it.
 */
struct str mailed_token_payload(struct request *rq, const char *page, struct str token, int64_t lifetime_us,
                                struct str name);
/* A link without a token, to account_url. */
struct str account_link(struct request *rq, const char *page);

/* What ops on tokens and on addresses take. */
struct token_in {
    struct shape_seen seen;
    struct str token;
};
extern const struct shape mailed_token_shape;
#define MAILED_TOKEN_FIELD(member_offset)                                                                    \
    {                                                                                                        \
        .name = "token", .type = SHAPE_STRING, .flags = SHAPE_REQUIRED | SHAPE_SECRET,                       \
        .offset = (member_offset), .min = MAILED_TOKEN_SIZE, .max = MAILED_TOKEN_SIZE,                       \
        .doc = "Token of the mail.", .example = "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\""            \
    }

struct address_in {
    struct shape_seen seen;
    struct str email;
};
extern const struct shape mail_request_shape;

/* The answer of ops that promise a mail: it says nothing about whether there is an account. */
extern const struct shape mail_promise_shape;
enum err mail_promise(struct request *rq, const char *sentence);

/*
 * POST of an address by anybody: when it belongs to an active account (and, with `unverified_only`, is not
 * verified yet) it is sent a token for `purpose`. Takes the same way and time when it does not.
 */
struct mail_request {
    const char *purpose, *topic, *page;
    int64_t lifetime_us;
    bool unverified_only;
};
/* Counts a request that mails to an address anybody may name; ERR_RATE_LIMITED is recorded. */
enum err mail_rate(struct request *rq, struct str email) MUST_CHECK;
enum err mail_request_exec(struct request *rq, const struct mail_request *what) MUST_CHECK;

#endif
