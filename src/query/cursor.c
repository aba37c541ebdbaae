/*
 * Cursors: where the next page starts, in a form that only this server can make.
 *
 *     bytes 0-15   HMAC-SHA256 under secret_file, cut to 16 bytes, of the list's identity and the rest
 *     byte 16      number of values
 *     then each    length (two bytes, big-endian; 0xffff: null) and the value in PostgreSQL's binary form
 *
 * The identity of a list is its path, its order, and every query parameter but cursor, limit, fields and
 * include, in the order of their names. So a cursor fits only the list it came from, and what it holds needs
 * no further check than its size. It holds nothing the client has not seen and is not bound to an account:
 * scopes are applied anew on each page.
 */
#include "query/internal.h"

#include "base/base64url.h"
#include "base/log.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define TAG_SIZE    16
#define CURSOR_MAX  3072 /* characters */
#define VALUE_MAX   512
#define LENGTH_NULL 0xffff

static void expect(bool held)
{
    if (!held) {
        log_msg(LOG_ERROR, "HMAC-SHA256 cannot be computed");
        abort();
    }
}

/* Length first, so that no two lists have the same bytes. */
static void add(EVP_MAC_CTX *mac, struct str s)
{
    uint64_t n = s.n;
    expect(EVP_MAC_update(mac, (const unsigned char *)&n, sizeof(n)) == 1);
    expect(EVP_MAC_update(mac, (const unsigned char *)(s.p ? s.p : ""), s.n) == 1);
}

/* The present secret; a process without one still notices accidents, and nexusctl check complains. Begun
 * once, for it takes longer than the rest: each cursor has a copy. */
static EVP_MAC_CTX *mac_start(const struct request *rq)
{
    static EVP_MAC_CTX *begun;
    static struct str key;
    struct str now = rq->secret.n > 0 ? rq->secret : STR("nexus");
    if (!begun || now.p != key.p || now.n != key.n) {
        EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
        OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                                 (char *)(uintptr_t) "SHA256", 0),
                                OSSL_PARAM_construct_end() };
        EVP_MAC_CTX_free(begun);
        begun = EVP_MAC_CTX_new(algorithm);
        EVP_MAC_free(algorithm);
        expect(begun && EVP_MAC_init(begun, (const unsigned char *)now.p, now.n, params) == 1);
        key = now;
    }
    EVP_MAC_CTX *mac = EVP_MAC_CTX_dup(begun);
    expect(mac);
    return mac;
}

static int by_name(const void *a, const void *b)
{
    const struct json_param *x = a, *y = b;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int c = memcmp(x->name.p, y->name.p, n);
    return c ? c : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static void add_parameters(EVP_MAC_CTX *mac, struct arena *a, const struct selection *sel)
{
    if (sel->bound_count == 0) {
        return;
    }
    struct json_param *sorted = ARENA_ARRAY(a, struct json_param, sel->bound_count);
    memcpy(sorted, sel->bound, sel->bound_count * sizeof(*sorted));
    qsort(sorted, sel->bound_count, sizeof(*sorted), by_name);
    for (size_t i = 0; i < sel->bound_count; i++) {
        add(mac, sorted[i].name);
        add(mac, sorted[i].value);
    }
}

static void tag_make(const struct request *rq, const struct selection *sel, struct str payload,
                     unsigned char tag[TAG_SIZE])
{
    unsigned char whole[EVP_MAX_MD_SIZE];
    size_t n;
    EVP_MAC_CTX *mac = mac_start(rq);
    add(mac, STR("cursor 1"));
    add(mac, rq->path);
    add(mac, str_from(sel->entity->name));
    for (size_t i = 0; i < sel->sort_count; i++) {
        add(mac, sel->sorts[i].descending ? STR("-") : STR("+"));
        add(mac, str_from(sel->sorts[i].field->name));
    }
    add_parameters(mac, rq->arena, sel);
    add(mac, payload);
    expect(EVP_MAC_final(mac, whole, &n, sizeof(whole)) == 1);
    EVP_MAC_CTX_free(mac);
    memcpy(tag, whole, TAG_SIZE);
}

/* --- reading --- */

static bool take_value(struct str *rest, const struct field *f, struct db_param *out)
{
    const struct value_type *t = &value_types[f->type];
    if (rest->n < 2) {
        return false;
    }
    size_t n = (size_t)(unsigned char)rest->p[0] << 8 | (unsigned char)rest->p[1];
    *rest = str_skip(*rest, 2);
    if (n == LENGTH_NULL) {
        *out = db_null(t->param);
        return (f->flags & FIELD_NULLABLE) != 0;
    }
    if (n > rest->n || (t->size >= 0 && n != (size_t)t->size)) {
        return false;
    }
    *out = (struct db_param){ t->param, (int)n, rest->p };
    *rest = str_skip(*rest, n);
    return true;
}

static bool take_values(struct str rest, const struct selection *sel, struct cursor *out)
{
    if (rest.n < 1 || (unsigned char)rest.p[0] != sel->sort_count) {
        return false;
    }
    rest = str_skip(rest, 1);
    for (out->count = 0; out->count < sel->sort_count; out->count++) {
        if (!take_value(&rest, sel->sorts[out->count].field, &out->values[out->count])) {
            return false;
        }
    }
    return rest.n == 0;
}

bool cursor_read(struct request *rq, const struct selection *sel, struct cursor *out)
{
    unsigned char tag[TAG_SIZE];
    size_t n;
    if (sel->cursor.n > CURSOR_MAX) {
        return false;
    }
    size_t capacity = BASE64URL_BYTES(sel->cursor.n);
    char *bytes = arena_alloc(rq->arena, capacity + 1);
    if (!base64url_decode(sel->cursor, bytes, capacity, &n) || n < TAG_SIZE) {
        return false;
    }
    struct str payload = { bytes + TAG_SIZE, n - TAG_SIZE };
    tag_make(rq, sel, payload, tag);
    return CRYPTO_memcmp(tag, bytes, TAG_SIZE) == 0 && take_values(payload, sel, out);
}

/* --- making --- */

static size_t put_value(char *at, const PGresult *r, int row, int column)
{
    bool null = PQgetisnull(r, row, column);
    size_t n = null ? LENGTH_NULL : (size_t)PQgetlength(r, row, column);
    at[0] = (char)(n >> 8);
    at[1] = (char)n;
    if (null) {
        return 2;
    }
    memcpy(at + 2, PQgetvalue(r, row, column), n);
    return n + 2;
}

struct str cursor_make(struct request *rq, const struct plan *p, const struct selection *sel,
                       const PGresult *r, int row)
{
    char bytes[TAG_SIZE + 1 + (SELECTION_SORTS_MAX + 1) * (2 + VALUE_MAX)];
    size_t n = TAG_SIZE;
    bytes[n++] = (char)p->sort_count;
    for (size_t i = 0; i < p->sort_count; i++) {
        int column = p->sort_column + (int)i;
        if (PQgetlength(r, row, column) > VALUE_MAX) {
            return STR_NONE; /* a text too long to go on after; fields that sort are short */
        }
        n += put_value(bytes + n, r, row, column);
    }
    tag_make(rq, sel, (struct str){ bytes + TAG_SIZE, n - TAG_SIZE }, (unsigned char *)bytes);
    char *text = arena_alloc(rq->arena, BASE64URL_SIZE(n) + 1);
    return (struct str){ text, base64url_encode(text, bytes, n) };
}
