/* Cron expressions. */
#include "jobs/cron.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND_US  INT64_C(1000000)
#define DAY_S      86400
#define YEARS_MAX  10
#define FIELDS_MAX 6
#define TEXT_MAX   128

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
                                           "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const weekday_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

struct field {
    int least, most;
    const char *const *names; /* of least and following */
    const char *wrong;
};
static const struct field fields[FIELDS_MAX] = {
    { 0, 59, NULL, "second: 0 to 59" },
    { 0, 59, NULL, "minute: 0 to 59" },
    { 0, 23, NULL, "hour: 0 to 23" },
    { 1, 31, NULL, "day of the month: 1 to 31" },
    { 1, 12, month_names, "month: 1 to 12 or jan to dec" },
    { 0, 7, weekday_names, "day of the week: 0 to 7 or sun to sat" },
};

static bool parse_value(const struct field *f, struct str text, int *out)
{
    int64_t v;
    if (str_int64(text, &v)) {
        *out = (int)v;
        return v >= f->least && v <= f->most;
    }
    for (int i = 0; f->names && f->names[i]; i++) {
        if (str_eq_nocase(text, str_from(f->names[i]))) {
            *out = f->least + i;
            return true;
        }
    }
    return false;
}

/* "*", "5", "1-5", each with "/2". */
static bool parse_item(const struct field *f, struct str item, uint64_t *bits)
{
    struct str range, step_text = item;
    int first = f->least, last = f->most, step = 1;
    int64_t v;
    if (!str_split(&step_text, '/', &range)) {
        return false;
    }
    if (step_text.p) {
        if (!str_int64(step_text, &v) || v < 1 || v > f->most) {
            return false;
        }
        step = (int)v;
    }
    if (!str_eqz(range, "*")) {
        struct str from, to = range;
        if (!str_split(&to, '-', &from) || !parse_value(f, from, &first)) {
            return false;
        }
        last = step_text.p ? f->most : first;
        if (to.p && (!parse_value(f, to, &last) || last < first)) {
            return false;
        }
    }
    for (int i = first; i <= last; i += step) {
        *bits |= UINT64_C(1) << i;
    }
    return true;
}

static bool parse_field(const struct field *f, struct str text, uint64_t *bits)
{
    struct str item;
    *bits = 0;
    while (str_split(&text, ',', &item)) {
        if (!parse_item(f, item, bits)) {
            return false;
        }
    }
    return *bits != 0;
}

const char *cron_parse(struct cron *c, const char *text)
{
    struct str words[FIELDS_MAX + 1], rest = str_trim(str_from(text)), word;
    size_t n = 0;
    while (n <= FIELDS_MAX && str_split(&rest, ' ', &word)) {
        if (word.n > 0) {
            words[n++] = word;
        }
    }
    if (n != FIELDS_MAX && n != FIELDS_MAX - 1) {
        return "five fields, or six with seconds";
    }
    uint64_t bits[FIELDS_MAX] = { 1 };
    struct str *given[FIELDS_MAX] = { NULL };
    size_t skipped = FIELDS_MAX - n;
    for (size_t i = skipped; i < FIELDS_MAX; i++) {
        given[i] = &words[i - skipped];
        if (!parse_field(&fields[i], *given[i], &bits[i])) {
            return fields[i].wrong;
        }
    }
    bits[5] |= bits[5] >> 7 & 1; /* both are Sunday */
    *c = (struct cron){ .seconds = bits[0],
                        .minutes = bits[1],
                        .hours = (uint32_t)bits[2],
                        .days = (uint32_t)bits[3],
                        .months = (uint32_t)bits[4],
                        .weekdays = (uint32_t)bits[5],
                        .every_hour = str_eqz(*given[2], "*"),
                        .every_day = given[3]->p[0] == '*',
                        .every_weekday = given[5]->p[0] == '*' };
    return NULL;
}

static bool has(uint64_t bits, int i)
{
    return bits >> i & 1;
}

static bool day_fits(const struct cron *c, const struct tm *t)
{
    bool day = has(c->days, t->tm_mday), weekday = has(c->weekdays, t->tm_wday);
    return has(c->months, t->tm_mon + 1) &&
           (c->every_day || c->every_weekday ? day && weekday : day || weekday);
}

/* ---- real distances: hour * ---- */

