/* An authorization request: what is wrong with it, what it still needs, and the code. */
#include "oauth/authorize.h"

#include "auth/jwt.h"
#include "db/queries.h"
#include "http/uri.h"
#include "oauth/id_token.h"

#define CODE_LIFETIME_US INT64_C(60000000)
#define REQUEST_MAX      4096 /* characters, percent-encoded: sealed, it has to fit into a query string */
#define CHALLENGE_SIZE   43   /* base64url of a SHA-256 */

/* ---- answers to the client ---- */

static void add_parameter(struct buf *out, const char *name, struct str value)
{
    if (value.p) {
        buf_printf(out, "&%s=", name);
        uri_encode(out, value);
    }
}

/* RFC 9207: every answer says from whom it is. */
static void send_answer(struct request *rq, const struct authorize *a, const char *name, struct str value,
                        const char *why)
{
    struct buf out;
    buf_init(&out, 65536);
    buf_adds(&out, a->in->redirect_uri);
    buf_addc(&out, memchr(a->in->redirect_uri.p, '?', a->in->redirect_uri.n) ? '&' : '?');
    buf_printf(&out, "%s=", name);
    uri_encode(&out, value);
    add_parameter(&out, "error_description", why ? str_from(why) : STR_NONE);
    add_parameter(&out, "state", a->in->state);
    add_parameter(&out, "iss", str_from(auth_issuer(rq->auth)));
    page_redirect(rq, arena_strdup(rq->arena, buf_str(&out)));
    buf_free(&out);
}

enum err authorize_refuse(struct request *rq, const struct authorize *a, const char *error, const char *why)
{
    send_answer(rq, a, "error", str_from(error), why);
    return ERR_NONE;
}

void authorize_add_code(struct request *rq, struct db_batch *b, const struct authorize *a)
{
    struct str code = oauth_random(rq->arena);
    struct authorize *kept = ARENA_NEW(rq->arena, struct authorize); /* parameters point into it */
    *kept = *a;
    (void)DB_ADD(b, &q_oauth_code_add, db_bytea(oauth_hash(rq->arena, code)), db_uuid(&kept->client.id),
                 db_uuid(&kept->browser.session), db_text(a->in->redirect_uri),
                 db_text(a->in->code_challenge), oauth_scope_param(rq->arena, a->scopes),
                 db_text(a->in->nonce), db_text(a->in->resource), claims_param(rq->arena, a->claims.userinfo),
                 claims_param(rq->arena, a->claims.id_token), db_int8(rq->arena, CODE_LIFETIME_US));
    (void)DB_ADD(b, &q_oauth_browser_used, db_uuid(&kept->browser.session));
    send_answer(rq, kept, "code", code, NULL);
}

/* ---- who asks, and where the answer goes: before this is known nothing is sent anywhere ---- */

static bool is_wrong(const struct request *rq, const char *pointer)
{
    for (size_t i = 0; i < rq->violations.count; i++) {
        if (strcmp(rq->violations.list[i].pointer, pointer) == 0) {
            return true;
        }
    }
    return false;
}

static enum err load(struct request *rq, struct authorize *a, const struct uuid *id, bool *found)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int client = client_add_read(b, id), browser = browser_add_read(b, &a->browser);
    int consent = a->browser.cookie_hash.p
                      ? DB_ADD(b, &q_oauth_consent, db_uuid(id), db_bytea(a->browser.cookie_hash))
                      : -1;
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    *found = client_take(rq->arena, db_result(b, client), id, &a->client);
    browser_take(b, browser, &a->browser);
    if (consent >= 0 && PQntuples(db_result(b, consent)) > 0) {
        a->consented = scopes_parse(db_get_text(db_result(b, consent), 0, 0));
    }
    return ERR_NONE;
}

static enum err prove_client(struct request *rq, struct authorize *a)
{
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    bool found = false;
    if (!a->in->client_id.p || is_wrong(rq, "/client_id") || !uuid_parse(a->in->client_id, id)) {
        return fail(rq, ERR_INVALID_REQUEST, NULL,
                    "The application that sent you here did not say who it is.");
    }
    enum err e = load(rq, a, id, &found);
    if (e) {
        return e;
    }
    if (!found || a->client.disabled) {
        return fail(rq, ERR_INVALID_REQUEST, NULL, "The application that sent you here is not known.");
    }
    if (!a->in->redirect_uri.p || is_wrong(rq, "/redirect_uri") ||
        !client_redirects_to(&a->client, a->in->redirect_uri)) {
        return fail(
            rq, ERR_INVALID_REQUEST, NULL,
            "The application that sent you here wants the answer at a place it is not registered for.");
    }
    return ERR_NONE;
}

