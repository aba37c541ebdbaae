/*
 * The documents in which a host rules a calendar: rules, seasons, weekdays. Each is read and replaced as a
 * whole; they share one version, which If-Match asks for. Read by whoever sees the calendar.
 */
#ifndef NEXUS_CALENDAR_RULES_DOC_H
#define NEXUS_CALENDAR_RULES_DOC_H

#include "http/op.h"
#include "property/property.h"

extern const struct op op_property_rules_read, op_property_rules_replace, op_property_seasons_read,
    op_property_seasons_replace, op_property_weekdays_read, op_property_weekdays_replace;

struct rules_doc {
    const char *name;                /* in the audit log */
    const struct db_statement *read; /* of the property, user and everywhere; first column: the version */
    void (*write)(struct request *rq, const PGresult *r); /* rows as the answer */
};
extern const struct rules_doc rules_doc_rules, rules_doc_seasons, rules_doc_weekdays;
extern const struct shape rules_doc_rules_shape, rules_doc_seasons_shape,
    rules_doc_weekdays_shape; /* as read */

/* The whole GET. */
enum err rules_doc_answer(struct request *rq, const struct rules_doc *doc,
                          const struct uuid *property) MUST_CHECK;

/*
 * The start of a PUT: the property locked, If-Match asked. With `current` also the document as it is, locked
 * too. *replayed as in write_run.
 */
enum err rules_doc_lock(struct request *rq, const struct rules_doc *doc, const struct uuid *property,
                        struct property_facts *out, const PGresult **current, bool *replayed) MUST_CHECK;
/* The end of it: the op's statements are in the batch; it is run and the answer is the new document. */
enum err rules_doc_finish(struct request *rq, const struct rules_doc *doc,
                          const struct property_facts *property, struct db_batch *b) MUST_CHECK;

/* Shapes of {id} alone, for the GETs. */
struct rules_read_in {
    struct shape_seen seen;
    struct uuid id;
};
extern const struct shape_field rules_read_fields[];
#define RULES_READ_SHAPE(title)                                                                              \
    {                                                                                                        \
        .name = (title), .fields = rules_read_fields, .count = 1, .size = sizeof(struct rules_read_in),      \
        .doc = "Which property."                                                                             \
    }

/* Monday first, NULL-terminated. */
extern const char *const weekday_names[];

/* What seasons and weekdays may say of a price: an amount in the property's currency, or what is added or
 * taken off; not both. Adds violations. */
#define RULES_ADJUST_MIN (-1000000)
#define RULES_ADJUST_MAX 10000000
void rules_check_price(struct violations *v, const char *pointer, bool price, bool adjust);
enum err rules_check_currency(struct request *rq, const struct property_facts *p,
                              const struct money_in *price, const char *pointer);

struct json_writer;
void rules_write_money(struct json_writer *w, const PGresult *r, int row, int amount, struct str currency);
void rules_write_int(struct json_writer *w, struct str key, const PGresult *r, int row, int col);

#endif
