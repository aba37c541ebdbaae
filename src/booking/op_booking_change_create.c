/* POST /v1/bookings/{id}/change: ask for other dates or guests. */
#include "booking/booking_change.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "pricing/quote.h"
#include "property/property.h"

struct booking_change_create_in {
    struct shape_seen seen;
    struct uuid id;
    date_t check_in, check_out;
    int64_t adults, children, infants;
    struct shape_list child_ages; /* of int64_t */
};
enum { ID, CHECK_IN, CHECK_OUT, ADULTS, CHILDREN, INFANTS, CHILD_AGES };
#define IN(member) offsetof(struct booking_change_create_in, member)

static const struct shape_field in_fields[] = {
    [ID] = { .name = "id",
             .type = SHAPE_UUID,
             .in = IN_PATH,
             .flags = SHAPE_REQUIRED,
             .offset = IN(id),
             .doc = "The booking." },
    [CHECK_IN] = { .name = "check_in",
                   .type = SHAPE_DATE,
                   .offset = IN(check_in),
                   .doc = "Another first night." },
    [CHECK_OUT] = { .name = "check_out",
                    .example = "\"2027-05-04\"",
                    .type = SHAPE_DATE,
                    .offset = IN(check_out),
                    .doc = "Another day of departure." },
    [ADULTS] = { .name = "adults",
                 .type = SHAPE_INT,
                 .offset = IN(adults),
                 .min = 1,
                 .max = 100,
                 .doc = "Guests of 18 years or more." },
    [CHILDREN] = { .name = "children",
                   .type = SHAPE_INT,
                   .offset = IN(children),
                   .min = 0,
                   .max = 99,
                   .doc = "Guests of 2 to 17 years." },
    [INFANTS] = { .name = "infants",
                  .type = SHAPE_INT,
                  .offset = IN(infants),
                  .min = 0,
                  .max = 20,
                  .doc = "Children under 2." },
    [CHILD_AGES] = { .name = "child_ages",
                     .type = SHAPE_LIST,
                     .offset = IN(child_ages),
                     .min = 0,
                     .max = 99,
                     .item = &quote_child_age,
                     .doc =
                         "The age of each child on the day of arrival. Without it those of the booking stay, "
                         "as long as there are as many children; else they count as 17." },
};

static void in_check(const void *p, struct violations *v)
{
    const struct booking_change_create_in *in = p;
    if (SHAPE_HAS(in, CHECK_IN) && SHAPE_HAS(in, CHECK_OUT) && in->check_out <= in->check_in) {
        violations_add(v, "/check_out", "rule", "check_out is after check_in.");
    }
}

static const struct shape in_shape = { .name = "BookingChangeCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct booking_change_create_in),
                                       .doc = "What is to be different; the rest stays.",
                                       .check = in_check };

static enum err booking_change_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND,  ERR_BOOKING_STATE, ERR_DATES_UNAVAILABLE,
                                   ERR_STAY_RULES, ERR_VALIDATION,    ERR_PRECONDITION,
                                   ERR_NONE };

const struct op op_booking_change_create = {
    .name = "booking_change_create",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/change",
    .tag = "Bookings",
    .summary = "Ask for other dates or guests",
    .doc = "By the guest, the host or a co-host with booking.manage, before the day of arrival. The member "
           "`change` of the booking "
           "says what it would cost and the difference; nights and price stay as they are until the other "
           "party accepts. The "
           "price is that of today's rules, with the coupon of the booking where it suits the stay. One "
           "change waits for its answer at a time, as "
           "long as a request "
           "would (request_hours of the property's rules).",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &in_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_change_create_exec,
};

/* The ages that are told, or those of the quote it was booked by. */
static const int *ages_of(struct request *rq, const struct booking_change_create_in *in, const PGresult *r,
                          int children)
{
    if (SHAPE_HAS(in, CHILD_AGES)) {
        return quote_child_ages(rq->arena, &in->child_ages);
    }
    struct str list = db_get_text(r, 0, 12), age;
    int *ages = ARENA_ARRAY(rq->arena, int, (size_t)children), count = 0;
    int64_t years;
    while (count < children && str_split(&list, ',', &age) && str_int64(age, &years)) {
        ages[count++] = (int)years;
    }
    return count == children && list.n == 0 ? ages : NULL;
}

