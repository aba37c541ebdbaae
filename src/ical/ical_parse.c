/* The whole of a calendar: lines, components, and what of its events takes nights. */
#include "base/buf.h"
#include "base/utf8.h"
#include "ical/ical_event.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char *const fault_names[] = {
#define FAULT(id, name, sentence) [ICAL_##id] = #name,
    ICAL_FAULTS(FAULT)
#undef FAULT
};
static const char *const fault_texts[] = {
#define FAULT(id, name, sentence) [ICAL_##id] = sentence,
    ICAL_FAULTS(FAULT)
#undef FAULT
};

const char *ical_fault_name(enum ical_fault f)
{
    return fault_names[f];
}

const char *ical_fault_text(enum ical_fault f)
{
    return fault_texts[f];
}

enum component { OUTSIDE, CALENDAR, EVENT, ZONE, OTHER };

struct zone {
    struct str tzid, location;
};

struct parse {
    struct arena *arena;
    const struct ical_want *want;
    struct ical_calendar *out;
    struct buf event; /* text of the event being read */
    size_t depth;
    struct {
        enum component kind;
        struct str name;
    } open[ICAL_DEPTH_MAX];
    int64_t components;
    bool seen; /* a calendar */
    size_t zone_count;
    struct zone zones[ICAL_ZONES_MAX + 1]; /* the last takes what is too much */
    size_t event_count, event_room;
    struct ical_event **events;
    size_t stay_room;
    int64_t occurrences;
    struct ical_days days;
};

/* ---- lines */

/* Lines that begin with a blank go on the one before (RFC 5545, 3.1). Malloc'd: it is as large as the text.
 */
static struct str unfold(struct str text, char *out)
{
    size_t n = 0, i = str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0;
    while (i < text.n) {
        const char *end = memchr(text.p + i, '\n', text.n - i);
        size_t length = (end ? (size_t)(end - text.p) : text.n) - i, next = i + length + 1;
        size_t kept = length > 0 && text.p[i + length - 1] == '\r' ? length - 1 : length;
        memcpy(out + n, text.p + i, kept);
        n += kept;
        if (next < text.n && (text.p[next] == ' ' || text.p[next] == '\t')) {
            next++;
        } else {
            out[n++] = '\n';
        }
        i = next;
    }
    return (struct str){ out, n };
}

static bool name_is(struct str line, const char *name, struct str *value)
{
    size_t n = strlen(name);
    if (line.n <= n || (line.p[n] != ':' && line.p[n] != ';') ||
        !str_eq_nocase((struct str){ line.p, n }, str_from(name))) {
        return false;
    }
    const char *colon = memchr(line.p + n, ':', line.n - n);
    *value = colon ? str_trim(str_skip(line, (size_t)(colon - line.p) + 1)) : STR("");
    return true;
}

static const char *const kept[] = { "UID",      "DTSTART",       "DTEND",  "DURATION", "RRULE",
                                    "RDATE",    "EXDATE",        "EXRULE", "STATUS",   "TRANSP",
                                    "SEQUENCE", "RECURRENCE-ID", "SUMMARY" };

/* libical looks for a file as soon as it reads a TZID; under another name it is just a text. */
static void add_line(struct buf *out, struct str line)
{
    static const struct str tzid = { ";TZID=", 6 };
    bool quoted = false, in_value = false;
    for (size_t i = 0; i < line.n; i++) {
        struct str here = { line.p + i, line.n - i < tzid.n ? line.n - i : tzid.n };
        quoted ^= line.p[i] == '"';
        in_value = in_value || (line.p[i] == ':' && !quoted);
        if (!quoted && !in_value && str_eq_nocase(here, tzid)) {
            buf_addz(out, ";" ICAL_TZID_NAME "=");
            i += tzid.n - 1;
        } else {
            buf_addc(out, line.p[i]);
        }
    }
    buf_add(out, "\r\n", 2);
}

static enum ical_fault keep(struct parse *p, struct str line)
{
    struct str value;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (name_is(line, kept[i], &value)) {
            add_line(&p->event, line);
            break;
        }
    }
    return p->event.overflow ? ICAL_EVENT_SIZE : ICAL_OK;
}

/* ---- components */

