/* POST /v1/coupons */
#include "pricing/coupon.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "pricing/price_engine.h"
#include "property/property.h"
#include "query/plan.h"

#include <ctype.h>

struct coupon_create_in {
    struct shape_seen seen;
    struct str code;
    bool platform;
    struct uuid property_id;
    int64_t percent_ppm, min_nights, max_uses, max_uses_per_guest;
    struct money_in amount;
    date_t valid_from, valid_until;
};
enum { CODE, PLATFORM, PROPERTY_ID, PERCENT, AMOUNT, MIN_NIGHTS, FROM, UNTIL, MAX_USES, MAX_USES_PER_GUEST };
#define IN(member) offsetof(struct coupon_create_in, member)

static const struct shape_field in_fields[] = {
    [CODE] = { .name = "code",
               .type = SHAPE_STRING,
               .flags = SHAPE_REQUIRED,
               .offset = IN(code),
               .min = 3,
               .max = 32,
               .doc = "What guests type: letters, digits and dashes, whatever the case.",
               .example = "\"SUMMER-10\"" },
    [PLATFORM] = { .name = "platform",
                   .type = SHAPE_BOOL,
                   .offset = IN(platform),
                   .def = "false",
                   .doc = "The platform pays for it and it holds for every host's properties; for staff." },
    [PROPERTY_ID] = { .name = "property_id",
                      .type = SHAPE_UUID,
                      .offset = IN(property_id),
                      .doc = "The only property it holds for." },
    [PERCENT] = { .name = "percent_ppm",
                  .type = SHAPE_INT,
                  .offset = IN(percent_ppm),
                  .min = 1,
                  .max = PRICE_PPM,
                  .doc = "Off the nights after discounts, in parts per million: 10 % is 100000.",
                  .example = "100000" },
    [AMOUNT] = { .name = "amount",
                 .type = SHAPE_OBJECT,
                 .offset = IN(amount),
                 .sub = &money_shape,
                 .doc = "This much off them; with percent_ppm, at most this much." },
    [MIN_NIGHTS] = { .name = "min_nights",
                     .type = SHAPE_INT,
                     .offset = IN(min_nights),
                     .min = 1,
                     .max = PROPERTY_NIGHTS_MAX,
                     .def = "1",
                     .doc = "For stays of at least so many nights." },
    [FROM] = { .name = "valid_from",
               .type = SHAPE_DATE,
               .offset = IN(valid_from),
               .doc = "First day (UTC) on which quotes take it.",
               .example = "\"2027-05-01\"" },
    [UNTIL] = { .name = "valid_until",
                .type = SHAPE_DATE,
                .offset = IN(valid_until),
                .doc = "Last day (UTC).",
                .example = "\"2027-08-31\"" },
    [MAX_USES] = { .name = "max_uses",
                   .type = SHAPE_INT,
                   .offset = IN(max_uses),
                   .min = 1,
                   .max = 1000000000,
                   .doc = "Bookings at most.",
                   .example = "100" },
    [MAX_USES_PER_GUEST] = { .name = "max_uses_per_guest",
                             .type = SHAPE_INT,
                             .offset = IN(max_uses_per_guest),
                             .min = 1,
                             .max = 1000000,
                             .doc = "Bookings of one guest at most.",
                             .example = "1" },
};

static bool is_code(struct str code)
{
    for (size_t i = 0; i < code.n; i++) {
        unsigned char c = (unsigned char)code.p[i];
        if (c > 127 || !(isalnum(c) || (c == '-' && i > 0))) {
            return false;
        }
    }
    return true;
}

