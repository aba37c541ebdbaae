/* The log-in decision. */
#include "account/login.h"

#include "account/account.h"
#include "account/second_factor.h"
#include "auth/hash_pool.h"
#include "auth/secret.h"
#include "cache/backoff.h"
#include "db/queries.h"
#include "http/gates.h"
#include "http/service.h"
#include "session/session.h"

#define SECOND_US       1000000
#define NETWORK_MOST_MS 60000 /* many share a network: it never waits for longer than this */
#define MAC_TEXT        32    /* hexadecimal digits of the MAC that stands for an account */

/* ---- failures ---- */

static struct str mac_text(struct request *rq, const char *kind, struct str name)
{
    unsigned char mac[SECRET_MAC_SIZE];
    char *text = arena_alloc(rq->arena, MAC_TEXT + 1);
    const char *label = arena_printf(rq->arena, "nexus login failures 1 %s", kind);
    secret_mac(rq->secret, label, name, mac);
    for (size_t i = 0; i < MAC_TEXT / 2; i++) {
        snprintf(text + 2 * i, 3, "%02x", mac[i]);
    }
    return (struct str){ text, MAC_TEXT };
}

/* Who has no scoreboard (a test) counts alone. */
static struct backoff_table *table_of(struct request *rq)
{
    static struct backoff_table own;
    return rq->service->stats.board ? scoreboard_backoff(rq->service->stats.board) : &own;
}

static struct backoff_subject subject_of(struct request *rq, const char *kind, struct str name)
{
    const struct options *o = rq->options;
    struct str address = rq->headers[HEADER_REMOTE_ADDR];
    return (struct backoff_subject){
        .account = mac_text(rq, kind, name),
        .place = session_network(rq->arena, address),
        .network = rate_network(rq->arena, address),
        .per_account = { .free = o->login_failures,
                         .first_ms = o->login_cooldown / 1000,
                         .most_ms = o->login_cooldown_max / 1000 },
        .per_network = { .free = o->login_failures_network,
                         .first_ms = o->login_cooldown / 1000,
                         .most_ms = NETWORK_MOST_MS },
        .table = table_of(rq),
    };
}

static struct backoff_subject subject_of_user(struct request *rq, const struct uuid *user)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(text, user);
    return subject_of(rq, "user", str_from(text));
}

/* A missing code says nothing of who asks: neither a failure nor a success, which would let whoever knows
 * the password guess codes for ever. */
static enum backoff_outcome outcome_of(enum err e)
{
    return e == ERR_NONE                                              ? BACKOFF_SUCCESS
           : e == ERR_BAD_CREDENTIALS || e == ERR_SECOND_FACTOR_WRONG ? BACKOFF_FAILURE
                                                                      : BACKOFF_NEITHER;
}

/* ---- the decision ---- */

/* Worth the time: no turn at hashing is to be had, or there were too many failures. */
static enum err begin(struct request *rq, const struct backoff_subject *subject,
                      struct backoff_attempt *attempt, struct login *out)
{
    *out = (struct login){ .retry_after_us = 0 };
    if (hash_pool_full(rq->options)) {
        scoreboard_count(rq->service->stats.slot, WORKER_REJECTED);
        out->retry_after_us = SECOND_US;
        return ERR_BUSY;
    }
    return backoff_begin(rq->cache, subject, attempt, &out->retry_after_us) ? ERR_NONE : ERR_RATE_LIMITED;
}

/* The hash is computed when no statement is running, and also for nobody. */
static enum err check_password(struct request *rq, const struct account_login *account, struct str password)
{
    bool same;
    enum err e = password_verify(rq->options, password, account->password_hash, &same);
    return e ? e : same ? ERR_NONE : ERR_BAD_CREDENTIALS;
}

/* Made anew at today's cost while the password is at hand. When there is no turn for that, another time. */
static void renew_hash(struct request *rq, const struct account_login *account, struct str password,
                       struct login *out)
{
    if (password_outdated(rq->options, account->password_hash) &&
        password_hash(rq->options, rq->arena, password, &out->new_hash) == ERR_NONE) {
        out->old_hash = account->password_hash;
    }
}

static void add_method(struct login *out, const char *name)
{
    out->methods[out->method_count++] = str_from(name);
}

