/* Cookies, sealed forms, and who is logged in. */
#include "oauth/browser.h"

#include "base/base64url.h"
#include "db/queries.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define SESSION_COOKIE "__Host-nexus_session"
#define FLOW_COOKIE    "__Host-nexus_flow"
#define COOKIE_SIZE    43 /* base64url of 32 bytes */
#define SEAL_SIZE      32
#define SEALED_MAX                                                                                           \
    12288 /* a request of the authorization server fits into a query string; with more, a form */

/* ---- cookies ---- */

static bool is_cookie(struct str value)
{
    unsigned char bytes[32];
    size_t n;
    return value.n == COOKIE_SIZE && base64url_decode(value, bytes, sizeof bytes, &n);
}

/* RFC 6265, 4.2.1. A name that comes twice is somebody's trick and counts as none. */
static struct str cookie(const struct request *rq, const char *name)
{
    struct str rest = request_header(rq, "HTTP_COOKIE");
    struct str found = STR_NONE, pair;
    while (rest.p && str_split(&rest, ';', &pair)) {
        struct str value = str_trim(pair), key;
        if (!str_split(&value, '=', &key) || !value.p || !str_eqz(key, name)) {
            continue;
        }
        if (found.p || !is_cookie(value)) {
            return STR_NONE;
        }
        found = value;
    }
    return found;
}

static void set_cookie(struct request *rq, const char *name, struct str value)
{
    response_header(rq, "Set-Cookie",
                    arena_printf(rq->arena, "%s=" STR_FMT "; Path=/; Secure; HttpOnly; SameSite=Lax", name,
                                 STR_ARG(value)));
}

static void drop_cookie(struct request *rq, const char *name)
{
    response_header(rq, "Set-Cookie",
                    arena_printf(rq->arena, "%s=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0", name));
}

struct str browser_flow_sent(struct request *rq)
{
    return cookie(rq, FLOW_COOKIE);
}

struct str browser_flow(struct request *rq)
{
    struct str flow = browser_flow_sent(rq);
    if (!flow.p) {
        flow = oauth_random(rq->arena);
        set_cookie(rq, FLOW_COOKIE, flow);
    }
    return flow;
}

/* ---- who is logged in ---- */

void browser_start(struct request *rq, struct browser *out)
{
    struct str value = cookie(rq, SESSION_COOKIE);
    *out = (struct browser){ .cookie_hash = value.p ? oauth_hash(rq->arena, value) : STR_NONE };
}

int browser_add_read(struct db_batch *b, const struct browser *browser)
{
    return browser->cookie_hash.p ? DB_ADD(b, &q_oauth_browser, db_bytea(browser->cookie_hash)) : -1;
}

void browser_take(const struct db_batch *b, int index, struct browser *out)
{
    const PGresult *r = index >= 0 ? db_result(b, index) : NULL;
    if (!r || PQntuples(r) != 1) {
        return;
    }
    out->known = true;
    out->session = db_get_uuid(r, 0, 0);
    out->user = db_get_uuid(r, 0, 1);
    out->email = db_get_text(r, 0, 2);
    out->methods = db_get_text(r, 0, 3);
    out->authenticated_us = db_get_timestamptz(r, 0, 4);
}

/* Always another cookie: one that was there before the log-in may be known to somebody else. */
enum err browser_add_login(struct request *rq, struct db_batch *b, const struct login *login,
                           struct browser *browser)
{
    struct session_spec spec = { .user = login->user,
                                 .kind = "browser",
                                 .authenticated_us = rq->now_us,
                                 .password_us = login->password_us };
    struct session_tokens tokens;
    struct str value = oauth_random(rq->arena);
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    memcpy(spec.methods, login->methods, login->method_count * sizeof login->methods[0]);
    if (browser->known) {
        struct browser *old = ARENA_NEW(rq->arena, struct browser);
        *old = *browser;
        session_add_end(rq, b, &old->user, &old->session, "logout");
    }
    enum err e = session_add_start(rq, b, &spec, &tokens);
    if (e) {
        return e;
    }
    *id = tokens.session;
    *browser = (struct browser){ .cookie_hash = oauth_hash(rq->arena, value),
                                 .known = true,
                                 .session = tokens.session,
                                 .user = login->user,
                                 .authenticated_us = rq->now_us };
    (void)DB_ADD(b, &q_oauth_browser_cookie, db_uuid(id), db_bytea(browser->cookie_hash));
    set_cookie(rq, SESSION_COOKIE, value);
    return ERR_NONE;
}