static enum component kind_of(const struct parse *p, struct str name)
{
    enum component inside = p->depth > 0 ? p->open[p->depth - 1].kind : OUTSIDE;
    return inside == OUTSIDE && str_eq_nocase(name, STR("VCALENDAR"))    ? CALENDAR
           : inside == CALENDAR && str_eq_nocase(name, STR("VEVENT"))    ? EVENT
           : inside == CALENDAR && str_eq_nocase(name, STR("VTIMEZONE")) ? ZONE
                                                                         : OTHER;
}

static enum ical_fault begin(struct parse *p, struct str name)
{
    enum component kind = kind_of(p, name);
    if (p->depth == 0 && kind != CALENDAR) {
        return p->seen ? ICAL_STRUCTURE : ICAL_NOT_CALENDAR;
    }
    if (p->depth == ICAL_DEPTH_MAX || ++p->components > ICAL_COMPONENTS_MAX) {
        return ICAL_COMPONENTS;
    }
    p->seen = true;
    p->open[p->depth].kind = kind;
    p->open[p->depth++].name = name;
    if (kind == EVENT) {
        buf_reset(&p->event);
        buf_addz(&p->event, "BEGIN:VEVENT\r\n");
    } else if (kind == ZONE && p->zone_count < ICAL_ZONES_MAX) {
        p->zones[p->zone_count++] = (struct zone){ STR_NONE, STR_NONE };
    }
    return ICAL_OK;
}

static bool is_own(const struct parse *p, struct str uid)
{
    struct str own = p->want->own;
    return own.n > 0 && uid.n > own.n && str_eq_nocase(str_skip(uid, uid.n - own.n), own);
}

static void add_event(struct parse *p, const struct ical_event *e)
{
    if (p->event_count == p->event_room) {
        size_t room = p->event_room ? 2 * p->event_room : 64;
        struct ical_event **more = ARENA_ARRAY(p->arena, struct ical_event *, room);
        if (p->event_count > 0) {
            memcpy(more, p->events, p->event_count * sizeof(more[0]));
        }
        p->events = more;
        p->event_room = room;
    }
    struct ical_event *copy = ARENA_NEW(p->arena, struct ical_event);
    *copy = *e;
    p->events[p->event_count++] = copy;
}

static enum ical_fault end_event(struct parse *p)
{
    struct ical_event e;
    buf_addz(&p->event, "END:VEVENT\r\n");
    enum ical_fault f =
        p->event.overflow ? ICAL_EVENT_SIZE : ical_event_read(p->arena, buf_str(&p->event), &e);
    p->out->events++;
    if (f) {
        p->out->about = f == ICAL_EVENT_SIZE ? STR("") : e.uid;
        return f;
    }
    if (is_own(p, e.uid)) {
        p->out->own++;
    } else {
        add_event(p, &e);
    }
    return ICAL_OK;
}

static enum ical_fault end(struct parse *p, struct str name)
{
    if (p->depth == 0 || !str_eq_nocase(p->open[p->depth - 1].name, name)) {
        return p->seen ? ICAL_STRUCTURE : ICAL_NOT_CALENDAR;
    }
    return p->open[--p->depth].kind == EVENT ? end_event(p) : ICAL_OK;
}

static enum ical_fault take_line(struct parse *p, struct str line)
{
    struct str value;
    enum component inside = p->depth > 0 ? p->open[p->depth - 1].kind : OUTSIDE;
    if (name_is(line, "BEGIN", &value)) {
        return begin(p, value);
    }
    if (name_is(line, "END", &value)) {
        return end(p, value);
    }
    if (inside == OUTSIDE) {
        return str_trim(line).n == 0 ? ICAL_OK : p->seen ? ICAL_STRUCTURE : ICAL_NOT_CALENDAR;
    }
    if (inside == EVENT) {
        return keep(p, line);
    }
    if (inside == ZONE && p->zone_count > 0) {
        struct zone *z = &p->zones[p->zone_count - 1];
        z->tzid = name_is(line, "TZID", &value) ? value : z->tzid;
        z->location = name_is(line, "X-LIC-LOCATION", &value) ? value : z->location;
    }
    return ICAL_OK;
}

static enum ical_fault take_lines(struct parse *p, struct str text)
{
    struct str line;
    enum ical_fault f = ICAL_OK;
    while (!f && text.n > 0 && str_split(&text, '\n', &line)) {
        f = take_line(p, line);
    }
    if (f) {
        return f;
    }
    return !p->seen ? ICAL_NOT_CALENDAR : p->depth > 0 ? ICAL_STRUCTURE : ICAL_OK;
}

