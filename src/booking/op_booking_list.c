/* GET /v1/bookings: what the caller has booked, or hosts. */
#include "booking/booking.h"
#include "query/plan.h"

struct booking_list_in {
    struct shape_seen seen;
    int role;
};

enum { ROLE };
static const char *const roles[] = { "guest", "host", "cohost", NULL };

static const struct shape_field in_fields[] = {
    [ROLE] = { .name = "role",
               .type = SHAPE_ENUM,
               .in = IN_QUERY,
               .offset = offsetof(struct booking_list_in, role),
               .values = roles,
               .doc = "Only bookings in which the caller is the guest, the host, or a co-host." },
};
static const struct shape in_shape = { .name = "BookingList",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct booking_list_in),
                                       .doc = "Which bookings." };

static enum err booking_list_prepare(struct request *rq, struct selection *sel);

const struct op op_booking_list = {
    .name = "booking_list",
    .method = METHOD_GET,
    .path = "/v1/bookings",
    .tag = "Bookings",
    .summary = "List bookings",
    .doc = "Those the caller is guest or host of, or may read as co-host, the latest first.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_booking,
    .prepare = booking_list_prepare,
    .exec = read_exec,
};

static enum err booking_list_prepare(struct request *rq, struct selection *sel)
{
    static const char *const conditions[] = {
        " and {t}.guest_id = $1",
        " and {t}.host_id = $1",
        " and {t}.property_id = any (array(select property_id from property_members where user_id = $1))",
    };
    const struct booking_list_in *in = rq->in;
    if (SHAPE_HAS(in, ROLE)) {
        struct db_param *me = ARENA_NEW(rq->arena, struct db_param);
        *me = db_uuid(&rq->principal.user);
        selection_where(sel, conditions[in->role], me, 1);
    }
    return ERR_NONE;
}
