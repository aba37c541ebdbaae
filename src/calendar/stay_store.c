/* What is read of a property to judge a stay. */
#include "calendar/stay.h"

#include "db/queries.h"

struct stay_ask stay_add(struct request *rq, struct db_batch *b, const struct uuid *property, date_t check_in,
                         date_t check_out)
{
    struct db_param from = db_date(rq->arena, check_in), to = db_date(rq->arena, check_out);
    struct stay_ask ask;
    ask.terms = DB_ADD(b, &q_stay_terms, db_uuid(property), from, to);
    ask.nights = DB_ADD(b, &q_stay_nights, db_uuid(property), from, db_date(rq->arena, check_out + 1));
    return ask;
}

static enum err read_terms(struct request *rq, const PGresult *r, const struct uuid *property,
                           const char *pointer, struct stay_terms *out, struct str *currency)
{
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, pointer, "There is no such property, or it is not offered.");
    }
    out->property = *property;
    *currency = arena_str(rq->arena, db_get_text(r, 0, 0));
    out->capacity = db_get_int4(r, 0, 1);
    out->preparation_nights = db_get_int4(r, 0, 2);
    out->today = db_get_date(r, 0, 3);
    out->first_arrival = db_get_date(r, 0, 4);
    out->last_departure = db_is_null(r, 0, 5) ? DATE_MAX : db_get_date(r, 0, 5);
    return ERR_NONE;
}

static const struct stay_night *read_nights(struct request *rq, const PGresult *r, size_t *count)
{
    *count = (size_t)PQntuples(r);
    struct stay_night *nights = ARENA_ARRAY(rq->arena, struct stay_night, *count);
    for (size_t i = 0; i < *count; i++) {
        int row = (int)i;
        nights[i] = (struct stay_night){
            .night = db_get_date(r, row, 0),
            .price = db_get_int8(r, row, 1),
            .min_nights = db_get_int4(r, row, 2),
            .max_nights = db_get_int4(r, row, 3),
            .closed_to_arrival = db_get_bool(r, row, 4),
            .closed_to_departure = db_get_bool(r, row, 5),
            .min_source = (enum stay_source)db_get_int4(r, row, 7),
            .max_source = (enum stay_source)db_get_int4(r, row, 8),
            .arrival_source = (enum stay_source)db_get_int4(r, row, 9),
            .departure_source = (enum stay_source)db_get_int4(r, row, 10),
        };
        if (!db_is_null(r, row, 6)) {
            nights[i].season = db_get_uuid(r, row, 6);
        }
    }
    return nights;
}

enum err stay_read(struct request *rq, const struct db_batch *b, struct stay_ask ask,
                   const struct uuid *property, const char *pointer, struct stay_basis *out)
{
    enum err e = read_terms(rq, db_result(b, ask.terms), property, pointer, &out->terms, &out->currency);
    if (e) {
        return e;
    }
    out->free = db_get_bool(db_result(b, ask.terms), 0, 6);
    out->nights = read_nights(rq, db_result(b, ask.nights), &out->night_count);
    return ERR_NONE;
}

enum err stay_check(struct request *rq, const struct stay *stay, const struct stay_basis *basis)
{
    struct stay_reasons broken;
    struct stay_explained all;
    broken.count = 0;
    if (stay_judge(stay, &basis->terms, basis->nights, &broken) == 0 && basis->free) {
        return ERR_NONE;
    }
    enum err e = stay_explain(rq, &basis->terms.property, stay, NULL, &all);
    if (e) {
        return e;
    }
    if (all.reasons.count == 0) { /* free again since */
        stay_reasons_gone(stay, STR(""), &all.reasons);
    }
    return stay_refuse(rq, stay, &all.terms, &all.reasons);
}

/* ---- everything about a stay */

static struct stay_taken *read_taken(struct request *rq, const PGresult *r, int *units, size_t *count)
{
    int rows = PQntuples(r);
    struct stay_taken *taken = ARENA_ARRAY(rq->arena, struct stay_taken, (size_t)rows);
    *units = 0;
    *count = 0;
    for (int row = 0; row < rows; row++) {
        int unit = db_get_int4(r, row, 0);
        *units = unit + 1;
        if (db_is_null(r, row, 1)) {
            continue;
        }
        struct stay_taken *t = &taken[(*count)++];
        *t = (struct stay_taken){ .unit = unit,
                                  .from = db_get_date(r, row, 1),
                                  .to = db_get_date(r, row, 2),
                                  .until = db_get_date(r, row, 3),
                                  .block = db_get_bool(r, row, 4) };
        if (!db_is_null(r, row, 5)) {
            t->id = db_get_uuid(r, row, 5);
        }
        t->note = db_is_null(r, row, 6) ? STR_NONE : arena_str(rq->arena, db_get_text(r, row, 6));
    }
    return taken;
}

struct explain_ask {
    int terms, nights, units;
};

static struct explain_ask add_explain(struct request *rq, struct db_batch *b, const struct uuid *property,
                                      const struct stay *s)
{
    struct arena *a = rq->arena;
    date_t last = s->check_out + STAY_REACH < DATE_MAX ? s->check_out + STAY_REACH : DATE_MAX;
    date_t first = s->check_in - STAY_REACH > DATE_MIN ? s->check_in - STAY_REACH : DATE_MIN;
    struct db_param id = db_uuid(property), from = db_date(a, first), to = db_date(a, last + 1);
    struct explain_ask ask;
    ask.terms = DB_ADD(b, &q_stay_terms, id, db_date(a, s->check_in), db_date(a, s->check_out));
    ask.nights = DB_ADD(b, &q_stay_nights, id, from, to);
    ask.units =
        DB_ADD(b, &q_stay_units, id, from, to, db_uuid(principal_for(&rq->principal, PERM_PROPERTY_WRITE)),
               db_bool(a, perm_has(rq->principal.perms, PERM_PROPERTY_ANY)));
    return ask;
}

enum err stay_explain(struct request *rq, const struct uuid *property, const struct stay *s,
                      const char *pointer, struct stay_explained *out)
{
    struct db_batch *b = db_batch(rq->db, rq->arena);
    struct db_failure failure;
    struct explain_ask ask = add_explain(rq, b, property, s);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    enum err e = read_terms(rq, db_result(b, ask.terms), property, pointer, &out->terms, &out->currency);
    if (e) {
        return e;
    }
    int units;
    size_t taken_count;
    out->nights = read_nights(rq, db_result(b, ask.nights), &out->night_count);
    const struct stay_taken *taken = read_taken(rq, db_result(b, ask.units), &units, &taken_count);
    out->reasons.count = 0;
    stay_judge(s, &out->terms, out->nights, &out->reasons);
    stay_judge_inventory(s, &out->terms, units, taken, taken_count, &out->reasons);
    out->nearest_count =
        stay_nearest(s, &out->terms, out->nights, out->night_count, units, taken, taken_count, out->nearest);
    return ERR_NONE;
}
