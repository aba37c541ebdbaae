/* /oauth/logout: OpenID Connect RP-Initiated Logout. */
#include "oauth/browser.h"
#include "oauth/id_token.h"
#include "oauth/page.h"

#include "http/uri.h"

static enum err logout_exec(struct request *rq);
static enum err confirm_exec(struct request *rq);

struct logout_in {
    struct shape_seen seen;
    struct str id_token_hint, client_id, post_logout_redirect_uri, state, logout_hint, ui_locales;
};

#define FIELDS(FIELD)                                                                                        \
    FIELD(id_token_hint, 2048,                                                                               \
          "An ID token the client was given; with that of this log-in nothing is asked.", "\"eyJhbGciOi\"")  \
    FIELD(client_id, 64, "The client, when there is no hint.", "\"0192f3a4-5b6c-7d8e-9f01-23456789abcd\"")   \
    FIELD(post_logout_redirect_uri, REDIRECT_URI_MAX,                                                        \
          "Where the user goes afterwards: one of those registered.", "\"https://app.example.com/\"")        \
    FIELD(state, 1024, "Comes back.", "\"af0ifjsldkj\"")                                                     \
    FIELD(logout_hint, 254, "Passed over.", "\"ada@example.com\"")                                           \
    FIELD(ui_locales, 128, "Passed over.", "\"en\"")

#define AS_FIELD(member, most, text, sample)                                                                 \
    { .name = #member,                                                                                       \
      .type = SHAPE_STRING,                                                                                  \
      .in = PLACE,                                                                                           \
      .flags = SHAPE_EXACT,                                                                                  \
      .min = 1,                                                                                              \
      .max = most,                                                                                           \
      .offset = offsetof(struct logout_in, member),                                                          \
      .doc = text,                                                                                           \
      .example = sample },
#define PLACE IN_QUERY
static const struct shape_field query_fields[] = { FIELDS(AS_FIELD) };
#undef PLACE
#define PLACE IN_BODY
static const struct shape_field form_fields[] = { FIELDS(AS_FIELD) };
#undef PLACE
static const struct shape query_shape = { .name = "LogoutQuery",
                                          .fields = query_fields,
                                          .count = SHAPE_COUNT(query_fields),
                                          .size = sizeof(struct logout_in),
                                          .doc = "A request to log out.",
                                          .open = true };
static const struct shape form_shape = { .name = "LogoutForm",
                                         .fields = form_fields,
                                         .count = SHAPE_COUNT(form_fields),
                                         .size = sizeof(struct logout_in),
                                         .doc = "A request to log out.",
                                         .open = true };
static const enum err errors[] = { ERR_INVALID_REQUEST, ERR_NONE };

const struct op op_oauth_logout = {
    .name = "oauth_logout",
    .method = METHOD_GET,
    .path = "/oauth/logout",
    .tag = "OAuth",
    .summary = "Log out of the browser",
    .doc = "Asks the user, unless id_token_hint is of this very log-in. Ends the log-in in this browser, and "
           "what clients "
           "were given for it without offline_access. Leads on only to an address registered for the client.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_PAGE | OP_RAW | OP_SECRET | OP_OWN_AUTH,
    .in = &query_shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = "[]",
    .exec = logout_exec,
};

const struct op op_oauth_logout_form = {
    .name = "oauth_logout_form",
    .method = METHOD_POST,
    .path = "/oauth/logout",
    .tag = "OAuth",
    .summary = "Log out of the browser, by a form",
    .doc = "The same with the parameters in the body.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_PAGE | OP_RAW | OP_SECRET | OP_OWN_AUTH | OP_FORM,
    .in = &form_shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = "[]",
    .exec = logout_exec,
};

struct logout {
    struct browser browser;
    struct id_token_hint hint;
    bool hinted;
    const char *next; /* where to go on; NULL: a page says that it is done */
};

/* The client of the hint or the request, and whether it may send the user there. */
static enum err check_next(struct request *rq, const struct logout_in *in, const struct client *client,
                           bool found, struct logout *l)
{
    if (!in->post_logout_redirect_uri.p) {
        return ERR_NONE;
    }
    if (!found || client->disabled || !client_lists(client->logout_uris, in->post_logout_redirect_uri)) {
        return fail(rq, ERR_INVALID_REQUEST, NULL,
                    "The application that sent you here wants to go on at a place it is not registered for.");
    }
    struct buf out;
    buf_init(&out, 16384);
    buf_adds(&out, in->post_logout_redirect_uri);
    if (in->state.p) {
        buf_addz(&out, memchr(in->post_logout_redirect_uri.p, '?', in->post_logout_redirect_uri.n)
                           ? "&state="
                           : "?state=");
        uri_encode(&out, in->state);
    }
    l->next = arena_strdup(rq->arena, buf_str(&out));
    buf_free(&out);
    return ERR_NONE;
}

