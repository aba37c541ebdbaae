/* Values of one event, by libical. */
#include "ical/ical_event.h"

#include <libical/ical.h>
#include <string.h>

#define DAY_SECONDS 86400

static const struct ical_time no_time = { DATE_MAX, -1 };

/* ---- times */

/* libical lets through what no calendar has: the 31st of February, the year 0. */
static bool time_of(icaltimetype t, struct ical_time *out)
{
    int year, month, day;
    if (t.year < 1900 || t.year > 2099 || t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31) {
        return false;
    }
    out->day = date_from_ymd(t.year, t.month, t.day);
    date_to_ymd(out->day, &year, &month, &day);
    if (day != t.day || month != t.month) {
        return false;
    }
    if (t.is_date) {
        out->second = -1;
        return true;
    }
    if (t.hour < 0 || t.hour > 24 || t.minute < 0 || t.minute > 59 || t.second < 0 || t.second > 60) {
        return false;
    }
    out->second = t.hour * 3600 + t.minute * 60 + t.second;
    out->day += out->second / DAY_SECONDS;
    out->second %= DAY_SECONDS;
    return true;
}

static struct str tzid_of(struct arena *a, icalproperty *p, icaltimetype t)
{
    const char *name = NULL;
    for (icalparameter *x = icalproperty_get_first_parameter(p, ICAL_X_PARAMETER); x && !name;
         x = icalproperty_get_next_parameter(p, ICAL_X_PARAMETER)) {
        const char *xname = icalparameter_get_xname(x);
        name = xname && strcmp(xname, ICAL_TZID_NAME) == 0 ? icalparameter_get_xvalue(x) : NULL;
    }
    return t.is_date            ? STR("")
           : icaltime_is_utc(t) ? STR("UTC")
           : name               ? arena_str(a, str_from(name))
                                : STR("");
}

static bool value_of(struct arena *a, icalproperty *p, icaltimetype t, struct ical_value *out)
{
    out->tzid = tzid_of(a, p, t);
    return time_of(t, &out->time);
}

static int compare(struct ical_time a, struct ical_time b)
{
    return a.day != b.day ? (a.day < b.day ? -1 : 1) : (a.second > b.second) - (a.second < b.second);
}

/* ---- start and end */

static struct ical_time after(struct ical_time t, struct icaldurationtype d)
{
    int64_t days = (int64_t)d.weeks * 7 + d.days;
    int64_t seconds =
        (int64_t)d.hours * 3600 + (int64_t)d.minutes * 60 + d.seconds + (t.second > 0 ? t.second : 0);
    if (t.second >= 0 || seconds % DAY_SECONDS == 0) {
        days += seconds / DAY_SECONDS;
    } else {
        days += seconds / DAY_SECONDS + 1; /* a day that is begun is taken */
    }
    int64_t day = t.day + days;
    t.day = day < DATE_MAX ? (date_t)day : DATE_MAX - 1;
    t.second = t.second >= 0 ? (int32_t)(seconds % DAY_SECONDS) : -1;
    return t;
}

/* A day alone as its first moment: one of start and end is a day and the other is not. */
static void make_alike(struct ical_event *e, struct str end_zone)
{
    if ((e->start.second < 0) != (e->end.second < 0)) {
        e->tzid = e->tzid.n > 0 ? e->tzid : end_zone;
        e->start.second = e->start.second < 0 ? 0 : e->start.second;
        e->end.second = e->end.second < 0 ? 0 : e->end.second;
    }
}

static enum ical_fault read_end(struct arena *a, icalcomponent *c, struct ical_event *e)
{
    icalproperty *end = icalcomponent_get_first_property(c, ICAL_DTEND_PROPERTY);
    icalproperty *lasts = icalcomponent_get_first_property(c, ICAL_DURATION_PROPERTY);
    struct ical_value v = { e->start, e->tzid };
    if (end && !value_of(a, end, icalproperty_get_dtend(end), &v)) {
        return ICAL_EVENT;
    }
    if (!end && lasts) {
        struct icaldurationtype d = icalproperty_get_duration(lasts);
        if (d.is_neg || icaldurationtype_is_bad_duration(d)) {
            return ICAL_BACKWARDS;
        }
        v.time = after(e->start, d);
    }
    if (end && v.time.second >= 0 && e->start.second >= 0 && !str_eq(v.tzid, e->tzid)) {
        return ICAL_ZONES;
    }
    e->end = v.time;
    make_alike(e, v.tzid);
    if (compare(e->end, e->start) < 0) {
        return ICAL_BACKWARDS;
    }
    if (e->start.second < 0 && e->end.day == e->start.day) {
        e->end.day++; /* a day without an end is one day */
    }
    return ICAL_OK;
}

