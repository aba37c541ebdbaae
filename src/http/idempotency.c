/* Writes and their keys. */
#include "http/idempotency.h"

#include "base/log.h"
#include "db/queries.h"
#include "http/access.h"
#include "http/op.h"
#include "http/upload.h"

#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

#define KEY_MAX 255

/* SQLSTATEs of the function idempotency_claim. */
#define STATE_RUNNING  "NX001"
#define STATE_REPLAY   "NX002"
#define STATE_MISMATCH "NX003"

/* ---- before the op ---- */

/* RFC 8941, 3.3.3: "..." with \" and \\ escaped. */
static bool unquote(struct arena *a, struct str s, struct str *out)
{
    char *to = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 1; i + 1 < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
            if (i + 1 >= s.n || (s.p[i] != '"' && s.p[i] != '\\')) {
                return false;
            }
        } else if (s.p[i] == '"') {
            return false;
        }
        to[n++] = s.p[i];
    }
    *out = (struct str){ to, n };
    return true;
}

static bool is_visible_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x21 || s.p[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

static bool key_parse(struct arena *a, struct str text, struct str *key)
{
    text = str_trim(text);
    *key = text;
    bool quoted = text.n > 0 && text.p[0] == '"';
    if (quoted && (text.n < 2 || text.p[text.n - 1] != '"' || !unquote(a, text, key))) {
        return false;
    }
    return key->n >= 1 && key->n <= KEY_MAX && is_visible_ascii(*key);
}

static void mac_part(EVP_MAC_CTX *mac, struct str part)
{
    uint64_t n = part.n;
    if (EVP_MAC_update(mac, (const unsigned char *)&n, sizeof n) != 1 ||
        (n > 0 && EVP_MAC_update(mac, (const unsigned char *)part.p, part.n) != 1)) {
        log_msg(LOG_ERROR, "cannot compute a MAC");
        abort();
    }
}

/*
 * HMAC-SHA-256 over method, target and body as sent, each with its length in front. A plain hash would let
 * who reads the table try passwords against the bodies of sign-ups.
 */
static void fingerprint(struct request *rq)
{
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("digest", (char *)"SHA256", 0), OSSL_PARAM_END };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    struct str key = rq->secret.n > 0 ? rq->secret : STR("nexus");
    if (!mac || EVP_MAC_init(mac, (const unsigned char *)key.p, key.n, params) != 1) {
        log_msg(LOG_ERROR, "cannot compute a MAC");
        abort();
    }
    mac_part(mac, rq->headers[HEADER_METHOD]);
    mac_part(mac, rq->headers[HEADER_URI]);
    mac_part(mac, rq->body);
    if (rq->upload) { /* what is in it: its boundaries are others each time */
        mac_part(mac, (struct str){ (const char *)rq->upload->hash, sizeof(rq->upload->hash) });
        for (size_t i = 0; i < rq->upload->count; i++) {
            mac_part(mac, rq->upload->fields[i].name);
            mac_part(mac, rq->upload->fields[i].value);
        }
    }
    size_t size;
    if (EVP_MAC_final(mac, rq->write.fingerprint, &size, sizeof rq->write.fingerprint) != 1) {
        log_msg(LOG_ERROR, "cannot compute a MAC");
        abort();
    }
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(hmac);
}

enum err write_prepare(struct request *rq)
{
    struct str header = rq->headers[HEADER_IDEMPOTENCY_KEY];
    if (!header.p) {
        return ERR_NONE;
    }
    if (!key_parse(rq->arena, header, &rq->idempotency_key)) {
        return fail(rq, ERR_BAD_REQUEST, NULL, "Idempotency-Key is 1 to %d visible ASCII characters.",
                    KEY_MAX);
    }
    if (rq->dry_run) {
        rq->idempotency_key = STR_NONE; /* nothing is kept that could be answered again */
        return ERR_NONE;
    }
    fingerprint(rq);
    return ERR_NONE;
}

/* ---- the op's batches ---- */

void write_atomic(struct request *rq)
{
    rq->write.atomic = true;
}

static const struct uuid *key_owner(struct request *rq)
{
    const struct principal *who = &rq->principal;
    return uuid_is_nil(&who->user) ? &who->client : &who->user; /* all zero for nobody */
}

static struct str fingerprint_text(struct request *rq)
{
    return (struct str){ (const char *)rq->write.fingerprint, sizeof rq->write.fingerprint };
}

struct db_batch *write_batch(struct request *rq)
{
    struct db_batch *b = db_batch(rq->db, rq->arena);
    if (rq->write.open || (!rq->idempotency_key.p && !rq->write.atomic && !rq->dry_run)) {
        return b;
    }
    db_begin(b);
    rq->write.begins = true;
    if (rq->idempotency_key.p) {
        (void)DB_ADD(b, &q_idempotency_claim, db_uuid(key_owner(rq)), db_text(str_from(rq->op->name)),
                     db_text(rq->idempotency_key), db_bytea(fingerprint_text(rq)),
                     db_int8(rq->arena, rq->options->idempotency_lifetime));
    }
    return b;
}