static enum err read_hint(struct request *rq, const struct logout_in *in, struct logout *l,
                          struct uuid *client)
{
    struct uuid given;
    if (in->id_token_hint.p && !id_token_read(rq, in->id_token_hint, &l->hint)) {
        return fail(rq, ERR_INVALID_REQUEST, NULL,
                    "The request to log out carries a token that is not of this server.");
    }
    l->hinted = in->id_token_hint.p != NULL;
    *client = l->hint.client;
    if (!in->client_id.p) {
        return ERR_NONE;
    }
    if (!uuid_parse(in->client_id, &given) || (l->hinted && !uuid_eq(&given, client))) {
        return fail(rq, ERR_INVALID_REQUEST, NULL,
                    "The request to log out names another application than its token.");
    }
    *client = given;
    return ERR_NONE;
}

static enum err load(struct request *rq, const struct logout_in *in, struct logout *l)
{
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    struct db_failure failure;
    struct client client;
    enum err e = read_hint(rq, in, l, id);
    if (e) {
        return e;
    }
    browser_start(rq, &l->browser);
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int found = client_add_read(b, id), browser = browser_add_read(b, &l->browser);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    browser_take(b, browser, &l->browser);
    return check_next(rq, in, &client, client_take(rq->arena, db_result(b, found), id, &client), l);
}

static enum err done(struct request *rq, const char *next)
{
    if (next) {
        page_redirect(rq, next);
    } else {
        page_logged_out(rq);
    }
    return ERR_NONE;
}

static enum err log_out(struct request *rq, const struct browser *browser, const char *next)
{
    struct browser_children children;
    bool replayed;
    enum err e = browser_read_children(rq, browser, &children);
    if (e) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    browser_add_logout(rq, b, browser, &children);
    return (e = write_run(rq, b, &replayed)) ? e : done(rq, next);
}

static enum err logout_exec(struct request *rq)
{
    struct logout *l = ARENA_NEW(rq->arena, struct logout);
    enum err e = load(rq, rq->in, l);
    if (e) {
        return e;
    }
    if (!l->browser.known) {
        return done(rq, l->next);
    }
    if (l->hinted && uuid_eq(&l->hint.browser, &l->browser.session)) {
        return log_out(rq, &l->browser, l->next);
    }
    struct str next = l->next ? str_from(l->next) : STR("");
    page_logout(rq, l->browser.email, l->next ? next : STR_NONE,
                browser_seal(rq, "logout", STR(""), rq->now_us, next));
    return ERR_NONE;
}

/* ---- the page that asks ---- */

struct confirm_in {
    struct shape_seen seen;
    struct str transaction;
    int decision;
};
enum { DECISION_LOGOUT, DECISION_STAY };
static const char *const decisions[] = { "logout", "stay", NULL };
static const struct shape_field confirm_fields[] = {
    { .name = "transaction",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_EXACT,
      .offset = offsetof(struct confirm_in, transaction),
      .min = 1,
      .max = 7168,
      .doc = "Where it goes on, sealed.",
      .example = "\"MTIz.NDU2\"" },
    { .name = "decision",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct confirm_in, decision),
      .values = decisions,
      .doc = "Which button." },
};
static const struct shape confirm_shape = { .name = "LogoutConfirmForm",
                                            .fields = confirm_fields,
                                            .count = SHAPE_COUNT(confirm_fields),
                                            .size = sizeof(struct confirm_in),
                                            .doc = "The log-out page's form.",
                                            .open = true };
static const enum err confirm_errors[] = { ERR_INVALID_REQUEST, ERR_FORBIDDEN, ERR_NONE };

const struct op op_oauth_logout_confirm = {
    .name = "oauth_logout_confirm",
    .method = METHOD_POST,
    .path = "/oauth/logout/confirm",
    .tag = "OAuth",
    .summary = "Log out on the page",
    .doc = "The log-out page's form; not for clients.",
    .perm = PERM_PUBLIC,
    .rate = RATE_WRITE,
    .flags = OP_PAGE | OP_RAW | OP_SECRET | OP_OWN_AUTH | OP_FORM,
    .in = &confirm_shape,
    .errors = confirm_errors,
    .refusal = &page_refusal,
    .security = "[]",
    .exec = confirm_exec,
};

static enum err confirm_exec(struct request *rq)
{
    const struct confirm_in *in = rq->in;
    struct browser *browser = ARENA_NEW(rq->arena, struct browser);
    struct db_failure failure;
    struct str next;
    int64_t made_us;
    if (!browser_is_own_origin(rq)) {
        return fail(rq, ERR_FORBIDDEN, NULL, "The form was sent from another site, so nothing was done.");
    }
    if (!browser_open(rq, "logout", STR(""), in->transaction, &made_us, &next)) {
        return fail(rq, ERR_INVALID_REQUEST, NULL, "This page is too old, or was opened in another browser.");
    }
    browser_start(rq, browser);
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = browser_add_read(b, browser);
    if (index >= 0 && db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    browser_take(b, index, browser);
    const char *place = next.n > 0 ? arena_strdup(rq->arena, next) : NULL;
    bool leave = in->decision == DECISION_LOGOUT && browser->known;
    return leave ? log_out(rq, browser, place) : done(rq, place);
}
