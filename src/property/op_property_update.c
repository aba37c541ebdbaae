/* PATCH /v1/properties/{id}: change what is offered. */
#include "property/property_in.h"

#include "http/audit.h"
#include "http/idempotency.h"

static enum err property_update_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_VALIDATION, ERR_NONE };

const struct op op_property_update = {
    .name = "property_update",
    .method = METHOD_PATCH,
    .path = "/v1/properties/{id}",
    .tag = "Properties",
    .summary = "Change a property",
    .doc = "Members left out stay as they are; null resets a member to its default. Lists are replaced as a "
           "whole. Bookings "
           "and quotes made before keep their dates and prices.",
    .perm = PERM_PROPERTY_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL | OP_ON_PROPERTY,
    .in = &property_update_shape,
    .entity = &entity_property,
    .errors = errors,
    .exec = property_update_exec,
};

/* Rules between what was and what is asked for. */
static enum err check_change(struct request *rq, const struct property_in *in,
                             const struct property_facts *now)
{
    if (SHAPE_HAS(in, P_PRICE) && !str_eq(in->price.currency, now->currency)) {
        return fail(rq, ERR_VALIDATION, "/price/currency",
                    "The currency of this property is " STR_FMT " and stays so.", STR_ARG(now->currency));
    }
    int64_t min = !SHAPE_HAS(in, P_MIN_NIGHTS)   ? now->min_nights
                  : SHAPE_NULL(in, P_MIN_NIGHTS) ? 1
                                                 : in->min_nights;
    int64_t max = !SHAPE_HAS(in, P_MAX_NIGHTS)   ? now->max_nights
                  : SHAPE_NULL(in, P_MAX_NIGHTS) ? 365
                                                 : in->max_nights;
    if (min > max) {
        return fail(rq, ERR_VALIDATION, SHAPE_HAS(in, P_MIN_NIGHTS) ? "/min_nights" : "/max_nights",
                    "min_nights (%d) is at most max_nights (%d).", (int)min, (int)max);
    }
    return ERR_NONE;
}

static enum err change(struct request *rq, const struct property_in *in)
{
    struct db_batch *b = write_batch(rq);
    audit_watch(b, AUDIT_PROPERTY_UPDATE, &in->id);
    property_add_update(rq, b, in);
    if (SHAPE_HAS(in, P_AMENITIES)) {
        property_add_amenities(rq, b, &in->id, &in->amenities);
    }
    if (SHAPE_HAS(in, P_PHOTOS)) {
        property_add_photos(rq, b, &in->id, &in->photos);
    }
    audit_add_change(rq, b, AUDIT_PROPERTY_UPDATE, &in->id);
    struct property_answer answer;
    bool replayed;
    enum err e = property_add_answer(rq, b, &in->id, &answer);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return property_write_answer(rq, b, &answer);
}

static enum err property_update_exec(struct request *rq)
{
    const struct property_in *in = rq->in;
    struct property_facts now;
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &now, &replayed);
    if (e || replayed || (e = check_change(rq, in, &now))) {
        return e;
    }
    return change(rq, in);
}
