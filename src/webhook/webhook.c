/* What the ops of webhooks share. */
#include "webhook/webhook.h"

#include "auth/secret.h"
#include "event/event.h"
#include "fetch/fetch.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "json/write.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define SEAL_LABEL    "webhook secret"
#define PREFIX        "whsec_"
#define BASE64_MAX(n) (((n) + 2) / 3 * 4 + 1)

static const struct shape_field id_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct webhook_id_in, id),
      .doc = "The endpoint." },
};
const struct shape webhook_id_shape = { .name = "WebhookEndpointPath",
                                        .fields = id_fields,
                                        .count = SHAPE_COUNT(id_fields),
                                        .size = sizeof(struct webhook_id_in),
                                        .doc = "Which endpoint." };

const char *const webhook_settable[] = { "enabled", "disabled", NULL };

#define IN(member) offsetof(struct webhook_endpoint_in, member)
#define MEMBERS(url_flags)                                                                                   \
    [WEBHOOK_URL] = { .name = "url",                                                                         \
                      .type = SHAPE_STRING,                                                                  \
                      .flags = SHAPE_EXACT | (url_flags),                                                    \
                      .offset = IN(url),                                                                     \
                      .min = 1,                                                                              \
                      .max = WEBHOOK_URL_MAX,                                                                \
                      .doc = "Where webhooks are sent: https on port 443, at a public address.",             \
                      .example = "\"https://hooks.example.com/nexus\"" },                                    \
    [WEBHOOK_DESCRIPTION] = { .name = "description",                                                         \
                              .type = SHAPE_STRING,                                                          \
                              .offset = IN(description),                                                     \
                              .max = WEBHOOK_DESCRIPTION_MAX,                                                \
                              .doc = "What it is for.",                                                      \
                              .example = "\"Channel manager\"" },                                            \
    [WEBHOOK_TYPES] = { .name = "types",                                                                     \
                        .type = SHAPE_LIST,                                                                  \
                        .offset = IN(types),                                                                 \
                        .max = WEBHOOK_TYPES_MAX,                                                            \
                        .item = &type_item,                                                                  \
                        .doc = "Types of events that are sent from now on; none stands for all.",            \
                        .example = "[\"booking.confirmed\"]" }

static const struct shape_field type_item = { .type = SHAPE_ENUM, .values = event_types };
static const struct shape_field create_fields[] = { MEMBERS(SHAPE_REQUIRED) };
const struct shape webhook_create_shape = { .name = "WebhookEndpointCreate",
                                            .fields = create_fields,
                                            .count = SHAPE_COUNT(create_fields),
                                            .size = sizeof(struct webhook_endpoint_in),
                                            .doc = "A new endpoint." };
static const struct shape_field update_fields[] = {
    MEMBERS(0),
    [WEBHOOK_ID] = { .name = "id",
                     .type = SHAPE_UUID,
                     .in = IN_PATH,
                     .flags = SHAPE_REQUIRED,
                     .offset = IN(id),
                     .doc = "The endpoint." },
    [WEBHOOK_STATUS] = { .name = "status",
                         .type = SHAPE_ENUM,
                         .offset = IN(status),
                         .values = webhook_settable,
                         .doc = "While it is disabled nothing is sent, and what happens is not kept for it; "
                                "what "
                                "waited goes on to wait.",
                         .example = "\"enabled\"" },
};
const struct shape webhook_update_shape = { .name = "WebhookEndpointUpdate",
                                            .fields = update_fields,
                                            .count = SHAPE_COUNT(update_fields),
                                            .size = sizeof(struct webhook_endpoint_in),
                                            .doc = "What is to change." };

