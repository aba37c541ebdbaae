/* Ranges of a calendar change. */
#include "calendar/calendar_rules.h"

void calendar_span(const struct calendar_range *ranges, size_t count, date_t *from, date_t *to)
{
    *from = ranges[0].from;
    *to = ranges[0].to;
    for (size_t i = 1; i < count; i++) {
        *from = ranges[i].from < *from ? ranges[i].from : *from;
        *to = ranges[i].to > *to ? ranges[i].to : *to;
    }
}

static void lay_over(struct night_change *nights, date_t start, const struct calendar_range *r)
{
    for (date_t d = r->from; d < r->to; d++) {
        struct night_change *n = &nights[d - start];
        n->price = r->price != CALENDAR_KEEP ? r->price : n->price;
        n->min_nights = r->min_nights != CALENDAR_KEEP ? r->min_nights : n->min_nights;
    }
}

size_t calendar_night_changes(struct arena *a, const struct calendar_range *ranges, size_t count,
                              struct night_change **out)
{
    date_t from, to;
    calendar_span(ranges, count, &from, &to);
    size_t span = (size_t)(to - from), changed = 0;
    struct night_change *nights = ARENA_ARRAY(a, struct night_change, span);
    for (size_t i = 0; i < span; i++) {
        nights[i] = (struct night_change){ from + (date_t)i, CALENDAR_KEEP, CALENDAR_KEEP };
    }
    for (size_t i = 0; i < count; i++) {
        lay_over(nights, from, &ranges[i]);
    }
    for (size_t i = 0; i < span; i++) {
        if (nights[i].price != CALENDAR_KEEP || nights[i].min_nights != CALENDAR_KEEP) {
            nights[changed++] = nights[i];
        }
    }
    *out = nights;
    return changed;
}

/* Index of the range that decides about blocking this night of this unit; -1: none. */
static int decider(const struct calendar_range *ranges, size_t count, int unit, date_t night)
{
    for (size_t i = count; i-- > 0;) {
        const struct calendar_range *r = &ranges[i];
        if (r->block != CALENDAR_BLOCK_KEEP && (r->unit == -1 || r->unit == unit) && r->from <= night &&
            night < r->to) {
            return (int)i;
        }
    }
    return -1;
}

/* Runs of one unit are put behind the `n` there are. */
static size_t runs_of_unit(const struct calendar_range *ranges, size_t count, int unit,
                           struct block_run *runs, size_t n)
{
    date_t from, to;
    int last = -1;
    calendar_span(ranges, count, &from, &to);
    for (date_t d = from; d < to; d++) {
        int range = decider(ranges, count, unit, d);
        if (range >= 0 && range == last) {
            runs[n - 1].to = d + 1;
        } else if (range >= 0) {
            runs[n++] = (struct block_run){ unit, d, d + 1, ranges[range].block == CALENDAR_BLOCKED, range };
        }
        last = range;
    }
    return n;
}

size_t calendar_block_runs(struct arena *a, const struct calendar_range *ranges, size_t count, int units,
                           struct block_run **out)
{
    size_t n = 0;
    *out = NULL;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any |= ranges[i].block != CALENDAR_BLOCK_KEEP;
    }
    if (any && units > 0) {
        /* Every end of a run is an end of some range: at most 2 * count + 1 of them a unit. */
        *out = ARENA_ARRAY(a, struct block_run, (size_t)units * (2 * count + 1));
        for (int unit = 0; unit < units; unit++) {
            n = runs_of_unit(ranges, count, unit, *out, n);
        }
    }
    return n;
}
