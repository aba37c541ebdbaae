/* Recurrences: periods of a rule, and which of their days it means. */
#include "ical/ical_recur.h"

#define PERIOD_MAX 366

/* A day with all that rules ask of it. */
struct day {
    date_t date;
    int year, month, day, yearday, weekday;
    int month_length, year_length;
};

static int days_between(int year, int month, int next_year, int next_month)
{
    return date_from_ymd(next_year, next_month, 1) - date_from_ymd(year, month, 1);
}

static struct day day_of(date_t date)
{
    struct day d = { .date = date, .weekday = date_weekday(date) };
    date_to_ymd(date, &d.year, &d.month, &d.day);
    d.yearday = date - date_from_ymd(d.year, 1, 1) + 1;
    d.month_length = d.month == 12 ? 31 : days_between(d.year, d.month, d.year, d.month + 1);
    d.year_length = days_between(d.year, 1, d.year + 1, 1);
    return d;
}

static bool in_words(const uint64_t *words, int n)
{
    return (words[n / 64] >> (n % 64)) & 1u;
}

static bool in_month(const struct ical_rule *r, const struct day *d)
{
    return !r->has_monthdays || ((r->monthdays >> d->day) & 1u) ||
           ((r->last_monthdays >> (d->month_length - d->day + 1)) & 1u);
}

static bool in_year(const struct ical_rule *r, const struct day *d)
{
    return !r->has_yeardays || in_words(r->yeardays, d->yearday) ||
           in_words(r->last_yeardays, d->year_length - d->yearday + 1);
}

/* The second Friday, the last Sunday: of the month, or of the year when a yearly rule names no months. */
static bool is_ordinal(const struct ical_rule *r, const struct day *d)
{
    bool of_year = r->freq == ICAL_YEARLY && r->months == 0;
    int place = of_year ? d->yearday : d->day;
    int length = of_year ? d->year_length : d->month_length;
    return ((r->ordinal_weekdays[d->weekday] >> ((place - 1) / 7 + 1)) & 1u) ||
           ((r->last_ordinal_weekdays[d->weekday] >> ((length - place) / 7 + 1)) & 1u);
}

static bool in_week(const struct ical_rule *r, const struct day *d)
{
    return !(r->has_weekdays || r->has_ordinals) || ((r->weekdays >> d->weekday) & 1u) ||
           (r->has_ordinals && is_ordinal(r, d));
}

/* What a rule that says nothing takes from the start. */
static bool like_start(const struct ical_rule *r, const struct day *d, const struct day *start)
{
    bool by_day = r->has_weekdays || r->has_ordinals;
    switch (r->freq) {
    case ICAL_DAILY:
        return true;
    case ICAL_WEEKLY:
        return by_day || d->weekday == start->weekday;
    case ICAL_MONTHLY:
        return by_day || r->has_monthdays || d->day == start->day;
    default:
        return by_day || r->has_yeardays || r->has_monthdays ||
               (d->day == start->day && (r->months != 0 || d->month == start->month));
    }
}

static bool matches(const struct ical_rule *r, const struct day *start, date_t date)
{
    struct day d = day_of(date);
    return (r->months == 0 || ((r->months >> d.month) & 1u)) && in_year(r, &d) && in_month(r, &d) &&
           in_week(r, &d) && like_start(r, &d, start);
}

/* The period number `n` after the one the start is in; *end is the day after it. */
static date_t period(const struct ical_rule *r, const struct day *start, int64_t n, date_t *end)
{
    int64_t k = n * r->interval, first;
    int month;
    switch (r->freq) {
    case ICAL_DAILY:
        *end = start->date + (date_t)k + 1;
        return *end - 1;
    case ICAL_WEEKLY:
        *end = start->date - (start->weekday - r->week_start + 7) % 7 + (date_t)k * 7 + 7;
        return *end - 7;
    case ICAL_MONTHLY:
        first = start->year * (int64_t)12 + start->month - 1 + k;
        month = (int)(first % 12) + 1;
        *end = date_from_ymd((int)((first + 1) / 12), (int)((first + 1) % 12) + 1, 1);
        return date_from_ymd((int)(first / 12), month, 1);
    default:
        *end = date_from_ymd(start->year + (int)k + 1, 1, 1);
        return date_from_ymd(start->year + (int)k, 1, 1);
    }
}

/* A number of a period from which on nothing in [from, ...) is missed. Longest months and years: never too
 * late. */
static int64_t first_period(const struct ical_rule *r, const struct day *start, date_t from)
{
    static const int longest[] = {
        [ICAL_DAILY] = 1, [ICAL_WEEKLY] = 7, [ICAL_MONTHLY] = 31, [ICAL_YEARLY] = 366
    };
    int64_t gone = (int64_t)from - start->date;
    int64_t n = gone / ((int64_t)longest[r->freq] * r->interval) - 1;
    return n > 0 ? n : 0;
}

static size_t candidates(const struct ical_rule *r, const struct day *start, date_t since, date_t end,
                         date_t found[PERIOD_MAX], int64_t *steps)
{
    size_t n = 0;
    for (date_t d = since; d < end; d++) {
        if (matches(r, start, d)) {
            found[n++] = d;
        }
    }
    *steps -= end - since;
    return n;
}

static bool is_chosen(const struct ical_rule *r, int place, int count)
{
    for (int i = 0; i < r->setpos_count; i++) {
        if (r->setpos[i] == place + 1 || r->setpos[i] == place - count) {
            return true;
        }
    }
    return r->setpos_count == 0;
}

static void add(struct ical_days *out, date_t d, date_t from, date_t to)
{
    if (d < from || d > to) {
        return;
    }
    if (out->count == out->max) {
        out->over = true;
    } else {
        out->list[out->count++] = d;
    }
}

void ical_recur(const struct ical_rule *rule, date_t start, date_t until, date_t from, date_t to,
                struct ical_days *out)
{
    const struct day first = day_of(start);
    date_t last = until < to ? until : to, end = start;
    int64_t left = rule->count > 0 ? rule->count - 1 : INT64_MAX;
    int64_t n = rule->count > 0 ? 0 : first_period(rule, &first, from);
    add(out, start, from, to);
    for (; left > 0 && end <= last && !out->over; n++) {
        date_t found[PERIOD_MAX], since = period(rule, &first, n, &end);
        if (since > last) {
            break;
        }
        if (out->steps <= 0) {
            out->costly = true;
            return;
        }
        size_t count = candidates(rule, &first, since, end, found, &out->steps);
        for (size_t i = 0; i < count && left > 0 && found[i] <= last; i++) {
            if (found[i] > start && is_chosen(rule, (int)i, (int)count)) {
                left--;
                add(out, found[i], from, to);
            }
        }
    }
}
