/* Reasons of a refusal, as JSON and as failures. */
#include "calendar/stay.h"

#include "json/write.h"

static const struct shape_field reason_fields[] = {
    { .name = "rule",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .values = stay_rule_names,
      .doc = "What stands against the stay." },
    { .name = "source",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .values = stay_sources,
      .doc = "Where it comes from: the property itself, its pattern of weekdays, a season, the night in the "
             "calendar, the property's rules, or what takes nights." },
    { .name = "id",
      .type = SHAPE_UUID,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "The season or block, else the property. The booking only for who may see it, else null." },
    { .name = "from", .type = SHAPE_DATE, .flags = SHAPE_REQUIRED, .doc = "First night it is about." },
    { .name = "to",
      .example = "\"2027-05-04\"",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .doc = "The day after the last night it is about." },
    { .name = "limit",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "Nights or guests the rule allows, where it is about a number." },
    { .name = "note",
      .type = SHAPE_STRING,
      .flags = SHAPE_NULLABLE,
      .doc = "Why the host blocked the nights; only for hosts and co-hosts." },
    { .name = "detail", .type = SHAPE_STRING, .flags = SHAPE_REQUIRED, .doc = "One sentence for people." },
};
const struct shape stay_reason_shape = { .name = "StayReason",
                                         .fields = reason_fields,
                                         .count = SHAPE_COUNT(reason_fields),
                                         .doc = "Why a stay cannot be had." };

static void write_reason(struct request *rq, struct json_writer *w, const struct stay *stay,
                         const struct stay_terms *terms, const struct stay_reason *r)
{
    json_write_object(w);
    JSON_MEMBER(w, "rule", strz, stay_rule_names[r->rule]);
    JSON_MEMBER(w, "source", strz, stay_sources[r->source]);
    json_write_key(w, STR("id"));
    if (uuid_is_nil(&r->id)) {
        json_write_null(w);
    } else {
        json_write_uuid(w, &r->id);
    }
    JSON_MEMBER(w, "from", date, r->from);
    JSON_MEMBER(w, "to", date, r->to);
    json_write_key(w, STR("limit"));
    if (r->limit < 0) {
        json_write_null(w);
    } else {
        json_write_int(w, r->limit);
    }
    if (r->note.p) {
        JSON_MEMBER(w, "note", str, r->note);
    }
    JSON_MEMBER(w, "detail", strz, stay_reason_text(rq->arena, r, stay, terms));
    json_write_object_end(w);
}

void stay_write_reasons(struct request *rq, struct json_writer *w, const struct stay *stay,
                        const struct stay_terms *terms, const struct stay_reasons *reasons)
{
    json_write_array(w);
    for (size_t i = 0; i < reasons->count; i++) {
        write_reason(rq, w, stay, terms, &reasons->list[i]);
    }
    json_write_array_end(w);
}

/* ---- in problem documents */

struct told {
    struct stay stay;
    struct stay_terms terms;
    struct stay_reasons reasons;
};

static void write_told(struct request *rq, struct json_writer *w)
{
    const struct told *t = rq->problem_data;
    json_write_key(w, STR("reasons"));
    stay_write_reasons(rq, w, &t->stay, &t->terms, &t->reasons);
}

void stay_tell(struct request *rq, const struct stay *stay, const struct stay_terms *terms,
               const struct stay_reasons *reasons)
{
    struct told *t = ARENA_NEW(rq->arena, struct told);
    t->stay = *stay;
    t->terms = *terms;
    t->reasons.count = reasons->count;
    memcpy(t->reasons.list, reasons->list, reasons->count * sizeof(reasons->list[0]));
    rq->problem_more = write_told;
    rq->problem_data = t;
}

enum err stay_refuse(struct request *rq, const struct stay *stay, const struct stay_terms *terms,
                     const struct stay_reasons *reasons)
{
    bool rules = false;
    stay_tell(rq, stay, terms, reasons);
    for (size_t i = 0; i < reasons->count; i++) {
        const struct stay_reason *r = &reasons->list[i];
        if (r->source != STAY_BY_INVENTORY) {
            const struct stay_rule_info *info = &stay_rule_info[r->rule];
            violations_add(&rq->violations, info->pointer, info->code, "%s",
                           stay_reason_text(rq->arena, r, stay, terms));
            rules = true;
        }
    }
    return rules ? fail(rq, ERR_STAY_RULES, NULL, "The property does not offer this stay.")
                 : fail(rq, ERR_DATES_UNAVAILABLE, "/check_in",
                        "Another stay or a block takes at least one of these nights.");
}