/* ---- what takes nights */

static struct str zone_of(struct parse *p, struct str tzid)
{
    struct str name = STR_NONE;
    if (tzid.n == 0) {
        return STR("");
    }
    for (size_t i = 0; i < p->zone_count && !name.p; i++) {
        if (p->zones[i].location.p && str_eq(p->zones[i].tzid, tzid)) {
            name = ical_zone(p->zones[i].location);
        }
    }
    name = name.p ? name : ical_zone(tzid);
    if (!name.p) {
        p->out->zones_taken++;
        return STR("");
    }
    return arena_str(p->arena, name);
}

/* No longer than `max` bytes, whole characters, no control characters. */
static struct str tidy(struct arena *a, struct str text, size_t max)
{
    char *out = arena_alloc(a, text.n + 1);
    size_t n = 0, length;
    uint32_t scalar;
    for (struct str rest = text; (length = utf8_decode(rest, &scalar)) > 0 && n + length <= max;
         rest = str_skip(rest, length)) {
        bool plain = scalar >= 0x20 && !(scalar >= 0x7f && scalar < 0xa0);
        if (plain) {
            memcpy(out + n, rest.p, length);
        } else {
            out[n] = ' ';
        }
        n += plain ? length : 1;
    }
    return str_trim((struct str){ out, n });
}

/* A UID as a key: as it is when it is short and plain, else with a hash, so that two stay two. */
static struct str key_of(struct arena *a, struct str uid)
{
    struct str plain = tidy(a, uid, ICAL_UID_MAX);
    if (str_eq(plain, uid) && uid.n > 0) {
        return plain;
    }
    plain = tidy(a, uid, ICAL_UID_MAX - 20);
    return str_from(
        arena_printf(a, STR_FMT "#%016llx", STR_ARG(plain), (unsigned long long)XXH3_64bits(uid.p, uid.n)));
}

static struct str instance_key(struct arena *a, struct str key, struct ical_time t)
{
    int y, m, d;
    date_to_ymd(t.day, &y, &m, &d);
    return str_from(t.second < 0 ? arena_printf(a, STR_FMT "/%04d%02d%02d", STR_ARG(key), y, m, d)
                                 : arena_printf(a, STR_FMT "/%04d%02d%02dT%02d%02d%02d", STR_ARG(key), y, m,
                                                d, t.second / 3600, t.second / 60 % 60, t.second % 60));
}

static void add_stay(struct parse *p, const struct ical_stay *s)
{
    struct ical_calendar *out = p->out;
    /* A day more on either side, since another clock may make it another day. */
    if (s->end.day + 1 < p->want->from || s->start.day > p->want->to) {
        return;
    }
    if (out->count == p->stay_room) {
        size_t room = p->stay_room ? 2 * p->stay_room : 64;
        struct ical_stay *more = ARENA_ARRAY(p->arena, struct ical_stay, room);
        if (out->count > 0) {
            memcpy(more, out->stays, out->count * sizeof(more[0]));
        }
        out->stays = more;
        p->stay_room = room;
    }
    out->stays[out->count++] = *s;
}

static bool same_start(struct ical_time a, struct ical_time b)
{
    return a.day == b.day && (a.second == b.second || a.second < 0 || b.second < 0);
}

/* Exceptions on another clock than the event: nobody can say which occurrence they mean without both zones.
 */
static bool clocks_agree(const struct ical_event *e, const struct ical_value *v)
{
    return v->time.second < 0 || e->start.second < 0 || str_eq(v->tzid, e->tzid);
}

static bool is_excepted(struct parse *p, const struct ical_event *e, struct ical_time start,
                        struct ical_event *const *others, size_t other_count)
{
    p->days.steps -= (int64_t)((e->except_count + other_count) / 16);
    for (size_t i = 0; i < e->except_count; i++) {
        if (same_start(e->except[i].time, start)) {
            return true;
        }
    }
    for (size_t i = 0; i < other_count; i++) {
        if (same_start(others[i]->recurrence.time, start)) {
            return true;
        }
    }
    return false;
}