/* Put a stored answer into the response. Its texts live in the arena with the result. */
static void restore(struct request *rq, const PGresult *r)
{
    struct response *res = &rq->res;
    res->status = db_get_int4(r, 0, 0);
    if (!db_is_null(r, 0, 1)) {
        struct str etag = db_get_text(r, 0, 1);
        memcpy(res->etag, etag.p, etag.n < sizeof res->etag ? etag.n : sizeof res->etag - 1);
    }
    if (!db_is_null(r, 0, 2)) {
        response_header(rq, "Location", arena_strdup(rq->arena, db_get_text(r, 0, 2)));
    }
    if (!db_is_null(r, 0, 3)) {
        buf_adds(res->body, db_get_text(r, 0, 3));
    }
    response_header(rq, "Idempotency-Replayed", "true");
    rq->write.replayed = true;
}

static enum err replay(struct request *rq, bool *replayed)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_idempotency_read, db_uuid(key_owner(rq)), db_text(str_from(rq->op->name)),
                       db_text(rq->idempotency_key));
    enum err e = db_run(b, &failure);
    if (e != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, index);
    if (PQntuples(r) == 0) { /* it ran out between the two looks: the next attempt is a new request */
        return fail(rq, ERR_IDEMPOTENCY_RUNNING, NULL, NULL);
    }
    restore(rq, r);
    *replayed = true;
    return ERR_NONE;
}

static bool state_is(const struct db_failure *f, const char *state)
{
    return strcmp(f->sqlstate, state) == 0;
}

enum err write_run(struct request *rq, struct db_batch *b, bool *replayed)
{
    struct db_failure failure;
    *replayed = false;
    if (!rq->dry_run) {
        access_pending(rq);
    }
    rq->write.open = rq->write.open || rq->write.begins;
    rq->write.begins = false;
    if (db_run(b, &failure) == ERR_NONE) {
        return ERR_NONE;
    }
    bool explicit_transaction = rq->write.open;
    write_abandon(rq);
    if (state_is(&failure, STATE_REPLAY)) {
        return replay(rq, replayed);
    }
    if (state_is(&failure, STATE_RUNNING)) {
        return fail(rq, ERR_IDEMPOTENCY_RUNNING, NULL, NULL);
    }
    if (state_is(&failure, STATE_MISMATCH)) {
        return fail(rq, ERR_IDEMPOTENCY_MISMATCH, NULL, NULL);
    }
    rq->write.again = explicit_transaction && (state_is(&failure, "40001") || state_is(&failure, "40P01"));
    return fail_db(rq, &failure);
}

enum err write_claim(struct request *rq, bool *replayed)
{
    *replayed = false;
    return rq->idempotency_key.p && !rq->write.open ? write_run(rq, write_batch(rq), replayed) : ERR_NONE;
}

/* ---- after the op ---- */

static struct str find_header(const struct response *res, const char *name)
{
    for (size_t i = 0; i < res->header_count; i++) {
        if (strcmp(res->headers[i].name, name) == 0) {
            return str_from(res->headers[i].value);
        }
    }
    return STR_NONE;
}

static void add_store(struct request *rq, struct db_batch *b)
{
    struct response *res = &rq->res;
    (void)DB_ADD(b, &q_idempotency_store, db_uuid(key_owner(rq)), db_text(str_from(rq->op->name)),
                 db_text(rq->idempotency_key), db_int4(rq->arena, res->status),
                 db_text(res->etag[0] ? str_from(res->etag) : STR_NONE),
                 db_text(find_header(res, "Location")), db_bytea(buf_str(res->body)));
}

/* What the commit would have said is asked for, then everything is taken back. */
static enum err finish_dry_run(struct request *rq)
{
    static const struct db_statement check = { "write_check", "set constraints all immediate", 0, false };
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    (void)db_add(b, &check, NULL, 0);
    enum err e = db_run(b, &failure);
    rq->write.open = false;
    db_rollback(rq->db);
    rq->write.again = e && (state_is(&failure, "40001") || state_is(&failure, "40P01"));
    return e ? fail_db(rq, &failure) : ERR_NONE;
}

enum err write_finish(struct request *rq)
{
    if (!rq->write.open) {
        return ERR_NONE;
    }
    if (rq->dry_run) {
        return finish_dry_run(rq);
    }
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    if (rq->idempotency_key.p) {
        add_store(rq, b);
    }
    db_commit(b);
    rq->write.open = false;
    if (db_run(b, &failure) == ERR_NONE) {
        return ERR_NONE;
    }
    rq->write.again = state_is(&failure, "40001") || state_is(&failure, "40P01");
    db_rollback(rq->db);
    return fail_db(rq, &failure);
}

void write_abandon(struct request *rq)
{
    if (rq->write.open) {
        rq->write.open = false;
        db_rollback(rq->db);
    }
}
