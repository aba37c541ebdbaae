/* /oauth/authorize, and the steps that follow it. */
#include "oauth/authorize.h"

#include "db/queries.h"
#include "http/audit.h"

static enum err authorize_exec(struct request *rq);
static enum err continue_exec(struct request *rq);
static enum err login_exec(struct request *rq);
static enum err factor_exec(struct request *rq);
static enum err consent_exec(struct request *rq);

#define PAGE_FLAGS (OP_PAGE | OP_RAW | OP_SECRET | OP_OWN_AUTH)
#define TAG        "OAuth"

static const char nobody[] = "[]";
static const enum err errors[] = { ERR_INVALID_REQUEST, ERR_NONE };

const struct op op_oauth_authorize = {
    .name = "oauth_authorize",
    .method = METHOD_GET,
    .path = "/oauth/authorize",
    .tag = TAG,
    .summary = "Ask a user for authorization",
    .doc = "Where a client sends the user's browser (RFC 6749, 4.1.1; OpenID Connect Core, 3.1.2). PKCE with "
           "S256 is "
           "required. Shows the pages that are needed, then goes back to redirect_uri with a code, or with "
           "an error. When "
           "the client or its redirect_uri is not known, the user sees why, and is sent nowhere. Parameters "
           "that are not "
           "known are passed over.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = PAGE_FLAGS | OP_LENIENT,
    .in = &authorize_query_shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = nobody,
    .exec = authorize_exec,
};

const struct op op_oauth_authorize_form = {
    .name = "oauth_authorize_form",
    .method = METHOD_POST,
    .path = "/oauth/authorize",
    .tag = TAG,
    .summary = "Ask a user for authorization, by a form",
    .doc = "The same with the parameters in the body.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = PAGE_FLAGS | OP_LENIENT | OP_FORM,
    .in = &authorize_form_shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = nobody,
    .exec = authorize_exec,
};

static enum err authorize_exec(struct request *rq)
{
    struct authorize a = { .in = rq->in, .started_us = rq->now_us };
    bool answered;
    browser_start(rq, &a.browser);
    enum err e = authorize_check(rq, &a, &answered);
    return e || answered ? e : authorize_go_on(rq, &a);
}

/* ---- after the log-in ---- */

struct continue_in {
    struct shape_seen seen;
    struct str transaction;
};

#define TRANSACTION(place, into)                                                                             \
    {                                                                                                        \
        .name = "transaction", .type = SHAPE_STRING, .in = place, .flags = SHAPE_REQUIRED | SHAPE_EXACT,     \
        .min = 1, .max = 7168, .offset = offsetof(struct into, transaction),                                 \
        .doc = "The request under way, sealed.", .example = "\"MTIz.NDU2\""                                  \
    }

static const struct shape_field continue_fields[] = { TRANSACTION(IN_QUERY, continue_in) };
static const struct shape continue_shape = { .name = "AuthorizationContinue",
                                             .fields = continue_fields,
                                             .count = SHAPE_COUNT(continue_fields),
                                             .size = sizeof(struct continue_in),
                                             .doc = "A request under way." };

const struct op op_oauth_continue = {
    .name = "oauth_continue",
    .method = METHOD_GET,
    .path = "/oauth/continue",
    .tag = TAG,
    .summary = "Go on with an authorization",
    .doc = "Where the log-in page leads to; not for clients.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = PAGE_FLAGS,
    .in = &continue_shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = nobody,
    .exec = continue_exec,
};

static enum err start_again(struct request *rq)
{
    return fail(rq, ERR_INVALID_REQUEST, NULL,
                "This page is too old, or was opened in another browser. Go back to the application and "
                "start again.");
}

static enum err reopen(struct request *rq, const char *page, struct str transaction, struct authorize *a,
                       bool *answered)
{
    return authorize_unseal(rq, page, transaction, a) ? authorize_check(rq, a, answered) : start_again(rq);
}

static enum err continue_exec(struct request *rq)
{
    const struct continue_in *in = rq->in;
    struct authorize a;
    bool answered;
    enum err e = reopen(rq, "login", in->transaction, &a, &answered);
    return e || answered ? e : authorize_go_on(rq, &a);
}

/* A form has to come from a page of ours, in this browser. */
static enum err check_origin(struct request *rq)
{
    return browser_is_own_origin(rq)
               ? ERR_NONE
               : fail(rq, ERR_FORBIDDEN, NULL, "The form was sent from another site, so nothing was done.");
}

static enum err go_on(struct request *rq, const struct authorize *a)
{
    struct str transaction = authorize_seal(rq, "login", a);
    page_redirect(rq, arena_printf(rq->arena, "/oauth/continue?transaction=" STR_FMT, STR_ARG(transaction)));
    return ERR_NONE;
}

/* ---- log-in ---- */

struct login_in {
    struct shape_seen seen;
    struct str transaction, email, password;
};