/* ---- everything else ---- */

struct fault {
    const char *error, *why;
};

static bool fault(struct fault *f, const char *error, const char *why)
{
    *f = (struct fault){ error, why };
    return false;
}

static bool is_challenge(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
              c == '_')) {
            return false;
        }
    }
    return s.n == CHALLENGE_SIZE;
}

static bool check_kind(const struct authorize *a, struct fault *f)
{
    const struct authorize_in *in = a->in;
    if (in->request.p) {
        return fault(f, "request_not_supported", "request is not supported");
    }
    if (in->request_uri.p) {
        return fault(f, "request_uri_not_supported", "request_uri is not supported");
    }
    if (in->registration.p) {
        return fault(f, "registration_not_supported", "registration is not supported");
    }
    if (!in->response_type.p) {
        return fault(f, "invalid_request", "response_type is missing");
    }
    if (!str_eqz(in->response_type, "code")) {
        return fault(f, "unsupported_response_type", "response_type is code");
    }
    if (in->response_mode.p && !str_eqz(in->response_mode, "query")) {
        return fault(f, "invalid_request", "response_mode is query");
    }
    if (!(a->client.grants & GRANT_CODE)) {
        return fault(f, "unauthorized_client", "the client is not registered for authorization_code");
    }
    return true;
}

static bool check_pkce(const struct authorize *a, struct fault *f)
{
    if (!a->in->code_challenge.p) {
        return fault(f, "invalid_request", "code_challenge is missing (RFC 7636)");
    }
    if (!a->in->code_challenge_method.p || !str_eqz(a->in->code_challenge_method, "S256")) {
        return fault(f, "invalid_request", "code_challenge_method is S256");
    }
    return is_challenge(a->in->code_challenge) ||
           fault(f, "invalid_request", "code_challenge is the base64url form of a SHA-256");
}

/* Scopes that are unknown or not the client's are left out; the token's answer tells what it got. */
static bool check_scope(struct request *rq, struct authorize *a, struct fault *f)
{
    struct str scope = a->in->scope, resource = a->in->resource;
    if (scope.p && !oauth_scope_is_wellformed(scope)) {
        return fault(f, "invalid_scope", "scope is names with one blank between");
    }
    a->scopes = scope.p ? scopes_parse(scope) & a->client.scopes : 0;
    if (a->scopes == 0) {
        return fault(f, "invalid_scope", "scope names nothing this client may ask for");
    }
    if (!(a->client.grants & GRANT_REFRESH)) {
        a->scopes &= ~(1u << SCOPE_OFFLINE_ACCESS);
    }
    return !resource.p || client_may_reach(&a->client, rq->options, resource) ||
           fault(f, "invalid_target", "resource is not one this client may ask for");
}

static bool read_prompt(struct str text, unsigned *prompt)
{
    static const char *const names[] = { "none", "login", "consent", "select_account" };
    struct str name;
    while (text.n > 0 && str_split(&text, ' ', &name)) {
        unsigned bit = 0;
        for (unsigned i = 0; i < 4; i++) {
            bit |= str_eqz(name, names[i]) ? 1u << i : 0;
        }
        if (bit == 0) {
            return false;
        }
        *prompt |= bit;
    }
    return !(*prompt & PROMPT_NONE) || *prompt == PROMPT_NONE;
}

/* Two that ask for different users cannot be met. */
static bool for_user(struct authorize *a, const struct uuid *user)
{
    if (a->for_user && !uuid_eq(user, &a->user)) {
        return false;
    }
    a->for_user = true;
    a->user = *user;
    return true;
}

static bool read_sub(struct authorize *a, struct str sub)
{
    struct uuid user;
    return uuid_parse(sub, &user) && for_user(a, &user);
}

static bool read_hint(struct request *rq, struct authorize *a)
{
    struct id_token_hint hint;
    return id_token_read(rq, a->in->id_token_hint, &hint) && for_user(a, &hint.user);
}

