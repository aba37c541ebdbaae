/* The SQL calls of the ledger. */
#include "ledger/ledger.h"

#include "db/queries.h"

static const struct {
    const struct db_statement *seen;
    int params;
    const char *missing;
} owners[] = {
    [LEDGER_OF_BOOKING] = { &q_ledger_booking_visible, 4, "There is no such booking." },
    [LEDGER_OF_ACCOUNT] = { &q_ledger_account_visible, 3, "There is no such account." },
    [LEDGER_OF_PAYOUT] = { &q_payout_visible, 3, "There is no such payout." },
};

enum err ledger_owner_visible(struct request *rq, enum ledger_owner owner, const struct uuid *id)
{
    const struct principal *who = &rq->principal;
    const struct db_param params[] = {
        db_uuid(id),
        db_uuid(&who->user),
        db_bool(rq->arena, perm_has(who->perms, PERM_LEDGER_READ)),
        db_uuid(perm_has(who->ceiling, PERM_BOOKING_READ) ? &who->user : NULL),
    };
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int seen = db_add(b, owners[owner].seen, params, owners[owner].params);
    struct db_failure failure;
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    return PQntuples(db_result(b, seen)) == 1 ? ERR_NONE
                                              : fail(rq, ERR_NOT_FOUND, NULL, "%s", owners[owner].missing);
}