/* The template of what an event takes, moved to another start. */
static struct ical_stay moved(const struct ical_stay *model, struct ical_time start)
{
    struct ical_stay s = *model;
    int64_t day = (int64_t)start.day + (model->end.day - model->start.day);
    s.start = start;
    s.end.day = day < DATE_MAX ? (date_t)day : DATE_MAX;
    return s;
}

static enum ical_fault add_occurrence(struct parse *p, const struct ical_event *e, const struct ical_stay *s,
                                      struct ical_event *const *others, size_t other_count)
{
    struct ical_stay one = *s;
    if (is_excepted(p, e, s->start, others, other_count)) {
        return ICAL_OK;
    }
    one.key = instance_key(p->arena, s->key, s->start);
    if (++p->occurrences > ICAL_OCCURRENCES_MAX) {
        return ICAL_OCCURRENCES;
    }
    add_stay(p, &one);
    return p->days.steps <= 0 ? ICAL_STEPS : ICAL_OK;
}

static enum ical_fault add_extras(struct parse *p, const struct ical_event *e, const struct ical_stay *model,
                                  struct ical_event *const *others, size_t other_count)
{
    enum ical_fault f = ICAL_OK;
    for (size_t i = 0; !f && i < e->extra_count; i++) {
        const struct ical_extra *x = &e->extra[i];
        struct ical_stay s = *model;
        if (!clocks_agree(e, &x->start)) {
            return ICAL_ZONES;
        }
        s = moved(&s,
                  (struct ical_time){ x->start.time.day, e->start.second < 0        ? -1
                                                         : x->start.time.second < 0 ? e->start.second
                                                                                    : x->start.time.second });
        if (x->end.day != DATE_MAX && (x->end.second < 0) == (s.start.second < 0)) {
            s.end = x->end;
        }
        s.until = (struct ical_time){ DATE_MAX, -1 };
        if (s.end.day + 1 >= p->want->from && s.start.day <= p->want->to) {
            f = add_occurrence(p, e, &s, others, other_count);
        }
    }
    return f;
}

/* The last day on which it may start by this event's own clock; when the end is on another, a day more, and
 * *until says which of them count. */
static date_t last_day(const struct ical_event *e, struct ical_time *until)
{
    struct ical_time u = e->until.time;
    bool timed = u.day != DATE_MAX && u.second >= 0 && e->start.second >= 0;
    if (timed && e->until.tzid.n > 0 && !str_eq(e->tzid, e->until.tzid)) {
        *until = u;
        return u.day + 1;
    }
    return timed && e->start.second > u.second ? u.day - 1 : u.day;
}

static enum ical_fault add_recurring(struct parse *p, const struct ical_event *e, struct ical_stay *model,
                                     struct ical_event *const *others, size_t other_count)
{
    const date_t length = e->end.day - e->start.day;
    enum ical_fault f = ICAL_OK;
    for (size_t i = 0; i < e->except_count + other_count; i++) {
        if (!clocks_agree(e,
                          i < e->except_count ? &e->except[i] : &others[i - e->except_count]->recurrence)) {
            return ICAL_ZONES;
        }
    }
    struct ical_rule once = { .freq = ICAL_DAILY, .interval = 1, .count = 1 };
    p->days.count = 0;
    date_t last = last_day(e, &model->until);
    ical_recur(e->rule.interval > 0 ? &e->rule : &once, e->start.day, last, p->want->from - length - 1,
               p->want->to, &p->days);
    f = p->days.costly ? ICAL_STEPS : p->days.over ? ICAL_OCCURRENCES : ICAL_OK;
    for (size_t i = 0; !f && i < p->days.count; i++) {
        struct ical_stay s = moved(model, (struct ical_time){ p->days.list[i], e->start.second });
        f = add_occurrence(p, e, &s, others, other_count);
    }
    return f ? f : add_extras(p, e, model, others, other_count);
}

/* ---- events of one UID */

static int compare_events(const void *x, const void *y)
{
    const struct ical_event *a = *(struct ical_event *const *)x, *b = *(struct ical_event *const *)y;
    size_t n = a->uid.n < b->uid.n ? a->uid.n : b->uid.n;
    int c = memcmp(a->uid.p, b->uid.p, n);
    c = c ? c : (a->uid.n > b->uid.n) - (a->uid.n < b->uid.n);
    c = c ? c : a->instance - b->instance;
    c = c ? c
          : (a->recurrence.time.day > b->recurrence.time.day) -
                (a->recurrence.time.day < b->recurrence.time.day);
    c = c ? c
          : (a->recurrence.time.second > b->recurrence.time.second) -
                (a->recurrence.time.second < b->recurrence.time.second);
    return c ? c : (a->sequence < b->sequence) - (a->sequence > b->sequence); /* the latest first */
}

