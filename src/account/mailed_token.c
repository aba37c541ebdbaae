/* Mailed tokens: making them, what their mails say, and asking for one. */
#include "account/mailed_token.h"

#include "account/account.h"
#include "base/base64url.h"
#include "base/log.h"
#include "db/queries.h"
#include "http/idempotency.h"
#include "http/op.h"
#include "outbox/outbox.h"
#include "json/write.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stddef.h>
#include <stdlib.h>

#define TOKEN_BYTES 32
#define HASH_BYTES  32
#define TIME_SIZE   40

_Static_assert(BASE64URL_SIZE(TOKEN_BYTES) == MAILED_TOKEN_SIZE, "a token has one length");

/* ---- tokens ---- */

struct str mailed_token_hash(struct arena *a, struct str text)
{
    unsigned char *hash = arena_alloc(a, HASH_BYTES);
    if (EVP_Digest(text.p, text.n, hash, NULL, EVP_sha256(), NULL) != 1) {
        log_msg(LOG_ERROR, "cannot compute a hash");
        abort();
    }
    return (struct str){ (const char *)hash, HASH_BYTES };
}

struct mailed_token mailed_token_new(struct arena *a)
{
    unsigned char bytes[TOKEN_BYTES];
    char *text = arena_alloc(a, MAILED_TOKEN_SIZE);
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        log_msg(LOG_ERROR, "no random bytes");
        abort();
    }
    struct mailed_token token = { .text = { text, base64url_encode(text, bytes, sizeof bytes) } };
    token.hash = mailed_token_hash(a, token.text);
    return token;
}

/* ---- what mails say ---- */

static const char *pages(const struct request *rq)
{
    return rq->options->account_url[0] ? rq->options->account_url : rq->options->public_url;
}

struct str account_link(struct request *rq, const char *page)
{
    return str_from(arena_printf(rq->arena, "%s%s", pages(rq), page));
}

static struct str time_text(struct arena *a, int64_t unix_us)
{
    struct buf text;
    buf_init(&text, TIME_SIZE);
    struct json_writer w = json_write_start(&text);
    json_write_time(&w, unix_us);
    struct str time = arena_str(a, (struct str){ text.p + 1, text.n - 2 }); /* without the quotes */
    buf_free(&text);
    return time;
}

struct str mailed_token_payload(struct request *rq, const char *page, struct str token, int64_t lifetime_us,
                                struct str name)
{
    const struct outbox_field fields[] = {
        { "link", str_from(arena_printf(rq->arena, "%s%s#token=%.*s", pages(rq), page, STR_ARG(token))) },
        { "token", token },
        { "expires_at", time_text(rq->arena, rq->now_us + lifetime_us) },
        { "name", name },
    };
    return outbox_payload(rq->arena, fields, name.p ? 4 : 3);
}

/* ---- shapes ---- */

static const struct shape_field token_fields[] = { MAILED_TOKEN_FIELD(offsetof(struct token_in, token)) };
const struct shape mailed_token_shape = {
    .name = "MailedToken",
    .fields = token_fields,
    .count = SHAPE_COUNT(token_fields),
    .size = sizeof(struct token_in),
    .doc = "A token that came by mail.",
};

static const struct shape_field address_fields[] = {
    { .name = "email",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct address_in, email),
      .min = 3,
      .max = ACCOUNT_EMAIL_MAX,
      .format = "email",
      .doc = "Address of the account; upper and lower case are the same.",
      .example = "\"ada@example.com\"" },
};
const struct shape mail_request_shape = {
    .name = "MailRequest",
    .fields = address_fields,
    .count = SHAPE_COUNT(address_fields),
    .size = sizeof(struct address_in),
    .doc = "Whom a mail is asked for.",
};

static const struct shape_field promise_fields[] = {
    { .name = "detail",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What happens next, for people.",
      .example = "\"If the address belongs to an account, a mail is on its way.\"" },
};
const struct shape mail_promise_shape = {
    .name = "MailPromise",
    .fields = promise_fields,
    .count = SHAPE_COUNT(promise_fields),
    .doc = "A mail is sent, or nothing is to be said about whether one is.",
};

enum err mail_promise(struct request *rq, const char *sentence)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "detail", strz, sentence);
    json_write_object_end(&w);
    return ERR_NONE;
}

/* ---- asking for one ---- */

enum err mail_rate(struct request *rq, struct str email)
{
    return rate_also(rq, RATE_LOGIN,
                     str_from(arena_printf(rq->arena, "%s %.*s", rq->op->name, STR_ARG(email))));
}

enum err mail_request_exec(struct request *rq, const struct mail_request *what)
{
    const struct address_in *in = rq->in;
    struct str email = account_email(rq->arena, in->email);
    struct mailed_token token = mailed_token_new(rq->arena);
    struct str payload = mailed_token_payload(rq, what->page, token.text, what->lifetime_us, STR_NONE);
    bool replayed;
    enum err e = mail_rate(rq, email);
    if (e != ERR_NONE) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_mailed_tokens_sweep);
    (void)DB_ADD(b, &q_mailed_token_request, db_bytea(token.hash), db_text(str_from(what->purpose)),
                 db_text(email), db_int8(rq->arena, what->lifetime_us), db_text(str_from(what->topic)),
                 db_text(payload), db_bool(rq->arena, what->unverified_only));
    if ((e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    return mail_promise(rq, "If the address belongs to an account, a mail is on its way.");
}