enum err browser_read_children(struct request *rq, const struct browser *browser,
                               struct browser_children *out)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_oauth_browser_children, db_uuid(&browser->session));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, index);
    out->count = (size_t)PQntuples(r);
    out->ids = ARENA_ARRAY(rq->arena, struct uuid, out->count);
    for (size_t i = 0; i < out->count; i++) {
        out->ids[i] = db_get_uuid(r, (int)i, 0);
    }
    return ERR_NONE;
}

void browser_add_logout(struct request *rq, struct db_batch *b, const struct browser *browser,
                        const struct browser_children *children)
{
    session_add_end(rq, b, &browser->user, &browser->session, "logout");
    for (size_t i = 0; i < children->count; i++) {
        session_add_end(rq, b, &browser->user, &children->ids[i], "logout");
    }
    drop_cookie(rq, SESSION_COOKIE);
}

/* ---- sealed texts ---- */

static void seal(struct request *rq, const char *purpose, struct str flow, struct str bound, struct str text,
                 unsigned char out[SEAL_SIZE])
{
    const char *head = arena_printf(rq->arena, "oauth %s\n" STR_FMT "\n" STR_FMT "\n", purpose, STR_ARG(flow),
                                    STR_ARG(bound));
    size_t n = strlen(head);
    char *all = arena_alloc(rq->arena, n + text.n + 1);
    struct str key =
        rq->secret.n > 0 ? rq->secret : STR("nexus"); /* as for cursors; nexusctl check complains */
    memcpy(all, head, n);
    memcpy(all + n, text.p, text.n);
    if (!HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)all, n + text.n, out, NULL)) {
        abort();
    }
}

struct str browser_seal(struct request *rq, const char *purpose, struct str bound, int64_t made_us,
                        struct str text)
{
    unsigned char mac[SEAL_SIZE];
    const char *inside = arena_printf(rq->arena, "%lld " STR_FMT, (long long)made_us, STR_ARG(text));
    size_t n = strlen(inside);
    seal(rq, purpose, browser_flow(rq), bound, str_from(inside), mac);
    char *out = arena_alloc(rq->arena, BASE64URL_SIZE(n) + BASE64URL_SIZE(SEAL_SIZE) + 2);
    size_t at = base64url_encode(out, inside, n);
    out[at++] = '.';
    at += base64url_encode(out + at, mac, SEAL_SIZE);
    return (struct str){ out, at };
}

static bool read_inside(struct request *rq, struct str inside, int64_t *made_us, struct str *text)
{
    struct str time;
    *text = inside;
    return str_split(text, ' ', &time) && text->p && str_int64(time, made_us) &&
           *made_us <= rq->now_us + 60000000 && rq->now_us - *made_us < FLOW_LIFETIME_US;
}

bool browser_open(struct request *rq, const char *purpose, struct str bound, struct str sealed,
                  int64_t *made_us, struct str *text)
{
    unsigned char given[SEAL_SIZE], wanted[SEAL_SIZE];
    struct str flow = cookie(rq, FLOW_COOKIE);
    struct str mac = sealed, payload;
    size_t n;
    if (!flow.p || sealed.n > SEALED_MAX || !str_split(&mac, '.', &payload) || !mac.p ||
        !base64url_decode(mac, given, sizeof given, &n) || n != SEAL_SIZE) {
        return false;
    }
    char *bytes = arena_alloc(rq->arena, BASE64URL_BYTES(payload.n) + 1);
    if (!base64url_decode(payload, bytes, BASE64URL_BYTES(payload.n) + 1, &n)) {
        return false;
    }
    struct str inside = { bytes, n };
    seal(rq, purpose, flow, bound, inside, wanted);
    return oauth_same((struct str){ (const char *)given, SEAL_SIZE },
                      (struct str){ (const char *)wanted, SEAL_SIZE }) &&
           read_inside(rq, inside, made_us, text);
}

/* A browser names the origin of a form's page, or at least what it has to do with ours (Fetch Metadata). */
bool browser_is_own_origin(struct request *rq)
{
    struct str origin = rq->headers[HEADER_ORIGIN];
    struct str site = request_header(rq, "HTTP_SEC_FETCH_SITE");
    if (site.p && !str_eqz(site, "same-origin") && !str_eqz(site, "none")) {
        return false;
    }
    return !origin.p || str_eq(origin, oauth_base(rq));
}