static time_t next_real(const struct cron *c, time_t after)
{
    const time_t last = after + (time_t)YEARS_MAX * 366 * DAY_S;
    struct tm t;
    for (time_t at = after + 1; at < last;) {
        localtime_r(&at, &t);
        if (!day_fits(c,
                      &t)) { /* clocks change at full minutes, so that a quarter of an hour is always safe */
            at += 900 - (t.tm_min % 15 * 60 + t.tm_sec);
        } else if (!has(c->minutes, t.tm_min)) {
            at += 60 - t.tm_sec;
        } else if (!has(c->seconds, t.tm_sec)) {
            at++;
        } else {
            return at;
        }
    }
    return 0;
}

/* ---- times of the day ---- */

static bool same_clock(const struct tm *a, const struct tm *b)
{
    return a->tm_mday == b->tm_mday && a->tm_hour == b->tm_hour && a->tm_min == b->tm_min &&
           a->tm_sec == b->tm_sec;
}

/* When clocks change between two moments, the first with the new offset. */
static time_t change_between(time_t before, time_t after)
{
    struct tm t;
    localtime_r(&before, &t);
    long old = t.tm_gmtoff;
    while (after - before > 1) {
        time_t middle = before + (after - before) / 2;
        localtime_r(&middle, &t);
        if (t.tm_gmtoff == old) {
            before = middle;
        } else {
            after = middle;
        }
    }
    return after;
}

/* The first moment at which clocks show this, or the end of the gap that leaves it out. */
static time_t moment_of(const struct tm *clock)
{
    struct tm utc = *clock, t;
    time_t naive = timegm(&utc), best = 0;
    time_t early = naive - DAY_S, late = naive + DAY_S;
    const time_t ends[] = { early, late };
    for (size_t i = 0; i < 2; i++) { /* with the offset of the day before, and that of the day after */
        localtime_r(&ends[i], &t);
        time_t at = naive - t.tm_gmtoff;
        localtime_r(&at, &t);
        if (same_clock(&t, clock) && (best == 0 || at < best)) {
            best = at;
        }
    }
    return best ? best : change_between(early, late);
}

static time_t next_in_day(const struct cron *c, const struct tm *day, time_t after)
{
    struct tm t = *day;
    for (t.tm_hour = 0; t.tm_hour < 24; t.tm_hour++) {
        for (t.tm_min = 0; has(c->hours, t.tm_hour) && t.tm_min < 60; t.tm_min++) {
            for (t.tm_sec = 0; has(c->minutes, t.tm_min) && t.tm_sec < 60; t.tm_sec++) {
                time_t at = has(c->seconds, t.tm_sec) ? moment_of(&t) : 0;
                if (at > after) {
                    return at;
                }
            }
        }
    }
    return 0;
}

static time_t next_by_clock(const struct cron *c, time_t after)
{
    struct tm day;
    time_t start = after - DAY_S; /* the day in UTC terms may be behind the local one */
    localtime_r(&start, &day);
    day = (struct tm){ .tm_year = day.tm_year, .tm_mon = day.tm_mon, .tm_mday = day.tm_mday };
    for (int i = 0; i < YEARS_MAX * 366; i++) {
        struct tm t = day;
        t.tm_mday += i;
        (void)timegm(&t); /* normalises, and knows the day of the week */
        time_t at = day_fits(c, &t) ? next_in_day(c, &t, after) : 0;
        if (at > 0) {
            return at;
        }
    }
    return 0;
}

static void zone_set(const char *zone)
{
    if (zone) {
        setenv("TZ", zone, 1);
    } else {
        unsetenv("TZ");
    }
    tzset();
}

int64_t cron_next(const struct cron *c, const char *zone, int64_t after_us)
{
    const char *was = getenv("TZ");
    char kept[TEXT_MAX], wanted[TEXT_MAX];
    snprintf(kept, sizeof(kept), "%s", was ? was : "");
    snprintf(wanted, sizeof(wanted), "%s%s", zone[0] ? ":" : "", zone[0] ? zone : "UTC0");
    zone_set(wanted);
    time_t after = (time_t)(after_us / SECOND_US);
    time_t at = c->every_hour ? next_real(c, after) : next_by_clock(c, after);
    zone_set(was ? kept : NULL);
    return (int64_t)at * SECOND_US;
}
