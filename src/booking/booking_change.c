/* What ops on changes of a booking share. */
#include "booking/booking_change.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "query/plan.h"

enum err booking_change_lock(struct request *rq, const struct uuid *id, struct booking_facts *facts,
                             struct booking_change *out, bool *replayed)
{
    write_atomic(rq);
    enum err e = booking_lock(rq, id, facts, replayed);
    if (e || *replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int open = DB_ADD(b, &q_booking_change_open, db_uuid(id));
    bool again;
    if ((e = write_run(rq, b, &again))) {
        return e;
    }
    const PGresult *r = db_result(b, open);
    if (PQntuples(r) == 0 || !db_get_bool(r, 0, 2)) {
        return fail(rq, ERR_BOOKING_STATE, NULL, "There is no change that waits for an answer.");
    }
    out->id = db_get_uuid(r, 0, 0);
    out->by = str_eqz(db_get_text(r, 0, 1), "guest") ? BOOKING_BY_GUEST : BOOKING_BY_HOST;
    return ERR_NONE;
}

enum err booking_answer(struct request *rq, struct db_batch *b, const struct uuid *id)
{
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
