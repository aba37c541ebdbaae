/* GET /v1/bookings/{id}/ledger: what a booking has moved. */
#include "ledger/ledger.h"

#include "query/plan.h"

struct ledger_booking_list_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct ledger_booking_list_in, id),
      .doc = "The booking." },
};
static const struct shape in_shape = { .name = "LedgerBookingList",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct ledger_booking_list_in),
                                       .doc = "Whose entries." };

static enum err ledger_booking_list_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_ledger_booking_list = {
    .name = "ledger_booking_list",
    .method = METHOD_GET,
    .path = "/v1/bookings/{id}/ledger",
    .tag = "Ledger",
    .summary = "List what a booking has moved",
    .doc = "Sale, changes, payments, refunds and payouts in the order they were posted. Whoever is part of "
           "the booking "
           "sees the entries of his own accounts; with ledger.read all of them, which add up to zero.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_ledger_entry,
    .errors = errors,
    .prepare = ledger_booking_list_prepare,
    .exec = read_exec,
};

static enum err ledger_booking_list_prepare(struct request *rq, struct selection *sel)
{
    const struct ledger_booking_list_in *in = rq->in;
    struct db_param *booking = ARENA_NEW(rq->arena, struct db_param);
    *booking = db_uuid(&in->id);
    selection_where(sel, " and {t}.booking_id = $1", booking, 1);
    return ledger_owner_visible(rq, LEDGER_OF_BOOKING, &in->id);
}
