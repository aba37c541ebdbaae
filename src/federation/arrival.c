/* Somebody has come back from a provider: who it is here. */
#include "federation/exchange.h"
#include "federation/federation.h"
#include "federation/page.h"

#include "account/account.h"
#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "http/uri.h"
#include "outbox/outbox.h"

#define PENDING_LIFETIME_US (INT64_C(600) * 1000000)
#define PENDING_MAX         8800 /* characters before they are sealed */
#define PURPOSE             "federation"

/* What a page asks for. */
enum asks { ASKS_PASSWORD, ASKS_CODE, ASKS_CONFIRM };
static const char *const ask_names[] = { "password", "code", "confirm" };

/* What is known here of an identity, and who is logged in in this browser. */
struct finding {
    bool linked; /* to: */
    struct uuid user;
    bool taken; /* its address belongs to: */
    struct uuid owner;
    struct browser browser;
};

static enum err find(struct request *rq, const struct arrival *a, struct finding *out)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    struct str email = a->identity.email_verified ? a->identity.email : STR_NONE;
    *out = (struct finding){ .linked = false };
    browser_start(rq, &out->browser);
    int found = DB_ADD(b, &q_identity_find, db_text(str_from(a->provider->issuer)),
                       db_text(a->identity.subject), db_text(email));
    int who = browser_add_read(b, &out->browser);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, found);
    browser_take(b, who, &out->browser);
    out->linked = !db_is_null(r, 0, 0);
    out->taken = !db_is_null(r, 0, 1);
    out->user = out->linked ? db_get_uuid(r, 0, 0) : out->user;
    out->owner = out->taken ? db_get_uuid(r, 0, 1) : out->owner;
    return ERR_NONE;
}

static enum err email_of(struct request *rq, const struct uuid *user, struct str *out)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_identity_email, db_uuid(user));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, index);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_ACCOUNT_INACTIVE, NULL, NULL);
    }
    *out = db_get_text(r, 0, 0);
    return ERR_NONE;
}

/* ---- what a page carries ---- */

static struct str seal(struct request *rq, enum asks asks, const struct arrival *a)
{
    struct buf text;
    char user[UUID_TEXT_SIZE];
    buf_init(&text, PENDING_MAX);
    fetch_form_add(&text, "asks", str_from(ask_names[asks]));
    fetch_form_add(&text, "provider", str_from(a->provider->name));
    fetch_form_add(&text, "issuer", str_from(a->provider->issuer));
    fetch_form_add(&text, "subject", a->identity.subject);
    if (a->identity.email.p) {
        fetch_form_add(&text, a->identity.email_verified ? "email" : "unverified", a->identity.email);
    }
    if (asks != ASKS_PASSWORD) {
        uuid_format(user, &a->attempt.user);
        fetch_form_add(&text, "user", str_from(user));
    }
    if (a->attempt.transaction.p) {
        fetch_form_add(&text, "transaction", a->attempt.transaction);
    }
    struct str sealed = browser_seal(rq, PURPOSE, STR(""), rq->now_us, buf_str(&text));
    buf_free(&text);
    return sealed;
}

static struct str parameter(const struct json_params *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (str_eqz(all->list[i].name, name)) {
            return all->list[i].value;
        }
    }
    return STR_NONE;
}