static bool same_thing(const struct ical_event *a, const struct ical_event *b)
{
    return a->instance == b->instance &&
           (!a->instance || (a->recurrence.time.day == b->recurrence.time.day &&
                             a->recurrence.time.second == b->recurrence.time.second));
}

static enum ical_fault add_one(struct parse *p, const struct ical_event *e, struct ical_event *const *others,
                               size_t other_count)
{
    struct str key = key_of(p->arena, e->uid);
    struct ical_stay model = { .key = key,
                               .summary = tidy(p->arena, e->summary, ICAL_SUMMARY_MAX),
                               .zone = zone_of(p, e->tzid),
                               .start = e->start,
                               .end = e->end,
                               .until = { DATE_MAX, -1 } };
    if (e->free) {
        p->out->free++;
        return ICAL_OK;
    }
    if (e->recurs && !e->instance) {
        return add_recurring(p, e, &model, others, other_count);
    }
    if (e->instance) {
        model.key = instance_key(p->arena, key, e->recurrence.time);
    } else if (e->uid.n == 0) { /* nothing to know it by but itself */
        model.key = instance_key(p->arena, instance_key(p->arena, key, e->start), e->end);
    }
    add_stay(p, &model);
    return ICAL_OK;
}

/* Events [i, j) of one UID: the event, if it is there, and what stands in place of some of its occurrences.
 */
static enum ical_fault add_group(struct parse *p, size_t i, size_t j)
{
    enum ical_fault f = ICAL_OK;
    size_t instances = i;
    while (instances < j && !p->events[instances]->instance) {
        instances++;
    }
    for (size_t k = i; !f && k < j; k++) {
        const struct ical_event *e = p->events[k];
        bool superseded = k > i && e->uid.n > 0 && same_thing(p->events[k - 1], e);
        f = superseded ? ICAL_OK : add_one(p, e, p->events + instances, j - instances);
        p->out->about = f ? e->uid : p->out->about;
    }
    return f;
}

static enum ical_fault add_events(struct parse *p)
{
    enum ical_fault f = ICAL_OK;
    if (p->event_count > 0) {
        qsort(p->events, p->event_count, sizeof(p->events[0]), compare_events);
    }
    for (size_t i = 0, j; !f && i < p->event_count; i = j) {
        j = i + 1;
        while (j < p->event_count && str_eq(p->events[j]->uid, p->events[i]->uid)) {
            j++;
        }
        f = add_group(p, i, j);
    }
    return f;
}

static enum ical_fault parse(struct parse *p, struct str text)
{
    char *lines = malloc(text.n + 2);
    if (!lines) {
        abort();
    }
    struct str unfolded = unfold(text, lines);
    enum ical_fault f =
        memchr(text.p, '\0', text.n) || !utf8_valid(unfolded) ? ICAL_NOT_TEXT : take_lines(p, unfolded);
    f = f ? f : add_events(p);
    p->out->about = tidy(p->arena, p->out->about.p ? p->out->about : STR(""), ICAL_UID_MAX);
    free(lines);
    return f;
}

void ical_parse(struct arena *a, struct str text, const struct ical_want *want, struct ical_calendar *out)
{
    struct parse *p = ARENA_NEW(a, struct parse);
    date_t *days = ARENA_ARRAY(a, date_t, ICAL_OCCURRENCES_MAX + 1);
    memset(out, 0, sizeof(*out));
    out->about = STR("");
    *p = (struct parse){ .arena = a,
                         .want = want,
                         .out = out,
                         .days = { .list = days, .max = ICAL_OCCURRENCES_MAX + 1, .steps = ICAL_STEPS_MAX } };
    if (text.n > ICAL_BYTES_MAX) {
        out->fault = ICAL_TOO_LARGE;
        return;
    }
    buf_init(&p->event, ICAL_EVENT_MAX);
    out->fault = text.n == 0 ? ICAL_NOT_CALENDAR : parse(p, text);
    buf_free(&p->event);
    if (out->fault) {
        out->count = 0;
    }
}