static const struct shape_field login_fields[] = {
    TRANSACTION(IN_BODY, login_in),
    { .name = "email",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_EXACT,
      .offset = offsetof(struct login_in, email),
      .min = 1,
      .max = 254,
      .doc = "Address of the account.",
      .example = "\"ada@example.com\"" },
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct login_in, password),
      .min = 1,
      .max = 1024,
      .doc = "Its password.",
      .example = "\"correct horse battery staple\"" },
};
static const struct shape login_shape = { .name = "LoginForm",
                                          .fields = login_fields,
                                          .count = SHAPE_COUNT(login_fields),
                                          .size = sizeof(struct login_in),
                                          .doc = "The log-in page's form.",
                                          .open = true };
static const enum err login_errors[] = {
    ERR_INVALID_REQUEST, ERR_BAD_CREDENTIALS, ERR_ACCOUNT_INACTIVE, ERR_FORBIDDEN, ERR_BUSY, ERR_NONE
};

const struct op op_oauth_login = {
    .name = "oauth_login",
    .method = METHOD_POST,
    .path = "/oauth/login",
    .tag = TAG,
    .summary = "Log in on the page",
    .doc = "The log-in page's form; not for clients. Shows the page again when something was wrong.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = PAGE_FLAGS | OP_FORM,
    .in = &login_shape,
    .errors = login_errors,
    .refusal = &page_refusal,
    .security = nobody,
    .exec = login_exec,
};

static struct str fault_of(struct request *rq, enum err e)
{
    switch (e) {
    case ERR_BAD_CREDENTIALS:
        return STR("E-mail address and password do not belong together.");
    case ERR_SECOND_FACTOR_WRONG:
        return STR("The code is wrong, or was used before.");
    default:
        return str_from(err_info(e)->doc);
    }
}

/* A page again: its status is what an op would have answered with, and so are the headers. */
static void add_status_headers(struct request *rq, enum err e, const struct login *login)
{
    int status = err_info(e)->status;
    int64_t seconds = (login->retry_after_us + 999999) / 1000000;
    if (status == 401) {
        response_header(rq, "WWW-Authenticate", "Bearer realm=\"nexus\"");
    }
    if (status == 429 || status == 503) {
        response_header(rq, "Retry-After",
                        arena_printf(rq->arena, "%lld", (long long)(seconds > 0 ? seconds : 1)));
    }
}

static enum err show_login_again(struct request *rq, const struct authorize *a, enum err e,
                                 const struct login *login)
{
    const struct login_in *in = rq->in;
    if (login->failure.err == e) {
        return fail_db(rq, &login->failure);
    }
    add_status_headers(rq, e, login);
    authorize_show_login(
        rq, a,
        (struct login_page){ .status = err_info(e)->status, .fault = fault_of(rq, e), .email = in->email });
    return ERR_NONE;
}

static enum err begin_session(struct request *rq, struct authorize *a, const struct login *login)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    login_add(rq, b, login);
    enum err e = browser_add_login(rq, b, login, &a->browser);
    return e || (e = write_run(rq, b, &replayed)) ? e : go_on(rq, a);
}

/* ---- second factor ---- */

/* That a password was right a moment ago, in this browser. */
#define PROOF_LIFETIME_US (INT64_C(600) * 1000000)

static struct str seal_proof(struct request *rq, const struct uuid *user)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(text, user);
    return browser_seal(rq, "factor", STR(""), rq->now_us, str_from(text));
}

static bool open_proof(struct request *rq, struct str proof, struct uuid *user)
{
    int64_t made_us;
    struct str text;
    return browser_open(rq, "factor", STR(""), proof, &made_us, &text) &&
           rq->now_us - made_us < PROOF_LIFETIME_US && uuid_parse(text, user);
}

static void show_factor(struct request *rq, const struct authorize *a, int status, struct str fault,
                        struct str proof)
{
    page_factor(rq, &(struct factor_page){ .status = status,
                                           .client = a->client.name,
                                           .redirect = a->in->redirect_uri,
                                           .fault = fault,
                                           .transaction = authorize_seal(rq, "login", a),
                                           .proof = proof });
}

static enum err login_exec(struct request *rq)
{
    const struct login_in *in = rq->in;
    struct authorize a;
    struct login login;
    bool answered;
    enum err e = check_origin(rq);
    if (e || (e = reopen(rq, "login", in->transaction, &a, &answered)) || answered) {
        return e;
    }
    e = login_check(rq, in->email, in->password, STR_NONE, &login);
    if (e == ERR_SECOND_FACTOR_REQUIRED) {
        show_factor(rq, &a, 200, STR_NONE, seal_proof(rq, &login.user));
        return ERR_NONE;
    }
    return e ? show_login_again(rq, &a, e, &login) : begin_session(rq, &a, &login);
}

struct factor_in {
    struct shape_seen seen;
    struct str transaction, proof, code;
};