static void in_check(const void *p, struct violations *v)
{
    const struct coupon_create_in *in = p;
    if (!is_code(in->code)) {
        violations_add(v, "/code", "format", "A code has letters, digits and, not at the start, dashes.");
    }
    if (!SHAPE_HAS(in, AMOUNT) && !SHAPE_HAS(in, PERCENT)) {
        violations_add(v, "/amount", "required", "Give amount, percent_ppm or both.");
    }
    if (SHAPE_HAS(in, AMOUNT) && in->amount.amount == 0) {
        violations_add(v, "/amount/amount", "min", "A coupon is worth something.");
    }
    if (SHAPE_HAS(in, FROM) && SHAPE_HAS(in, UNTIL) && in->valid_until < in->valid_from) {
        violations_add(v, "/valid_until", "rule", "valid_until is not before valid_from.");
    }
}

static const struct shape in_shape = { .name = "CouponCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct coupon_create_in),
                                       .doc = "A coupon to give away.",
                                       .check = in_check };

static enum err coupon_create_exec(struct request *rq);
static const enum err errors[] = { ERR_FORBIDDEN, ERR_CONFLICT, ERR_VALIDATION, ERR_NONE };

const struct op op_coupon_create = {
    .name = "coupon_create",
    .method = METHOD_POST,
    .path = "/v1/coupons",
    .tag = "Coupons",
    .summary = "Make a coupon",
    .doc = "By a host, for stays in the host's properties, or by staff for all. Its limits hold whoever "
           "books at the same time: "
           "each booking reserves a use.",
    .perm = PERM_PROPERTY_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_coupon,
    .errors = errors,
    .exec = coupon_create_exec,
};

static int add_insert(struct request *rq, struct db_batch *b, const struct uuid *id, const struct uuid *host,
                      const struct coupon_create_in *in)
{
    struct arena *a = rq->arena;
    bool percent = SHAPE_HAS(in, PERCENT), amount = SHAPE_HAS(in, AMOUNT);
    return DB_ADD(
        b, &q_coupon_insert, db_uuid(id), db_uuid(host),
        db_uuid(SHAPE_HAS(in, PROPERTY_ID) ? &in->property_id : NULL),
        db_bool(a, coupon_of_anybody(rq) && !host), db_text(coupon_code(a, in->code)),
        percent ? db_int4(a, (int32_t)in->percent_ppm) : db_null(DB_INT4),
        amount && !percent ? db_int8(a, in->amount.amount) : db_null(DB_INT8),
        amount && percent ? db_int8(a, in->amount.amount) : db_null(DB_INT8),
        amount ? db_text(in->amount.currency) : db_null(DB_TEXT), db_int4(a, (int32_t)in->min_nights),
        SHAPE_HAS(in, FROM) ? db_date(a, in->valid_from) : db_null(DB_DATE),
        SHAPE_HAS(in, UNTIL) ? db_date(a, in->valid_until) : db_null(DB_DATE),
        SHAPE_HAS(in, MAX_USES) ? db_int4(a, (int32_t)in->max_uses) : db_null(DB_INT4),
        SHAPE_HAS(in, MAX_USES_PER_GUEST) ? db_int4(a, (int32_t)in->max_uses_per_guest) : db_null(DB_INT4));
}

static enum err coupon_create_exec(struct request *rq)
{
    const struct coupon_create_in *in = rq->in;
    const struct uuid *host;
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    bool replayed;
    write_atomic(rq);
    enum err e = coupon_owner(rq, in->platform, &host);
    if (e) {
        return e;
    }
    *id = uuid_v7();
    struct db_batch *b = write_batch(rq);
    int made = add_insert(rq, b, id, host, in);
    if ((e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, made)) == 0) {
        return fail(rq, ERR_VALIDATION, "/property_id", "This is no property of the host.");
    }
    const struct plan *plan;
    struct selection *sel;
    int index;
    b = write_batch(rq);
    audit_add(rq, b, AUDIT_COUPON_CREATE, id, NULL, NULL);
    if ((e = plan_add_item(rq, b, &entity_coupon, id, &index, &plan, &sel)) ||
        (e = write_run(rq, b, &replayed))) {
        return e;
    }
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/coupons/%s", text));
    return plan_write(rq, plan, sel, db_result(b, index));
}
