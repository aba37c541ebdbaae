/* GET /v1/properties/{id}/availability/explain: why a stay can be had, or not. */
#include "calendar/stay.h"

#include "property/property.h"
#include "json/write.h"

struct explain_in {
    struct shape_seen seen;
    struct uuid id;
    date_t check_in, check_out;
    int64_t guests;
};
#define IN(member) offsetof(struct explain_in, member)

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The property." },
    { .name = "check_in",
      .type = SHAPE_DATE,
      .in = IN_QUERY,
      .flags = SHAPE_REQUIRED,
      .offset = IN(check_in),
      .doc = "First night, in the property's zone." },
    { .name = "check_out",
      .example = "\"2027-05-04\"",
      .type = SHAPE_DATE,
      .in = IN_QUERY,
      .flags = SHAPE_REQUIRED,
      .offset = IN(check_out),
      .doc = "Day of departure." },
    { .name = "guests",
      .type = SHAPE_INT,
      .in = IN_QUERY,
      .flags = SHAPE_REQUIRED,
      .offset = IN(guests),
      .min = 1,
      .max = 100,
      .doc = "Guests.",
      .example = "2" },
};

static void in_check(const void *p, struct violations *v)
{
    const struct explain_in *in = p;
    if (in->check_out <= in->check_in) {
        violations_add(v, "/check_out", "rule", "check_out is after check_in.");
    } else if (in->check_out - in->check_in > PROPERTY_NIGHTS_MAX) {
        violations_add(v, "/check_out", "max", "A stay has at most %d nights.", PROPERTY_NIGHTS_MAX);
    }
}

static const struct shape in_shape = { .name = "AvailabilityExplain",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct explain_in),
                                       .doc = "A stay to be explained.",
                                       .check = in_check };

static const struct shape_field rule_item = { .type = SHAPE_ENUM, .values = stay_rule_names };
static const struct shape_field night_fields[] = {
    { .name = "date",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .doc = "The night from this day to the next." },
    { .name = "price",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &money_shape,
      .doc = "Of this night." },
    { .name = "season_id",
      .type = SHAPE_UUID,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "Season the night is in." },
    { .name = "rules",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &rule_item,
      .doc = "What stands against it; reasons tells more." },
};
static const struct shape night_shape = { .name = "ExplainedNight",
                                          .fields = night_fields,
                                          .count = SHAPE_COUNT(night_fields),
                                          .doc = "A night of a stay." };
static const struct shape_field stay_fields[] = {
    { .name = "check_in", .type = SHAPE_DATE, .flags = SHAPE_REQUIRED, .doc = "First night." },
    { .name = "check_out",
      .example = "\"2027-05-04\"",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .doc = "Day of departure." },
};
static const struct shape stay_shape = {
    .name = "Stay", .fields = stay_fields, .count = SHAPE_COUNT(stay_fields), .doc = "Dates of a stay."
};
static const struct shape_field reason_item = { .type = SHAPE_OBJECT, .sub = &stay_reason_shape };
static const struct shape_field night_item = { .type = SHAPE_OBJECT, .sub = &night_shape };
static const struct shape_field stay_item = { .type = SHAPE_OBJECT, .sub = &stay_shape };
static const struct shape_field out_fields[] = {
    { .name = "available",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "The stay can be had at this moment." },
    { .name = "reasons",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &reason_item,
      .doc = "Every rule that stands against it. Refusals of quotes and bookings tell the same." },
    { .name = "nights",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &night_item,
      .doc = "Night by night." },
    { .name = "nearest",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &stay_item,
      .doc = "Up to three stays that can be had, the nearest first, of as many nights where the day of "
             "arrival allows. "
             "Looked for in 180 days before and after; empty when the guests are too many." },
};
static const struct shape out_shape = { .name = "Availability",
                                        .fields = out_fields,
                                        .count = SHAPE_COUNT(out_fields),
                                        .doc = "Why a stay can be had, or not." };

static enum err availability_explain_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_availability_explain = {
    .name = "availability_explain",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/availability/explain",
    .tag = "Calendar",
    .summary = "Explain why a stay can be had, or not",
    .doc = "Every rule that blocks a night or the whole stay, whose it is, and the nearest dates that would "
           "do. Of a "
           "property that is offered.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .in = &in_shape,
    .out = &out_shape,
    .errors = errors,
    .exec = availability_explain_exec,
};

static void write_rules(struct json_writer *w, const struct stay_reasons *reasons, date_t night)
{
    json_write_key(w, STR("rules"));
    json_write_array(w);
    for (size_t i = 0; i < reasons->count; i++) {
        const struct stay_reason *r = &reasons->list[i];
        if (r->from <= night && night < r->to) {
            json_write_strz(w, stay_rule_names[r->rule]);
        }
    }
    json_write_array_end(w);
}

static void write_night(struct json_writer *w, const struct stay_explained *x, const struct stay_night *n)
{
    json_write_object(w);
    JSON_MEMBER(w, "date", date, n->night);
    json_write_key(w, STR("price"));
    json_write_object(w);
    JSON_MEMBER(w, "amount", int, n->price);
    JSON_MEMBER(w, "currency", str, x->currency);
    json_write_object_end(w);
    json_write_key(w, STR("season_id"));
    if (uuid_is_nil(&n->season)) {
        json_write_null(w);
    } else {
        json_write_uuid(w, &n->season);
    }
    write_rules(w, &x->reasons, n->night);
    json_write_object_end(w);
}

static void write_nearest(struct json_writer *w, const struct stay_explained *x)
{
    json_write_key(w, STR("nearest"));
    json_write_array(w);
    for (size_t i = 0; i < x->nearest_count; i++) {
        json_write_object(w);
        JSON_MEMBER(w, "check_in", date, x->nearest[i].check_in);
        JSON_MEMBER(w, "check_out", date, x->nearest[i].check_out);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static enum err availability_explain_exec(struct request *rq)
{
    const struct explain_in *in = rq->in;
    struct stay stay = { in->check_in, in->check_out, (int)in->guests };
    struct stay_explained x;
    enum err e = stay_explain(rq, &in->id, &stay, NULL, &x);
    if (e) {
        return e;
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "available", bool, x.reasons.count == 0);
    json_write_key(&w, STR("reasons"));
    stay_write_reasons(rq, &w, &stay, &x.terms, &x.reasons);
    json_write_key(&w, STR("nights"));
    json_write_array(&w);
    for (date_t night = stay.check_in; night < stay.check_out; night++) {
        write_night(&w, &x, &x.nights[night - x.nights[0].night]);
    }
    json_write_array_end(&w);
    write_nearest(&w, &x);
    json_write_object_end(&w);
    return ERR_NONE;
}
