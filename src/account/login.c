/* The log-in decision. */
#include "account/login.h"

#include "account/account.h"
#include "auth/hash_pool.h"

/* The hash is computed when no statement is running, and also for nobody. */
static enum err decide(struct request *rq, const struct account_login *account, struct str password)
{
    bool same;
    enum err e = password_verify(rq->options, password, account->password_hash, &same);
    if (e != ERR_NONE) {
        return e;
    }
    return same ? account->active ? ERR_NONE : ERR_ACCOUNT_INACTIVE : ERR_BAD_CREDENTIALS;
}

static enum err finish(const struct account_login *account, enum err e, struct login *out)
{
    if (e == ERR_NONE) {
        out->user = account->id;
        out->roles = account->roles;
        out->methods[out->method_count++] = STR("pwd");
    }
    return e;
}

enum err login_check(struct request *rq, struct str email, struct str password, struct str code,
                     struct login *out)
{
    struct account_login account;
    *out = (struct login){ 0 };
    if (hash_pool_full(rq->options)) {
        return ERR_BUSY;
    }
    enum err e =
        account_find_login(rq->db, rq->arena, account_email(rq->arena, email), &account, &out->failure);
    if (e == ERR_NONE && !account.verified && !rq->options->unverified_login) {
        account.password_hash = STR_NONE; /* nobody's yet */
    }
    return e ? e : finish(&account, decide(rq, &account, password), out);
}

enum err login_confirm(struct request *rq, struct str password, struct login *out)
{
    struct account_login account;
    *out = (struct login){ 0 };
    enum err e = account_find_login_of(rq->db, rq->arena, &rq->principal.user, &account, &out->failure);
    return e ? e : finish(&account, decide(rq, &account, password), out);
}

enum err login_refuse(struct request *rq, enum err e, const struct login *login)
{
    if (login->failure.err == e) {
        return fail_db(rq, &login->failure);
    }
    rq->retry_after_us = login->retry_after_us;
    return fail(rq, e, NULL, NULL);
}

void login_add(struct request *rq, struct db_batch *b, const struct login *login) {}
