/* The password once more, before a change that could take the account away from its owner. */
#include "account/account.h"
#include "account/login.h"

#include "db/queries.h"
#include "http/idempotency.h"

static enum err read_contact(struct request *rq, struct account_contact *out)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int found = DB_ADD(b, &q_account_contact, db_uuid(&rq->principal.user));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, found);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    *out = (struct account_contact){ db_get_text(r, 0, 0), db_get_text(r, 0, 1),
                                     db_is_null(r, 0, 2) ? STR_NONE : db_get_text(r, 0, 2) };
    return ERR_NONE;
}

enum err account_confirm(struct request *rq, const char *pointer, struct str password,
                         struct account_contact *out, bool *replayed)
{
    struct login login;
    enum err e = write_claim(rq, replayed);
    if (e || *replayed || (e = read_contact(rq, out))) {
        return e;
    }
    e = login_confirm(rq, password, &login);
    if (e == ERR_BAD_CREDENTIALS) { /* 401 would say that the session is over */
        return fail(rq, ERR_WRONG_PASSWORD, pointer, NULL);
    }
    return e ? login_refuse(rq, e, &login) : ERR_NONE;
}
