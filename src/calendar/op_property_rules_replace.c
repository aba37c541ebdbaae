/* PUT /v1/properties/{id}/rules */
#include "calendar/rules_doc.h"

#include "db/queries.h"
#include "http/idempotency.h"

struct rules_in {
    struct shape_seen seen;
    struct uuid id;
    int64_t advance_notice_hours, booking_window_days, preparation_nights, request_hours;
    struct str check_in_from, check_in_until, check_out_until;
    bool instant_book;
};
enum { ID, NOTICE, WINDOW, PREPARATION, IN_FROM, IN_UNTIL, OUT_UNTIL, INSTANT, REQUEST };
#define IN(member) offsetof(struct rules_in, member)

static const struct shape_field in_fields[] = {
    [ID] = { .name = "id",
             .type = SHAPE_UUID,
             .in = IN_PATH,
             .flags = SHAPE_REQUIRED,
             .offset = IN(id),
             .doc = "The property." },
    [NOTICE] = { .name = "advance_notice_hours",
                 .type = SHAPE_INT,
                 .offset = IN(advance_notice_hours),
                 .min = 0,
                 .max = 8760,
                 .def = "0",
                 .doc = "Hours before check_in_from of the first day until which it can be booked; 0: until "
                        "the day "
                        "is over." },
    [WINDOW] = { .name = "booking_window_days",
                 .type = SHAPE_INT,
                 .flags = SHAPE_NULLABLE,
                 .offset = IN(booking_window_days),
                 .min = 1,
                 .max = PROPERTY_NIGHTS_MAX,
                 .doc = "Days from today within which a stay ends; null or left out: no limit.",
                 .example = "365" },
    [PREPARATION] = { .name = "preparation_nights",
                      .type = SHAPE_INT,
                      .offset = IN(preparation_nights),
                      .min = 0,
                      .max = 30,
                      .def = "0",
                      .doc = "Nights kept free after each stay. Stays booked before keep what they had." },
    [IN_FROM] = { .name = "check_in_from",
                  .type = SHAPE_STRING,
                  .offset = IN(check_in_from),
                  .min = 5,
                  .max = 5,
                  .format = "time",
                  .def = "15:00",
                  .doc = "Time of the property's zone from which guests arrive." },
    [IN_UNTIL] = { .name = "check_in_until",
                   .type = SHAPE_STRING,
                   .flags = SHAPE_NULLABLE,
                   .offset = IN(check_in_until),
                   .min = 5,
                   .max = 5,
                   .format = "time",
                   .doc = "Until when they do; null or left out: whenever." },
    [OUT_UNTIL] = { .name = "check_out_until",
                    .type = SHAPE_STRING,
                    .offset = IN(check_out_until),
                    .min = 5,
                    .max = 5,
                    .format = "time",
                    .def = "11:00",
                    .doc = "Until when they leave on the day of departure." },
    [INSTANT] = { .name = "instant_book",
                  .type = SHAPE_BOOL,
                  .offset = IN(instant_book),
                  .def = "true",
                  .doc = "false: a booking is a request the host answers." },
    [REQUEST] = { .name = "request_hours",
                  .type = SHAPE_INT,
                  .offset = IN(request_hours),
                  .min = 1,
                  .max = 168,
                  .def = "24",
                  .doc = "Hours the host has for that." },
};
static const struct shape in_shape = { .name = "PropertyRulesReplace",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct rules_in),
                                       .doc = "All rules; what is left out gets its default." };

static enum err property_rules_replace_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_NONE };

const struct op op_property_rules_replace = {
    .name = "property_rules_replace",
    .method = METHOD_PUT,
    .path = "/v1/properties/{id}/rules",
    .tag = "Calendar",
    .summary = "Say when and how a property can be booked",
    .doc = "By its host, or a co-host with calendar.write. Replaces all rules. Quotes and bookings made "
           "before keep "
           "what they were made under.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL | OP_ON_PROPERTY,
    .in = &in_shape,
    .out = &rules_doc_rules_shape,
    .errors = errors,
    .exec = property_rules_replace_exec,
};

static void add_put(struct request *rq, struct db_batch *b, const struct rules_in *in)
{
    struct arena *a = rq->arena;
    bool window = SHAPE_HAS(in, WINDOW) && !SHAPE_NULL(in, WINDOW);
    DB_ADD(b, &q_rules_put, db_uuid(&in->id), db_int4(a, (int32_t)in->advance_notice_hours),
           window ? db_int4(a, (int32_t)in->booking_window_days) : db_null(DB_INT4),
           db_int4(a, (int32_t)in->preparation_nights), db_text(in->check_in_from),
           db_text(in->check_in_until), db_text(in->check_out_until), db_bool(a, in->instant_book),
           db_int4(a, (int32_t)in->request_hours));
}

static enum err property_rules_replace_exec(struct request *rq)
{
    const struct rules_in *in = rq->in;
    struct property_facts property;
    bool replayed;
    enum err e = rules_doc_lock(rq, &rules_doc_rules, &in->id, &property, NULL, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    add_put(rq, b, in);
    return rules_doc_finish(rq, &rules_doc_rules, &property, b);
}
