/* GET /v1/ledger/statements/{id}/entries: what made a balance. */
#include "ledger/ledger.h"

#include "query/plan.h"

struct ledger_statement_entries_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct ledger_statement_entries_in, id),
      .doc = "The account." },
};
static const struct shape in_shape = { .name = "LedgerStatementEntries",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct ledger_statement_entries_in),
                                       .doc = "Whose entries." };

static enum err ledger_statement_entries_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_ledger_statement_entries = {
    .name = "ledger_statement_entries",
    .method = METHOD_GET,
    .path = "/v1/ledger/statements/{id}/entries",
    .tag = "Ledger",
    .summary = "List what moved an account",
    .doc = "Every entry of one's own account, or with ledger.read of any.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_ledger_entry,
    .errors = errors,
    .prepare = ledger_statement_entries_prepare,
    .exec = read_exec,
};

static enum err ledger_statement_entries_prepare(struct request *rq, struct selection *sel)
{
    const struct ledger_statement_entries_in *in = rq->in;
    struct db_param *account = ARENA_NEW(rq->arena, struct db_param);
    *account = db_uuid(&in->id);
    selection_where(sel, " and {t}.account_id = $1", account, 1);
    return ledger_owner_visible(rq, LEDGER_OF_ACCOUNT, &in->id);
}
