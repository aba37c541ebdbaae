/*
 * Judging a stay: whoever offers, holds or sells one reads its basis and asks stay_check, and every refusal
 * tells its reasons in the member `reasons` of the problem document, in one form:
 *
 *     {"rule", "source", "id", "from", "to", "limit", "note", "detail"}
 */
#ifndef NEXUS_CALENDAR_STAY_H
#define NEXUS_CALENDAR_STAY_H

#include "calendar/stay_rules.h"
#include "http/op.h"

extern const struct op op_availability_explain;

/* What decides about a stay, and its nights with their prices (season and weekday included). */
struct stay_basis {
    struct stay_terms terms;
    struct str currency; /* in the request's arena, as nights */
    bool free;           /* on some unit, preparation included */
    size_t night_count;  /* check_out - check_in + 1: the day of departure is the last */
    const struct stay_night *nights;
};

/* Two statements added to a batch, and what they brought. stay_read: ERR_NOT_FOUND, recorded with the
 * pointer, when the property is not offered. */
struct stay_ask {
    int terms, nights;
};
struct stay_ask stay_add(struct request *rq, struct db_batch *b, const struct uuid *property, date_t check_in,
                         date_t check_out);
enum err stay_read(struct request *rq, const struct db_batch *b, struct stay_ask ask,
                   const struct uuid *property, const char *pointer, struct stay_basis *out) MUST_CHECK;

/* ERR_NONE when the stay is offered and free; else ERR_STAY_RULES or ERR_DATES_UNAVAILABLE, recorded with all
 * reasons, which costs another round trip. */
enum err stay_check(struct request *rq, const struct stay *stay, const struct stay_basis *basis) MUST_CHECK;

/* Everything about a stay, in one round trip. */
#define STAY_REACH 180 /* days before and after in which other dates are looked for */
struct stay_explained {
    struct stay_terms terms;
    struct str currency;
    const struct stay_night *nights; /* from STAY_REACH days before check_in, consecutive */
    size_t night_count;
    struct stay_reasons reasons; /* none: the stay can be had */
    size_t nearest_count;
    struct stay nearest[STAY_NEAREST_MAX];
};
/* ERR_NOT_FOUND, recorded, when the property is not offered. */
enum err stay_explain(struct request *rq, const struct uuid *property, const struct stay *stay,
                      const char *pointer, struct stay_explained *out) MUST_CHECK;

/* Put reasons into the problem document of the failure that is about to be recorded. */
void stay_tell(struct request *rq, const struct stay *stay, const struct stay_terms *terms,
               const struct stay_reasons *reasons);
/* The same and the failure itself: 422 with a violation for each rule, or 409 when only nights are gone. */
enum err stay_refuse(struct request *rq, const struct stay *stay, const struct stay_terms *terms,
                     const struct stay_reasons *reasons);
/* Write them as an array. */
struct json_writer;
void stay_write_reasons(struct request *rq, struct json_writer *w, const struct stay *stay,
                        const struct stay_terms *terms, const struct stay_reasons *reasons);
/* What they look like, for the documentation. */
extern const struct shape stay_reason_shape;

#endif