static const struct shape_field secret_fields[] = {
    { .name = "id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "The endpoint." },
    { .name = "secret",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .doc = "What its webhooks are signed with; shown this once.",
      .example = "\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"" },
};
const struct shape webhook_secret_shape = { .name = "WebhookSecret",
                                            .fields = secret_fields,
                                            .count = SHAPE_COUNT(secret_fields),
                                            .doc = "The secret of an endpoint." };

static struct str base64(struct arena *a, const unsigned char *bytes, size_t n)
{
    char *text = arena_alloc(a, BASE64_MAX(n));
    int length = EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
    return (struct str){ text, (size_t)length };
}

static struct str context_of(struct request *rq, const struct uuid *endpoint)
{
    char *text = arena_alloc(rq->arena, UUID_TEXT_SIZE);
    uuid_format(text, endpoint);
    return str_from(text);
}

struct webhook_secret webhook_secret_make(struct request *rq, const struct uuid *endpoint)
{
    unsigned char bytes[WEBHOOK_SECRET_BYTES];
    secret_random(bytes, sizeof(bytes));
    struct str key = { (const char *)bytes, sizeof(bytes) }, text = base64(rq->arena, bytes, sizeof(bytes));
    struct webhook_secret made = { .shown = str_from(arena_printf(rq->arena, PREFIX STR_FMT, STR_ARG(text))),
                                   .sealed = secret_seal(rq->secret, SEAL_LABEL, context_of(rq, endpoint),
                                                         rq->arena, key) };
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return made;
}

void webhook_secret_write(struct request *rq, const struct uuid *endpoint, struct str shown)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "id", uuid, endpoint);
    JSON_MEMBER(&w, "secret", str, shown);
    json_write_object_end(&w);
}

bool webhook_secret_open(struct request *rq, const struct uuid *endpoint, struct str sealed, struct str *key)
{
    return secret_open(rq->secret, SEAL_LABEL, context_of(rq, endpoint), rq->arena, sealed, key);
}

static struct str *type_names(struct arena *a, const struct webhook_endpoint_in *in)
{
    const int *index = in->types.items;
    struct str *names = ARENA_ARRAY(a, struct str, in->types.count + 1);
    for (size_t i = 0; i < in->types.count; i++) {
        names[i] = str_from(event_types[index[i]]);
    }
    return names;
}

struct db_param webhook_types_param(struct arena *a, const struct webhook_endpoint_in *in, bool given)
{
    return given ? db_text_array(a, type_names(a, in), in->types.count) : db_null(DB_TEXT_ARRAY);
}

struct str webhook_types_text(struct arena *a, const struct webhook_endpoint_in *in)
{
    const struct str *names = type_names(a, in);
    const char *text = in->types.count == 0 ? "all" : "";
    for (size_t i = 0; i < in->types.count; i++) {
        text = arena_printf(a, "%s%s" STR_FMT, text, i > 0 ? "," : "", STR_ARG(names[i]));
    }
    return str_from(text);
}

const char *webhook_audit_members(struct request *rq, struct str status, struct str types, bool other_url)
{
    const struct audit_text members[] = { { "status", status },
                                          { "types", types },
                                          { "url", other_url ? STR("(changed)") : STR_NONE } };
    return audit_texts(rq->arena, members, sizeof(members) / sizeof(members[0]));
}

enum err webhook_change(struct request *rq, const struct db_statement *s, const struct db_param *params,
                        int count, enum audit_action action, bool *replayed)
{
    const struct webhook_id_in *in = rq->in;
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int done = db_add(b, s, params, count);
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    if (PQntuples(db_result(b, done)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    b = write_batch(rq);
    audit_add(rq, b, action, &in->id, NULL, NULL);
    return write_run(rq, b, replayed);
}

enum err webhook_check_url(struct request *rq, struct str url)
{
    if (fetch_user_may_name(rq->options, url)) {
        return ERR_NONE;
    }
    violations_add(&rq->violations, "/url", "format",
                   "It is a URL of https on port 443, without user information and fragment.");
    return fail(rq, ERR_VALIDATION, NULL, NULL);
}

struct str webhook_sign(struct arena *a, struct str key, struct str id, int64_t seconds, struct str body)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t n = 0;
    struct buf text;
    buf_init(&text, 64 * 1024);
    buf_printf(&text, STR_FMT ".%lld.", STR_ARG(id), (long long)seconds);
    buf_adds(&text, body);
    if (text.overflow || !EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key.p, key.n, (unsigned char *)text.p,
                                    text.n, mac, sizeof(mac), &n)) {
        abort(); /* payloads are bounded by the triggers that write them */
    }
    buf_free(&text);
    struct str encoded = base64(a, mac, n);
    return str_from(arena_printf(a, "v1," STR_FMT, STR_ARG(encoded)));
}

int64_t webhook_pause_us(int attempts, unsigned char dice)
{
    static const int seconds[] = { 5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800 };
    size_t last = sizeof(seconds) / sizeof(seconds[0]) - 1;
    size_t i = attempts < 1 ? 0 : (size_t)attempts - 1;
    int64_t us = seconds[i < last ? i : last] * INT64_C(1000000);
    return us * 3 / 4 + us / 2 * dice / 255;
}