static enum err decide(struct request *rq, const struct account_login *account, struct str password,
                       const struct str *code, struct login *out)
{
    enum err e = check_password(rq, account, password);
    if (e != ERR_NONE) {
        return e;
    }
    add_method(out, "pwd");
    out->user = account->id;
    out->email = account->email;
    out->password_us = account->password_us;
    if (code && (e = second_factor_use(rq, &account->id, &account->factor, *code, &out->failure))) {
        return e;
    }
    if (code && account->factor.sealed.p) {
        add_method(out, "otp");
        add_method(out, "mfa");
    }
    if (!account->active) {
        return ERR_ACCOUNT_INACTIVE;
    }
    renew_hash(rq, account, password, out);
    return ERR_NONE;
}

enum err login_check(struct request *rq, struct str email, struct str password, struct str code,
                     struct login *out)
{
    struct account_login account;
    struct backoff_attempt attempt;
    struct str address = account_email(rq->arena, email);
    struct backoff_subject subject = subject_of(rq, "email", address);
    enum err e = begin(rq, &subject, &attempt, out);
    if (e != ERR_NONE) {
        return e;
    }
    e = account_find_login(rq->db, rq->arena, address, &account, &out->failure);
    if (e == ERR_NONE && !account.verified && !rq->options->unverified_login) {
        account.password_hash = STR_NONE; /* nobody's yet */
    }
    e = e ? e : decide(rq, &account, password, &code, out);
    backoff_end(rq->cache, &subject, &attempt, outcome_of(e));
    return e;
}

static enum err confirm(struct request *rq, struct str password, const struct str *code, struct login *out)
{
    struct account_login account;
    struct backoff_attempt attempt;
    struct backoff_subject subject = subject_of_user(rq, &rq->principal.user);
    enum err e = begin(rq, &subject, &attempt, out);
    if (e != ERR_NONE) {
        return e;
    }
    e = account_find_login_of(rq->db, rq->arena, &rq->principal.user, &account, &out->failure);
    e = e ? e : decide(rq, &account, password, code, out);
    bool half = e == ERR_NONE && !code && account.factor.sealed.p;
    backoff_end(rq->cache, &subject, &attempt, half ? BACKOFF_NEITHER : outcome_of(e));
    return e;
}

enum err login_confirm(struct request *rq, struct str password, struct login *out)
{
    return confirm(rq, password, NULL, out);
}

enum err login_confirm_both(struct request *rq, struct str password, struct str code, struct login *out)
{
    return confirm(rq, password, &code, out);
}

static enum err find_factor(struct request *rq, const struct uuid *user, struct second_factor *out,
                            struct db_failure *failure)
{
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int found = DB_ADD(b, &q_second_factor_find, db_uuid(user));
    enum err e = db_run(b, failure);
    *out = (struct second_factor){ .sealed = STR_NONE };
    if (e == ERR_NONE && PQntuples(db_result(b, found)) == 1) {
        out->sealed = db_get_text(db_result(b, found), 0, 0);
        out->last_step = db_get_int8(db_result(b, found), 0, 1);
    }
    return e;
}

enum err second_factor_check(struct request *rq, const struct uuid *user, struct str code, struct login *out)
{
    struct second_factor factor;
    struct backoff_attempt attempt;
    struct backoff_subject subject = subject_of_user(rq, user);
    *out = (struct login){ .user = *user };
    if (!backoff_begin(rq->cache, &subject, &attempt, &out->retry_after_us)) {
        return ERR_RATE_LIMITED;
    }
    enum err e = find_factor(rq, user, &factor, &out->failure);
    e = e ? e : second_factor_use(rq, user, &factor, code, &out->failure);
    if (e == ERR_NONE && factor.sealed.p) {
        add_method(out, "otp");
        add_method(out, "mfa");
    }
    backoff_end(rq->cache, &subject, &attempt, outcome_of(e));
    return e;
}

/* ---- around it ---- */

enum err login_refuse(struct request *rq, enum err e, const struct login *login)
{
    if (login->failure.err == e) {
        return fail_db(rq, &login->failure);
    }
    rq->retry_after_us = login->retry_after_us;
    if (e == ERR_RATE_LIMITED) {
        return fail(rq, e, NULL, "Too many wrong passwords or codes; Retry-After says when to try again.");
    }
    return fail(rq, e, NULL, NULL);
}

void login_add(struct request *rq, struct db_batch *b, const struct login *login)
{
    if (login->new_hash.p) {
        (void)DB_ADD(b, &q_account_rehash, db_uuid(&login->user), db_text(login->old_hash),
                     db_text(login->new_hash));
    }
}

void login_forgive(struct request *rq, struct str email)
{
    struct backoff_subject subject = subject_of(rq, "email", account_email(rq->arena, email));
    backoff_forget(rq->cache, &subject);
}
