/* Lines of a price as people and programs read them. */
#include "pricing/quote.h"

#include "json/write.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- sentences */

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

static const char *discount_text(struct arena *a, const struct price_derivation *how)
{
    switch (how->discount) {
    case PRICE_LENGTH_OF_STAY:
        return arena_printf(a, "Discount for %d night%s or more", how->threshold, plural(how->threshold));
    case PRICE_EARLY:
        return arena_printf(a, "Discount for booking %d day%s ahead or earlier", how->threshold,
                            plural(how->threshold));
    case PRICE_LATE:
        return arena_printf(a, "Discount for booking %d day%s ahead or later", how->threshold,
                            plural(how->threshold));
    case PRICE_DISCOUNT_KINDS:
        break;
    }
    return "Discount";
}

struct str price_line_text(struct arena *a, const struct price_line *line)
{
    switch (line->kind) {
    case PRICE_NIGHTS:
        return str_from(arena_printf(a, "%d night%s", line->quantity, plural(line->quantity)));
    case PRICE_DISCOUNT:
        return str_from(discount_text(a, &line->how));
    case PRICE_EXTRA_GUEST:
        return str_from(arena_printf(a, "%d " STR_FMT "%s, %d night%s", line->how.persons,
                                     STR_ARG(line->name), plural(line->how.persons), line->how.nights,
                                     plural(line->how.nights)));
    case PRICE_COUPON:
        return str_from(arena_printf(a, "Coupon " STR_FMT, STR_ARG(line->name)));
    case PRICE_SERVICE_FEE:
        return STR("Service fee");
    case PRICE_FEE:
    case PRICE_TAX:
    case PRICE_KINDS:
        break;
    }
    return line->name;
}

/* ---- rules */

static void write_run(struct json_writer *w, date_t from, date_t to)
{
    json_write_object(w);
    JSON_MEMBER(w, "from", date, from);
    JSON_MEMBER(w, "to", date, to);
    json_write_object_end(w);
}

/* The nights of the line, in runs [from, to). */
static void write_nights(struct json_writer *w, const struct price_line *line, const struct price_stay *s)
{
    date_t from = 0, to = 0;
    json_write_key(w, STR("runs"));
    json_write_array(w);
    for (size_t i = 0; i < s->night_count; i++) {
        const struct price_night *n = &s->nights[i];
        if (n->price != llabs(line->unit_amount) || !uuid_eq(&n->season, &line->season)) {
            continue;
        }
        if (n->night != to) {
            if (to > from) {
                write_run(w, from, to);
            }
            from = n->night;
        }
        to = n->night + 1;
    }
    write_run(w, from, to);
    json_write_array_end(w);
    if (!uuid_is_nil(&line->season)) {
        JSON_MEMBER(w, "season_id", uuid, &line->season);
    }
}

/* In the order of the bits of enum price_base. */
static const char *const bases[] = { "accommodation", "extra_guests", "fees", "service_fee" };

static void write_counts(struct json_writer *w, const struct price_derivation *how)
{
    if (how->of_nights > 0) {
        JSON_MEMBER(w, "nights", int, how->nights);
        JSON_MEMBER(w, "of_nights", int, how->of_nights);
    }
    if (how->of_persons > 0) {
        JSON_MEMBER(w, "persons", int, how->persons);
        JSON_MEMBER(w, "of_persons", int, how->of_persons);
    }
    if (how->limit >= 0) {
        JSON_MEMBER(w, "limit", int, how->limit);
    }
}

static void write_percent(struct json_writer *w, const struct price_derivation *how)
{
    json_write_key(w, STR("on"));
    json_write_array(w);
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        if (how->on >> i & 1u) {
            json_write_strz(w, bases[i]);
        }
    }
    json_write_array_end(w);
    JSON_MEMBER(w, "whole", int, how->whole);
    JSON_MEMBER(w, "base", int, how->base);
    JSON_MEMBER(w, "ppm", int, how->ppm);
    JSON_MEMBER(w, "divisor", int, how->divisor);
    write_counts(w, how);
}

static void write_flat(struct json_writer *w, const struct price_derivation *how)
{
    JSON_MEMBER(w, "per", strz, price_pers[how->per]);
    if (how->whole > 0) {
        JSON_MEMBER(w, "whole", int, how->whole);
    }
    write_counts(w, how);
}

static const char *formula(struct arena *a, const struct price_line *line)
{
    const struct price_derivation *how = &line->how;
    const char *text =
        how->rule == PRICE_RULE_PERCENT ? arena_printf(a, "%" PRId64 " x %" PRId64 " / %" PRId64 ", half up",
                                                       how->base, how->ppm, how->divisor)
        : how->whole > 0
            ? arena_printf(a, "%" PRId64, how->whole)
            : arena_printf(a, "%d x %" PRId64, line->quantity, (int64_t)llabs(line->unit_amount));
    return how->limit >= 0 ? arena_printf(a, "%s, at most %" PRId64, text, how->limit) : text;
}

struct str price_line_rule(struct arena *a, const struct price_line *line, const struct price_stay *stay)
{
    static const char *const rules[] = { "nights", "flat", "percent" };
    const struct price_derivation *how = &line->how;
    struct buf text;
    buf_init(&text, 1u << 18);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    JSON_MEMBER(&w, "rule", strz, rules[how->rule]);
    if (how->rule == PRICE_RULE_NIGHTS) {
        write_nights(&w, line, stay);
        write_counts(&w, how);
    } else if (how->rule == PRICE_RULE_PERCENT) {
        write_percent(&w, how);
    } else {
        write_flat(&w, how);
    }
    if (line->kind == PRICE_DISCOUNT) {
        JSON_MEMBER(&w, "discount", strz, price_discount_kinds[how->discount]);
        JSON_MEMBER(&w, "threshold", int, how->threshold);
    }
    JSON_MEMBER(&w, "formula", strz, formula(a, line));
    json_write_object_end(&w);
    struct str out = arena_str(a, buf_str(&text));
    buf_free(&text);
    return out;
}