/* The stay as it is, with what is to be different. */
static struct quote_wanted wanted_of(struct request *rq, const struct booking_change_create_in *in,
                                     const PGresult *r)
{
    struct quote_wanted w = {
        .property_id = db_get_uuid(r, 0, 0),
        .check_in = SHAPE_HAS(in, CHECK_IN) ? in->check_in : db_get_date(r, 0, 1),
        .check_out = SHAPE_HAS(in, CHECK_OUT) ? in->check_out : db_get_date(r, 0, 2),
        .adults = SHAPE_HAS(in, ADULTS) ? (int)in->adults : db_get_int4(r, 0, 3),
        .children = SHAPE_HAS(in, CHILDREN) ? (int)in->children : db_get_int4(r, 0, 4),
        .infants = SHAPE_HAS(in, INFANTS) ? (int)in->infants : db_get_int4(r, 0, 5),
    };
    w.child_ages = ages_of(rq, in, r, w.children);
    if (!db_is_null(r, 0, 11)) {
        struct uuid *kept = ARENA_NEW(rq->arena, struct uuid);
        *kept = db_get_uuid(r, 0, 11);
        w.kept = kept;
    }
    return w;
}

static enum err check_wanted(struct request *rq, const struct quote_wanted *w, const struct shape_list *ages,
                             bool waiting)
{
    if (waiting) {
        return fail(rq, ERR_BOOKING_STATE, NULL, "Another change waits for its answer; decline it first.");
    }
    if (w->check_out <= w->check_in || w->check_out - w->check_in > PROPERTY_NIGHTS_MAX) {
        return fail(rq, ERR_VALIDATION, "/check_out", "A stay has 1 to %d nights.", PROPERTY_NIGHTS_MAX);
    }
    if (ages && ages->count != (size_t)w->children) {
        return fail(rq, ERR_VALIDATION, "/child_ages", "One age for each child.");
    }
    return w->adults + w->children > 100 ? fail(rq, ERR_VALIDATION, "/children", "At most 100 guests.")
                                         : ERR_NONE;
}

/* The stay's own nights are no obstacle to it. */
static enum err price_it(struct request *rq, const struct uuid *id, const struct quote_wanted *w,
                         struct quote_basis *basis, struct price *price)
{
    struct stay stay = { w->check_in, w->check_out, w->adults + w->children };
    bool replayed;
    struct db_batch *b = write_batch(rq);
    struct quote_ask ask = quote_add(rq, b, w);
    int terms = DB_ADD(b, &q_booking_terms, db_uuid(id), db_date(rq->arena, w->check_in),
                       db_date(rq->arena, w->check_out));
    enum err e = write_run(rq, b, &replayed);
    if (e || (e = quote_read(rq, b, ask, w, basis))) {
        return e;
    }
    basis->stay.free = db_get_bool(db_result(b, terms), 0, 9);
    if ((e = stay_check(rq, &stay, &basis->stay))) {
        return e;
    }
    return quote_price(rq, w, basis, price);
}

static enum err store(struct request *rq, const struct uuid *booking, enum booking_actor by,
                      const struct quote_wanted *w, const struct quote_basis *basis,
                      const struct price *price)
{
    struct uuid *fresh = ARENA_ARRAY(rq->arena, struct uuid, 2); /* the quote, the change */
    fresh[0] = uuid_v7();
    fresh[1] = uuid_v7();
    struct db_batch *b = write_batch(rq);
    enum err e = quote_add_rows(rq, b, &fresh[0], w, basis, price);
    if (e) {
        return e;
    }
    (void)DB_ADD(b, &q_booking_change_insert, db_uuid(&fresh[1]), db_uuid(booking), db_uuid(&fresh[0]),
                 db_text(by == BOOKING_BY_GUEST ? STR("guest") : STR("host")), db_uuid(&rq->principal.user));
    (void)DB_ADD(b, &q_booking_touch, db_uuid(booking));
    return booking_answer(rq, b, booking);
}

static enum err booking_change_create_exec(struct request *rq)
{
    const struct booking_change_create_in *in = rq->in;
    struct booking_facts facts;
    enum booking_status to;
    bool replayed;
    write_atomic(rq);
    enum err e = booking_lock(rq, &in->id, &facts, &replayed);
    if (e || replayed) {
        return e;
    }
    if (booking_decide(&facts, BOOKING_DO_CHANGE, &to) != BOOKING_ALLOWED) {
        return fail(rq, ERR_BOOKING_STATE, NULL,
                    "Only a confirmed booking is changed, before the day of arrival.");
    }
    struct db_batch *b = write_batch(rq);
    int terms = DB_ADD(b, &q_booking_terms, db_uuid(&in->id), db_null(DB_DATE), db_null(DB_DATE));
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    struct quote_wanted wanted = wanted_of(rq, in, db_result(b, terms));
    struct quote_basis basis;
    struct price price;
    if ((e = check_wanted(rq, &wanted, SHAPE_HAS(in, CHILD_AGES) ? &in->child_ages : NULL,
                          db_get_bool(db_result(b, terms), 0, 10))) ||
        (e = price_it(rq, &in->id, &wanted, &basis, &price))) {
        return e;
    }
    return store(rq, &in->id, facts.actor, &wanted, &basis, &price);
}
