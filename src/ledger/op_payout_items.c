/* GET /v1/payouts/{id}/items: the statement of a payout. */
#include "ledger/ledger.h"

#include "query/plan.h"

struct payout_items_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct payout_items_in, id),
      .doc = "The payout." },
};
static const struct shape in_shape = { .name = "PayoutItems",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct payout_items_in),
                                       .doc = "Of which payout." };

static enum err payout_items_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_payout_items = {
    .name = "payout_items",
    .method = METHOD_GET,
    .path = "/v1/payouts/{id}/items",
    .tag = "Ledger",
    .summary = "List what a payout is for",
    .doc = "Its statement: every stay and its part. The items add up to the payout.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_payout_item,
    .errors = errors,
    .prepare = payout_items_prepare,
    .exec = read_exec,
};

static enum err payout_items_prepare(struct request *rq, struct selection *sel)
{
    const struct payout_items_in *in = rq->in;
    struct db_param *payout = ARENA_NEW(rq->arena, struct db_param);
    *payout = db_uuid(&in->id);
    selection_where(sel, " and {t}.payout_id = $1", payout, 1);
    return ledger_owner_visible(rq, LEDGER_OF_PAYOUT, &in->id);
}