static bool check_openid(struct request *rq, struct authorize *a, struct fault *f)
{
    const struct authorize_in *in = a->in;
    a->max_age_s = -1;
    if (in->prompt.p && !read_prompt(in->prompt, &a->prompt)) {
        return fault(f, "invalid_request", "prompt is none, or some of login, consent and select_account");
    }
    if (in->max_age.p && (!str_int64(in->max_age, &a->max_age_s) || a->max_age_s < 0)) {
        return fault(f, "invalid_request", "max_age is seconds");
    }
    if (in->claims.p && (!claims_request_parse(rq->arena, in->claims, &a->claims) ||
                         (a->claims.sub.p && !read_sub(a, a->claims.sub)))) {
        return fault(f, "invalid_request", "claims is not what OpenID Connect Core, 5.5 describes");
    }
    if (in->id_token_hint.p && !read_hint(rq, a)) {
        return fault(f, "invalid_request", "id_token_hint is no ID token of this issuer");
    }
    /* A single claim needs the consent, and the client the right to ask, as the scope it is in would. */
    uint32_t single = claims_scopes(a->claims.userinfo | a->claims.id_token) & a->client.scopes;
    uint32_t open = claims_of_scopes(single);
    bool openid = a->scopes >> SCOPE_OPENID & 1u;
    a->claims.userinfo &= openid ? open : 0;
    a->claims.id_token &= openid ? open : 0;
    a->told = a->scopes | (openid ? single : 0);
    return true;
}

enum err authorize_check(struct request *rq, struct authorize *a, bool *answered)
{
    struct fault f;
    *answered = false;
    enum err e = prove_client(rq, a);
    if (e) {
        return e;
    }
    bool good =
        rq->violations.count == 0 || fault(&f, "invalid_request", "a parameter is malformed or given twice");
    good =
        good && check_kind(a, &f) && check_pkce(a, &f) && check_scope(rq, a, &f) && check_openid(rq, a, &f);
    good = good && (authorize_text(rq, a->in).n <= REQUEST_MAX ||
                    fault(&f, "invalid_request", "the request is too long"));
    if (!good) {
        *answered = true;
        return authorize_refuse(rq, a, f.error, f.why);
    }
    return ERR_NONE;
}

/* ---- what is still missing ---- */

static bool is_other_user(const struct authorize *a)
{
    return a->for_user && !uuid_eq(&a->user, &a->browser.user);
}

static bool is_logged_in(const struct request *rq, const struct authorize *a)
{
    const struct browser *b = &a->browser;
    bool fresh = b->authenticated_us >= a->started_us;
    return b->known && !is_other_user(a) && (fresh || !(a->prompt & (PROMPT_LOGIN | PROMPT_ACCOUNT))) &&
           (fresh || a->max_age_s < 0 || rq->now_us - b->authenticated_us <= a->max_age_s * 1000000);
}

/*
 * What was allowed once need not be asked again where the client is known to be the same: whoever has a
 * private scheme or a port on the user's machine could be any program there (RFC 8252, 8.6).
 */
static bool needs_consent(const struct authorize *a)
{
    if (a->prompt & PROMPT_CONSENT) {
        return true;
    }
    bool same = redirect_uri_is_web(a->in->redirect_uri) || !client_is_public(&a->client);
    return !a->client.trusted && !(same && (a->told & ~a->consented) == 0);
}

void authorize_show_login(struct request *rq, const struct authorize *a, struct login_page page)
{
    page.client = a->client.name;
    page.redirect = a->in->redirect_uri;
    page.transaction = authorize_seal(rq, "login", a);
    page.email = page.email.p ? page.email : a->in->login_hint;
    page_login(rq, &page);
}

static enum err show_consent(struct request *rq, const struct authorize *a)
{
    page_consent(rq, &(struct consent_page){ .client = a->client.name,
                                             .email = a->browser.email,
                                             .redirect = a->in->redirect_uri,
                                             .scopes = a->told,
                                             .transaction = authorize_seal(rq, "consent", a) });
    return ERR_NONE;
}

enum err authorize_go_on(struct request *rq, struct authorize *a)
{
    bool replayed;
    bool quiet = a->prompt & PROMPT_NONE;
    if (!is_logged_in(rq, a)) {
        if (quiet) {
            return authorize_refuse(rq, a, "login_required", NULL);
        }
        bool other = a->browser.known && is_other_user(a) && a->browser.authenticated_us >= a->started_us;
        struct str why = other ? STR("The application expects another account.") : STR_NONE;
        authorize_show_login(rq, a, (struct login_page){ .status = 200, .fault = why });
        return ERR_NONE;
    }
    if (needs_consent(a)) {
        return quiet ? authorize_refuse(rq, a, "consent_required", NULL) : show_consent(rq, a);
    }
    struct db_batch *b = write_batch(rq);
    authorize_add_code(rq, b, a);
    return write_run(rq, b, &replayed);
}