static enum ical_fault read_times(struct arena *a, icalcomponent *c, struct ical_event *e)
{
    icalproperty *start = icalcomponent_get_first_property(c, ICAL_DTSTART_PROPERTY);
    icalproperty *instance = icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY);
    struct ical_value v;
    if (!start || !value_of(a, start, icalproperty_get_dtstart(start), &v)) {
        return ICAL_EVENT;
    }
    e->start = v.time;
    e->tzid = v.tzid;
    e->instance = instance != NULL;
    if (instance && !value_of(a, instance, icalproperty_get_recurrenceid(instance), &e->recurrence)) {
        return ICAL_EVENT;
    }
    if (instance && icalproperty_get_first_parameter(instance, ICAL_RANGE_PARAMETER)) {
        return ICAL_RULE; /* this and all that follow */
    }
    return read_end(a, c, e);
}

/* ---- recurrence */

#define EACH(list, size, v)                                                                                  \
    for (int i_ = 0, v = 0; i_ < (size) && (list)[i_] != ICAL_RECURRENCE_ARRAY_MAX && ((v = (list)[i_]), 1); \
         i_++)

static bool put_monthdays(struct ical_rule *r, const struct icalrecurrencetype *in)
{
    EACH(in->by_month_day, ICAL_BY_MONTHDAY_SIZE, d)
    {
        if (d == 0 || d > 31 || d < -31) {
            return false;
        }
        *(d > 0 ? &r->monthdays : &r->last_monthdays) |= UINT32_C(1) << (d > 0 ? d : -d);
        r->has_monthdays = true;
    }
    EACH(in->by_month, ICAL_BY_MONTH_SIZE, m)
    {
        if (m < 1 || m > 12) {
            return false;
        }
        r->months |= UINT32_C(1) << m;
    }
    return !(r->has_monthdays && r->freq == ICAL_WEEKLY);
}

static bool put_yeardays(struct ical_rule *r, const struct icalrecurrencetype *in)
{
    EACH(in->by_year_day, ICAL_BY_YEARDAY_SIZE, d)
    {
        int n = d > 0 ? d : -d;
        if (d == 0 || n > 366) {
            return false;
        }
        (d > 0 ? r->yeardays : r->last_yeardays)[n / 64] |= UINT64_C(1) << (n % 64);
        r->has_yeardays = true;
    }
    return !r->has_yeardays || r->freq == ICAL_YEARLY;
}

static bool put_weekdays(struct ical_rule *r, const struct icalrecurrencetype *in)
{
    EACH(in->by_day, ICAL_BY_DAY_SIZE, v)
    {
        int day = (int)icalrecurrencetype_day_day_of_week((short)v) - ICAL_SUNDAY_WEEKDAY;
        int place = icalrecurrencetype_day_position((short)v), n = place > 0 ? place : -place;
        if (day < 0 || day > 6 || n > ICAL_ORDINAL_MAX) {
            return false;
        }
        day = (day + 6) % 7;
        if (place == 0) {
            r->weekdays |= UINT32_C(1) << day;
            r->has_weekdays = true;
        } else {
            (place > 0 ? r->ordinal_weekdays : r->last_ordinal_weekdays)[day] |= UINT64_C(1) << n;
            r->has_ordinals = true;
        }
    }
    return !r->has_ordinals || r->freq >= ICAL_MONTHLY;
}

static bool put_places(struct ical_rule *r, const struct icalrecurrencetype *in)
{
    EACH(in->by_set_pos, ICAL_BY_SETPOS_SIZE, v)
    {
        if (v == 0 || r->setpos_count == ICAL_SETPOS_MAX) {
            return false;
        }
        r->setpos[r->setpos_count++] = v;
    }
    return true;
}

static bool is_empty(const short *list)
{
    return list[0] == ICAL_RECURRENCE_ARRAY_MAX;
}

static bool rule_of(const struct icalrecurrencetype *in, struct ical_rule *r)
{
    if (in->freq < ICAL_DAILY_RECURRENCE || in->freq > ICAL_YEARLY_RECURRENCE || in->rscale ||
        !is_empty(in->by_second) || !is_empty(in->by_minute) || !is_empty(in->by_hour) ||
        !is_empty(in->by_week_no) || in->interval < 1 || in->count < 0) {
        return false;
    }
    r->freq = (enum ical_freq)(in->freq - ICAL_DAILY_RECURRENCE);
    r->interval = in->interval;
    r->count = in->count;
    r->week_start =
        in->week_start == ICAL_NO_WEEKDAY ? 0 : ((int)in->week_start - ICAL_SUNDAY_WEEKDAY + 6) % 7;
    return put_monthdays(r, in) && put_yeardays(r, in) && put_weekdays(r, in) && put_places(r, in);
}

static enum ical_fault read_rule(icalcomponent *c, struct ical_event *e)
{
    e->until = (struct ical_value){ no_time, STR("") };
    icalproperty *p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);
    if (icalcomponent_get_first_property(c, ICAL_EXRULE_PROPERTY) ||
        icalcomponent_count_properties(c, ICAL_RRULE_PROPERTY) > 1) {
        return ICAL_RULE;
    }
    if (!p) {
        return ICAL_OK;
    }
    struct icalrecurrencetype in = icalproperty_get_rrule(p);
    bool fits = rule_of(&in, &e->rule);
    bool ends = !icaltime_is_null_time(in.until);
    e->until.tzid = ends && icaltime_is_utc(in.until) ? STR("UTC") : STR("");
    fits = fits && (!ends || time_of(in.until, &e->until.time));
    e->recurs = fits;
    return fits ? ICAL_OK : ICAL_RULE;
}

