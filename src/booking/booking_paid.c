/* Money that comes for a booking, in time, late or twice. */
#include "booking/booking.h"

#include "db/queries.h"
#include "http/idempotency.h"

#include <stdlib.h>

enum err booking_paid(struct request *rq, const struct uuid *booking, int64_t amount, enum booking_paid *out)
{
    static const struct {
        const char *name;
        enum booking_paid value;
    } names[] = {
        { "confirmed", BOOKING_PAID_CONFIRMED },
        { "earlier", BOOKING_PAID_EARLIER },
        { "too_late", BOOKING_PAID_TOO_LATE },
        { "twice", BOOKING_PAID_TWICE },
    };
    struct uuid *nights = ARENA_NEW(rq->arena, struct uuid);
    *nights = uuid_v7();
    struct db_batch *b = write_batch(rq);
    int paid = DB_ADD(b, &q_booking_pay, db_uuid(booking), db_int8(rq->arena, amount), db_uuid(nights));
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    struct str answer = db_get_text(db_result(b, paid), 0, 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eqz(answer, names[i].name)) {
            *out = names[i].value;
            return ERR_NONE;
        }
    }
    abort(); /* the function knows no other words */
}
