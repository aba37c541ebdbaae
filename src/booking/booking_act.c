/* Taking a booking from one state to another. */
#include "booking/booking.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "query/plan.h"

static const struct shape_field id_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct booking_id_in, id),
      .doc = "The booking." },
};
const struct shape booking_id_shape = { .name = "BookingId",
                                        .fields = id_fields,
                                        .count = SHAPE_COUNT(id_fields),
                                        .size = sizeof(struct booking_id_in),
                                        .doc = "Which booking." };

static enum err refuse(struct request *rq, const struct booking_act *act, const struct booking_facts *f,
                       enum booking_refusal why)
{
    static const char *const general[BOOKING_REFUSALS] = {
        [BOOKING_WRONG_ACTOR] = "This is for the other party of the booking to do.",
        [BOOKING_TOO_EARLY] = "It is too early for this.",
        [BOOKING_TOO_LATE] = "It is too late for this.",
    };
    const char *sentence = act->refusals[why] ? act->refusals[why] : general[why];
    if (sentence) {
        return fail(rq, ERR_BOOKING_STATE, NULL, "%s", sentence);
    }
    return fail(rq, ERR_BOOKING_STATE, NULL, "The booking is %s.", booking_statuses[f->status]);
}

static void set_state(struct request *rq, struct db_batch *b, const struct uuid *id, enum booking_status to)
{
    (void)DB_ADD(b, &q_booking_set, db_uuid(id), db_text(str_from(booking_statuses[to])),
                 db_bool(rq->arena, !booking_states[to].nights));
}

void booking_add_cancel(struct request *rq, struct db_batch *b, const struct uuid *id, enum booking_status to)
{
    (void)to;
    (void)DB_ADD(b, &q_booking_cancel, db_uuid(id), db_uuid(&rq->principal.user));
}

static void tell_audit(struct request *rq, struct db_batch *b, const struct uuid *id,
                       const struct booking_facts *f, enum booking_status to)
{
    if (to == BOOKING_CANCELLED && f->status == BOOKING_CONFIRMED) { /* holds come and go all day */
        audit_add(rq, b, AUDIT_BOOKING_CANCEL, id,
                  arena_printf(rq->arena, "{\"status\": \"%s\"}", booking_statuses[f->status]),
                  "{\"status\": \"cancelled\"}");
    }
}

static enum err change(struct request *rq, const struct booking_act *act, const struct uuid *id,
                       const struct booking_facts *f, enum booking_status to)
{
    struct db_batch *b = write_batch(rq);
    (act->change ? act->change : set_state)(rq, b, id, to);
    if (act->also) {
        act->also(rq, b, id, to);
    }
    tell_audit(rq, b, id, f, to);
    const struct plan *plan;
    struct selection *sel;
    int index;
    bool replayed;
    enum err e = plan_add_item(rq, b, &entity_booking, id, &index, &plan, &sel);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, plan, sel, db_result(b, index));
}

enum err booking_act(struct request *rq, const struct booking_act *act)
{
    const struct booking_id_in *in = rq->in;
    struct booking_facts facts;
    enum booking_status to;
    bool replayed;
    write_atomic(rq);
    enum err e = booking_lock(rq, &in->id, &facts, &replayed);
    if (e || replayed) {
        return e;
    }
    enum booking_refusal why = booking_decide(&facts, act->action, &to);
    return why == BOOKING_ALLOWED ? change(rq, act, &in->id, &facts, to) : refuse(rq, act, &facts, why);
}