static enum ical_fault read_exceptions(struct arena *a, icalcomponent *c, struct ical_event *e)
{
    size_t n = (size_t)icalcomponent_count_properties(c, ICAL_EXDATE_PROPERTY);
    e->except = ARENA_ARRAY(a, struct ical_value, n + 1);
    for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_EXDATE_PROPERTY);
         p && e->except_count < n; p = icalcomponent_get_next_property(c, ICAL_EXDATE_PROPERTY)) {
        if (!value_of(a, p, icalproperty_get_exdate(p), &e->except[e->except_count++])) {
            return ICAL_EVENT;
        }
    }
    return ICAL_OK;
}

static bool extra_of(struct arena *a, icalproperty *p, struct ical_extra *x)
{
    struct icaldatetimeperiodtype v = icalproperty_get_rdate(p);
    x->end = no_time;
    if (!icaltime_is_null_time(v.time)) {
        return value_of(a, p, v.time, &x->start);
    }
    if (!value_of(a, p, v.period.start, &x->start)) {
        return false;
    }
    if (!icaltime_is_null_time(v.period.end)) {
        return time_of(v.period.end, &x->end) && compare(x->end, x->start.time) >= 0;
    }
    x->end = after(x->start.time, v.period.duration);
    return !v.period.duration.is_neg;
}

static enum ical_fault read_extras(struct arena *a, icalcomponent *c, struct ical_event *e)
{
    size_t n = (size_t)icalcomponent_count_properties(c, ICAL_RDATE_PROPERTY);
    e->extra = ARENA_ARRAY(a, struct ical_extra, n + 1);
    for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY); p && e->extra_count < n;
         p = icalcomponent_get_next_property(c, ICAL_RDATE_PROPERTY)) {
        if (!extra_of(a, p, &e->extra[e->extra_count++])) {
            return ICAL_EVENT;
        }
    }
    e->recurs = e->recurs || e->extra_count > 0;
    return ICAL_OK;
}

/* ---- the whole */

/* What libical could not read it takes out, and leaves a note. */
static bool lost_something(icalcomponent *c)
{
    static const char *const vital[] = { "DTSTART", "DTEND",  "DURATION", "RRULE",         "RDATE",
                                         "EXDATE",  "EXRULE", "STATUS",   "RECURRENCE-ID", "TRANSP" };
    for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_XLICERROR_PROPERTY); p;
         p = icalcomponent_get_next_property(c, ICAL_XLICERROR_PROPERTY)) {
        const char *note = icalproperty_get_xlicerror(p);
        for (size_t i = 0; note && i < sizeof(vital) / sizeof(vital[0]); i++) {
            if (strstr(note, vital[i])) {
                return true;
            }
        }
    }
    return false;
}

static struct str text_of(struct arena *a, icalcomponent *c, icalproperty_kind kind)
{
    icalproperty *p = icalcomponent_get_first_property(c, kind);
    const char *text = !p                          ? NULL
                       : kind == ICAL_UID_PROPERTY ? icalproperty_get_uid(p)
                                                   : icalproperty_get_summary(p);
    return text ? arena_str(a, str_trim(str_from(text))) : STR("");
}

static enum ical_fault read_event(struct arena *a, icalcomponent *c, struct ical_event *e)
{
    icalproperty *transparent = icalcomponent_get_first_property(c, ICAL_TRANSP_PROPERTY);
    icalproperty *sequence = icalcomponent_get_first_property(c, ICAL_SEQUENCE_PROPERTY);
    icalproperty *status = icalcomponent_get_first_property(c, ICAL_STATUS_PROPERTY);
    enum ical_fault f;
    e->uid = text_of(a, c, ICAL_UID_PROPERTY);
    e->summary = text_of(a, c, ICAL_SUMMARY_PROPERTY);
    e->sequence = sequence ? icalproperty_get_sequence(sequence) : 0;
    e->free = (status && icalproperty_get_status(status) == ICAL_STATUS_CANCELLED) ||
              (transparent && icalproperty_get_transp(transparent) == ICAL_TRANSP_TRANSPARENT);
    f = lost_something(c) ? ICAL_EVENT : read_times(a, c, e);
    f = f ? f : read_rule(c, e);
    f = f ? f : read_exceptions(a, c, e);
    return f ? f : read_extras(a, c, e);
}

enum ical_fault ical_event_read(struct arena *a, struct str text, struct ical_event *out)
{
    memset(out, 0, sizeof(*out));
    out->uid = STR("");
    icalerror_set_errors_are_fatal(false);
    icalcomponent *c = icalparser_parse_string(arena_strdup(a, text));
    enum ical_fault f =
        c && icalcomponent_isa(c) == ICAL_VEVENT_COMPONENT ? read_event(a, c, out) : ICAL_EVENT;
    if (c) {
        icalcomponent_free(c);
    }
    return f;
}
