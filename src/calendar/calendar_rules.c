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

/* Whether anything is changed by it. */
static bool lay(int64_t under[CALENDAR_VALUES], const int64_t over[CALENDAR_VALUES])
{
    bool changes = false;
    for (int i = 0; i < CALENDAR_VALUES; i++) {
        under[i] = over[i] != CALENDAR_KEEP ? over[i] : under[i];
        changes |= under[i] != CALENDAR_KEEP;
    }
    return changes;
}

size_t calendar_night_changes(struct arena *a, const struct calendar_range *ranges, size_t count,
                              struct night_change **out)
{
    date_t from, to;
    calendar_span(ranges, count, &from, &to);
    size_t changed = 0;
    struct night_change *nights = ARENA_ARRAY(a, struct night_change, (size_t)(to - from));
    for (date_t d = from; d < to; d++) {
        struct night_change n = {
            d, { CALENDAR_KEEP, CALENDAR_KEEP, CALENDAR_KEEP, CALENDAR_KEEP, CALENDAR_KEEP }
        };
        bool changes = false;
        for (size_t i = 0; i < count; i++) {
            if (ranges[i].from <= d && d < ranges[i].to) {
                changes = lay(n.value, ranges[i].value);
            }
        }
        if (changes) {
            nights[changed++] = n;
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