static const struct shape_field factor_fields[] = {
    TRANSACTION(IN_BODY, factor_in),
    { .name = "proof",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_EXACT,
      .offset = offsetof(struct factor_in, proof),
      .min = 1,
      .max = 500,
      .doc = "That the password was right, sealed.",
      .example = "\"MTIz.NDU2\"" },
    { .name = "code",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct factor_in, code),
      .min = 1,
      .max = 64,
      .doc = "Code of an authenticator app, or a recovery code.",
      .example = "\"123456\"" },
};
static const struct shape factor_shape = { .name = "SecondFactorForm",
                                           .fields = factor_fields,
                                           .count = SHAPE_COUNT(factor_fields),
                                           .size = sizeof(struct factor_in),
                                           .doc = "The second factor's form.",
                                           .open = true };
static const enum err factor_errors[] = {
    ERR_INVALID_REQUEST, ERR_SECOND_FACTOR_WRONG, ERR_ACCOUNT_INACTIVE, ERR_FORBIDDEN, ERR_BUSY, ERR_NONE
};

const struct op op_oauth_factor = {
    .name = "oauth_factor",
    .method = METHOD_POST,
    .path = "/oauth/factor",
    .tag = TAG,
    .summary = "Give the code of a second factor on the page",
    .doc = "The second page of the log-in, for accounts with a second factor; not for clients.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = PAGE_FLAGS | OP_FORM,
    .in = &factor_shape,
    .errors = factor_errors,
    .refusal = &page_refusal,
    .security = nobody,
    .exec = factor_exec,
};

static enum err factor_exec(struct request *rq)
{
    const struct factor_in *in = rq->in;
    struct authorize a;
    struct login login;
    struct uuid user;
    bool answered;
    enum err e = check_origin(rq);
    if (e || (e = reopen(rq, "login", in->transaction, &a, &answered)) || answered) {
        return e;
    }
    if (!open_proof(rq, in->proof, &user)) {
        return start_again(rq);
    }
    e = second_factor_check(rq, &user, in->code, &login);
    if (e && login.failure.err == e) {
        return fail_db(rq, &login.failure);
    }
    if (e) {
        add_status_headers(rq, e, &login);
        show_factor(rq, &a, err_info(e)->status, fault_of(rq, e), in->proof);
        return ERR_NONE;
    }
    memmove(&login.methods[1], &login.methods[0], 2 * sizeof login.methods[0]);
    login.methods[0] = STR("pwd");
    login.method_count++;
    return begin_session(rq, &a, &login);
}

/* ---- consent ---- */

struct consent_in {
    struct shape_seen seen;
    struct str transaction;
    int decision;
};

enum decision { DECISION_ALLOW, DECISION_DENY, DECISION_SWITCH };
static const char *const decisions[] = { "allow", "deny", "switch", NULL };
static const struct shape_field consent_fields[] = {
    TRANSACTION(IN_BODY, consent_in),
    { .name = "decision",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct consent_in, decision),
      .values = decisions,
      .doc = "Which button." },
};
static const struct shape consent_shape = { .name = "ConsentForm",
                                            .fields = consent_fields,
                                            .count = SHAPE_COUNT(consent_fields),
                                            .size = sizeof(struct consent_in),
                                            .doc = "The consent page's form.",
                                            .open = true };
static const enum err consent_errors[] = { ERR_INVALID_REQUEST, ERR_FORBIDDEN, ERR_NONE };

const struct op op_oauth_consent = {
    .name = "oauth_consent",
    .method = METHOD_POST,
    .path = "/oauth/consent",
    .tag = TAG,
    .summary = "Allow or refuse on the page",
    .doc = "The consent page's form; not for clients.",
    .perm = PERM_PUBLIC,
    .rate = RATE_WRITE,
    .flags = PAGE_FLAGS | OP_FORM,
    .in = &consent_shape,
    .errors = consent_errors,
    .refusal = &page_refusal,
    .security = nobody,
    .exec = consent_exec,
};

static enum err allow(struct request *rq, const struct authorize *a)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_oauth_consent_add, db_uuid(&a->browser.user), db_uuid(&a->client.id),
                 oauth_scope_param(rq->arena, a->told));
    authorize_add_code(rq, b, a);
    return write_run(rq, b, &replayed);
}

/* The log-in ends, and what needs it goes on with the log-in page. */
static enum err use_another_account(struct request *rq, const struct authorize *a)
{
    struct browser_children children;
    bool replayed;
    enum err e = browser_read_children(rq, &a->browser, &children);
    if (e) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    browser_add_logout(rq, b, &a->browser, &children);
    return (e = write_run(rq, b, &replayed)) ? e : go_on(rq, a);
}

static enum err consent_exec(struct request *rq)
{
    const struct consent_in *in = rq->in;
    struct authorize *a = ARENA_NEW(rq->arena, struct authorize);
    bool answered;
    enum err e = check_origin(rq);
    if (e || (e = reopen(rq, "consent", in->transaction, a, &answered)) || answered) {
        return e;
    }
    if (!a->browser.known) {
        return start_again(rq);
    }
    switch ((enum decision)in->decision) {
    case DECISION_ALLOW:
        return allow(rq, a);
    case DECISION_SWITCH:
        return use_another_account(rq, a);
    case DECISION_DENY:
    default:
        return authorize_refuse(rq, a, "access_denied", NULL);
    }
}
