/* GET /v1/ledger/statements: balances as of a day. */
#include "ledger/ledger.h"

#include "query/plan.h"

#define US_PER_DAY INT64_C(86400000000)

struct ledger_statement_list_in {
    struct shape_seen seen;
    date_t as_of;
};

enum { AS_OF };

static const struct shape_field in_fields[] = {
    [AS_OF] = { .name = "as_of",
                .type = SHAPE_DATE,
                .in = IN_QUERY,
                .offset = offsetof(struct ledger_statement_list_in, as_of),
                .doc = "Balances at the end of this day, UTC; now when it is not given." },
};
static const struct shape in_shape = { .name = "LedgerStatementList",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct ledger_statement_list_in),
                                       .doc = "As of when." };

static enum err ledger_statement_list_prepare(struct request *rq, struct selection *sel);

const struct op op_ledger_statement_list = {
    .name = "ledger_statement_list",
    .method = METHOD_GET,
    .path = "/v1/ledger/statements",
    .tag = "Ledger",
    .summary = "List balances",
    .doc = "Of the caller's accounts, one for each role and currency; with ledger.read of all accounts. What "
           "was posted "
           "is never changed, so the balances of a day that is over stay what they are.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_ledger_account,
    .prepare = ledger_statement_list_prepare,
    .exec = read_exec,
};

static enum err ledger_statement_list_prepare(struct request *rq, struct selection *sel)
{
    static const char balance[] = "(select coalesce(sum(ab.amount), 0) from ledger_entries ab"
                                  " where ab.account_id = {t}.id and ab.at < $1)::int8";
    static const char balance_now[] =
        "(select coalesce(sum(ab.amount), 0) from ledger_entries ab where ab.account_id = {t}.id)::int8";
    const struct ledger_statement_list_in *in = rq->in;
    if (!SHAPE_HAS(in, AS_OF)) {
        selection_compute(sel, "balance", balance_now, NULL, 0);
        return ERR_NONE;
    }
    struct db_param *end = ARENA_NEW(rq->arena, struct db_param);
    *end = db_timestamptz(rq->arena, ((int64_t)in->as_of + 1) * US_PER_DAY);
    selection_compute(sel, "balance", balance, end, 1);
    return ERR_NONE;
}