static bool read_asks(struct str name, enum asks *out)
{
    for (enum asks i = 0; i <= ASKS_CONFIRM; i++) {
        if (name.p && str_eqz(name, ask_names[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* The configuration may have changed meanwhile. */
static bool unseal(struct request *rq, struct str sealed, enum asks *asks, struct arrival *out)
{
    struct json_params all;
    struct str text;
    int64_t made_us;
    *out = (struct arrival){ .provider = NULL };
    if (!browser_open(rq, PURPOSE, STR(""), sealed, &made_us, &text) ||
        rq->now_us - made_us > PENDING_LIFETIME_US || !uri_parse_own(rq->arena, text, &all) ||
        !read_asks(parameter(&all, "asks"), asks)) {
        return false;
    }
    struct str verified = parameter(&all, "email"), user = parameter(&all, "user");
    out->provider = providers_find(rq->providers, parameter(&all, "provider"));
    out->identity = (struct identity){ .subject = parameter(&all, "subject"),
                                       .email = verified.p ? verified : parameter(&all, "unverified"),
                                       .email_verified = verified.p != NULL };
    out->attempt.transaction = parameter(&all, "transaction");
    return out->provider && str_eqz(parameter(&all, "issuer"), out->provider->issuer) &&
           (*asks == ASKS_PASSWORD || (user.p && uuid_parse(user, &out->attempt.user)));
}

/* ---- pages ---- */

static enum err ask(struct request *rq, enum asks asks, const struct arrival *a, struct str email,
                    struct link_page page)
{
    page.status = page.status ? page.status : 200;
    page.label = str_from(a->provider->label);
    page.email = email;
    page.other = a->identity.email;
    page.ask_password = asks == ASKS_PASSWORD;
    page.ask_code = page.ask_code || asks == ASKS_CODE;
    page.pending = seal(rq, asks, a);
    page_link(rq, &page);
    return ERR_NONE;
}

static struct str fault_of(enum asks asks, enum err e)
{
    switch (e) {
    case ERR_BAD_CREDENTIALS:
        return STR("This is not the password.");
    case ERR_SECOND_FACTOR_REQUIRED:
        return asks == ASKS_CODE ? STR("Enter the code.")
                                 : STR("Enter your password again, and the code of your authenticator.");
    case ERR_SECOND_FACTOR_WRONG:
        return STR("The code is wrong, or was used before.");
    default:
        return str_from(err_info(e)->doc);
    }
}

/* The page again; its status is what an op would have answered with. */
static enum err ask_again(struct request *rq, enum asks asks, const struct arrival *a, enum err e,
                          const struct login *login)
{
    const struct err_info *info = err_info(e);
    if (login->failure.err == e) {
        return fail_db(rq, &login->failure);
    }
    if (info->status == 401) {
        response_header(rq, "WWW-Authenticate", "Bearer realm=\"nexus\"");
    }
    if (info->status == 429 || info->status == 503) {
        int64_t seconds = (login->retry_after_us + 999999) / 1000000;
        response_header(rq, "Retry-After",
                        arena_printf(rq->arena, "%lld", (long long)(seconds > 0 ? seconds : 1)));
    }
    bool code = e == ERR_SECOND_FACTOR_REQUIRED || e == ERR_SECOND_FACTOR_WRONG;
    return ask(rq, asks, a, a->identity.email,
               (struct link_page){ .status = info->status, .fault = fault_of(asks, e), .ask_code = code });
}

/* ---- log-in ---- */

static void go_on(struct request *rq, struct str transaction)
{
    if (transaction.p) {
        page_redirect(rq,
                      arena_printf(rq->arena, "/oauth/continue?transaction=" STR_FMT, STR_ARG(transaction)));
    } else {
        page_signed_in(rq);
    }
}

static const char *audit_text(struct request *rq, const struct provider *p)
{
    return arena_printf(rq->arena, "{\"provider\": \"%s\"}", p->name);
}

static void add_link(struct request *rq, struct db_batch *b, const struct arrival *a, const struct uuid *user)
{
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    *id = uuid_v7();
    (void)DB_ADD(b, &q_identity_add, db_uuid(id), db_text(str_from(a->provider->issuer)),
                 db_text(a->identity.subject), db_uuid(user), db_text(str_from(a->provider->name)),
                 db_text(a->identity.email));
    audit_add(rq, b, AUDIT_IDENTITY_LINK, user, NULL, audit_text(rq, a->provider));
}

/* The owner hears of it, in case it was somebody else. */
static void add_notice(struct request *rq, struct db_batch *b, const struct arrival *a, struct str email)
{
    const struct outbox_field fields[] = { { "provider", str_from(a->provider->label) } };
    outbox_add_mail(rq, b, "account.identity_linked", email, fields, 1);
}

/* Begin the session, with whatever is in the batch already. */
static enum err log_in(struct request *rq, struct db_batch *b, const struct arrival *a,
                       const struct login *login, struct browser *browser)
{
    bool replayed;
    (void)DB_ADD(b, &q_identity_used, db_text(str_from(a->provider->issuer)), db_text(a->identity.subject),
                 db_text(a->identity.email));
    login_add(rq, b, login);
    enum err e = browser_add_login(rq, b, login, browser);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    go_on(rq, a->attempt.transaction);
    return ERR_NONE;
}

/* By the provider first, and what else was asked for. RFC 8176 has no word for the former; "fed" is common.
 */
static void put_method_first(struct login *login)
{
    size_t most = sizeof(login->methods) / sizeof(login->methods[0]);
    size_t kept = login->method_count < most ? login->method_count : most - 1;
    memmove(&login->methods[1], &login->methods[0], kept * sizeof(login->methods[0]));
    login->methods[0] = STR("fed");
    login->method_count = kept + 1;
}

static enum err log_in_linked(struct request *rq, struct arrival *a, struct finding *found, struct str code)
{
    struct login *login = ARENA_NEW(rq->arena, struct login);
    a->attempt.user = found->user;
    enum err e = second_factor_check(rq, &found->user, code, login);
    if (e == ERR_SECOND_FACTOR_REQUIRED && !code.p) {
        return ask(rq, ASKS_CODE, a, STR_NONE, (struct link_page){ .ask_code = true });
    }
    if (e) {
        return ask_again(rq, ASKS_CODE, a, e, login);
    }
    put_method_first(login);
    return log_in(rq, write_batch(rq), a, login, &found->browser);
}

static struct str name_for(const struct identity *identity)
{
    struct str rest = identity->email, local;
    (void)str_split(&rest, '@', &local);
    return identity->name.p ? identity->name : local;
}

static enum err make_account(struct request *rq, const struct arrival *a, struct finding *found)
{
    struct login *login = ARENA_NEW(rq->arena, struct login);
    struct db_batch *b = write_batch(rq);
    login->user = uuid_v7();
    put_method_first(login);
    (void)DB_ADD(b, &q_identity_account, db_uuid(&login->user), db_text(a->identity.email),
                 db_text(name_for(&a->identity)), db_text_array(rq->arena, account_default_roles, 2));
    audit_add(rq, b, AUDIT_USER_CREATE, &login->user, NULL, audit_text(rq, a->provider));
    add_link(rq, b, a, &login->user);
    return log_in(rq, b, a, login, &found->browser);
}

/* ---- linking on purpose ---- */

static enum err offer_link(struct request *rq, const struct arrival *a, const struct finding *found)
{
    struct str email;
    if (found->linked && !uuid_eq(&found->user, &a->attempt.user)) {
        return fail(rq, ERR_IDENTITY_TAKEN, NULL, NULL);
    }
    if (found->linked) {
        page_linked(rq, str_from(a->provider->label));
        return ERR_NONE;
    }
    enum err e = email_of(rq, &a->attempt.user, &email);
    return e ? e : ask(rq, ASKS_CONFIRM, a, email, (struct link_page){ .ask_code = false });
}

static enum err link_confirmed(struct request *rq, const struct arrival *a, const struct finding *found)
{
    struct str email;
    bool replayed;
    if (found->linked) {
        return offer_link(rq, a, found);
    }
    enum err e = email_of(rq, &a->attempt.user, &email);
    if (e) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    add_link(rq, b, a, &a->attempt.user);
    add_notice(rq, b, a, email);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    page_linked(rq, str_from(a->provider->label));
    return ERR_NONE;
}

/* ---- entrances ---- */

enum err arrival_go_on(struct request *rq, const struct arrival *arrived)
{
    struct arrival *a = ARENA_NEW(rq->arena, struct arrival); /* parameters point into it */
    struct finding *found = ARENA_NEW(rq->arena, struct finding);
    *a = *arrived;
    enum err e = find(rq, a, found);
    if (e) {
        return e;
    }
    if (a->attempt.links) {
        return offer_link(rq, a, found);
    }
    if (found->linked) {
        return log_in_linked(rq, a, found, STR_NONE);
    }
    if (!a->identity.email.p || !a->identity.email_verified) {
        return fail(
            rq, ERR_IDENTITY_REFUSED, NULL,
            "The provider does not say that your e-mail address is verified, so no account can be found "
            "or made for it. Verify the address there, or log in with a password.");
    }
    return found->taken
               ? ask(rq, ASKS_PASSWORD, a, a->identity.email, (struct link_page){ .ask_code = false })
               : make_account(rq, a, found);
}

static enum err link_proven(struct request *rq, struct arrival *a, struct finding *found,
                            const struct federation_link_in *in)
{
    struct login *login = ARENA_NEW(rq->arena, struct login);
    if (found->linked) { /* the form was sent twice */
        return log_in_linked(rq, a, found, in->code.p ? in->code : STR_NONE);
    }
    enum err e = login_check(rq, a->identity.email, in->password.p ? in->password : STR(""), in->code, login);
    if (e) {
        return ask_again(rq, ASKS_PASSWORD, a, e, login);
    }
    struct db_batch *b = write_batch(rq);
    add_link(rq, b, a, &login->user);
    add_notice(rq, b, a, a->identity.email);
    return log_in(rq, b, a, login, &found->browser);
}

enum err arrival_submitted(struct request *rq, const struct federation_link_in *in)
{
    struct arrival *a = ARENA_NEW(rq->arena, struct arrival);
    struct finding *found = ARENA_NEW(rq->arena, struct finding);
    enum asks asks;
    if (!unseal(rq, in->pending, &asks, a)) {
        return fail(
            rq, ERR_INVALID_REQUEST, NULL,
            "This page is too old, or was opened in another browser. Go back to the application and start "
            "again.");
    }
    enum err e = find(rq, a, found);
    if (e) {
        return e;
    }
    switch (asks) {
    case ASKS_PASSWORD:
        return link_proven(rq, a, found, in);
    case ASKS_CODE:
        return found->linked && uuid_eq(&found->user, &a->attempt.user)
                   ? log_in_linked(rq, a, found, in->code.p ? in->code : STR(""))
                   : fail(rq, ERR_IDENTITY_REFUSED, NULL, "The two accounts are not linked any more.");
    case ASKS_CONFIRM:
    default:
        return link_confirmed(rq, a, found);
    }
}
