/* Reading in a box: what is found comes out as bytes, which are not trusted either. */
#include "base/box.h"
#include "base/utf8.h"
#include "ical/ical.h"
#include "json/format.h"

#include <libical/ical.h>
#include <string.h>

#define OUTPUT_MAX   (16 * 1024 * 1024)
#define ARENA_MAX    (128 * 1024 * 1024)
#define MEMORY_MAX   (512ul * 1024 * 1024) /* of the whole process, the program itself among it */
#define WALL_US      20000000
#define KEY_MAX      (ICAL_UID_MAX + 64)
#define HEAD_NUMBERS 6

struct task {
    struct str text;
    const struct ical_want *want;
};

/* ---- in the box */

static void put_number(struct buf *out, int64_t n)
{
    buf_add(out, &n, sizeof(n));
}

static void put_text(struct buf *out, struct str s)
{
    put_number(out, (int64_t)s.n);
    buf_adds(out, s);
}

static void put_stay(struct buf *out, const struct ical_stay *s)
{
    const struct ical_time times[] = { s->start, s->end, s->until };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        put_number(out, times[i].day);
        put_number(out, times[i].second);
    }
    put_text(out, s->key);
    put_text(out, s->summary);
    put_text(out, s->zone);
}

static void work(void *data, struct buf *out)
{
    const struct task *t = data;
    struct arena *a = arena_create(1024 * 1024, ARENA_MAX);
    struct ical_calendar c;
    ical_parse(a, t->text, t->want, &c);
    const int64_t head[HEAD_NUMBERS] = { c.fault, (int64_t)c.count, c.events, c.own, c.free, c.zones_taken };
    for (size_t i = 0; i < HEAD_NUMBERS; i++) {
        put_number(out, head[i]);
    }
    put_text(out, c.about);
    for (size_t i = 0; i < c.count; i++) {
        put_stay(out, &c.stays[i]);
    }
}

/* ---- outside */

struct reader {
    struct str rest;
    bool bad;
};

static int64_t get_number(struct reader *r, int64_t min, int64_t max)
{
    int64_t n = 0;
    if (r->rest.n < sizeof(n)) {
        r->bad = true;
        return min;
    }
    memcpy(&n, r->rest.p, sizeof(n));
    r->rest = str_skip(r->rest, sizeof(n));
    if (n < min || n > max) {
        r->bad = true;
        return min;
    }
    return n;
}

static struct str get_text(struct reader *r, int64_t max)
{
    size_t n = (size_t)get_number(r, 0, max);
    struct str s = { r->rest.p, n };
    if (r->bad || n > r->rest.n || !utf8_valid(s) || str_has_control(s, false)) {
        r->bad = true;
        return STR("");
    }
    r->rest = str_skip(r->rest, n);
    return s;
}

static struct ical_time get_time(struct reader *r)
{
    date_t day = (date_t)get_number(r, DATE_MIN, DATE_MAX);
    return (struct ical_time){ day, (int32_t)get_number(r, -1, 86399) };
}

static void get_stay(struct arena *a, struct reader *r, struct ical_stay *s)
{
    s->start = get_time(r);
    s->end = get_time(r);
    s->until = get_time(r);
    s->key = arena_str(a, get_text(r, KEY_MAX));
    s->summary = arena_str(a, get_text(r, ICAL_SUMMARY_MAX));
    s->zone = arena_str(a, get_text(r, 64));
    r->bad = r->bad || s->key.n == 0 || (s->zone.n > 0 && !timezone_exists(s->zone));
}

static bool get_calendar(struct arena *a, struct str bytes, struct ical_calendar *out)
{
    struct reader r = { bytes, false };
    out->fault = (enum ical_fault)get_number(&r, 0, ICAL_FAULT_COUNT - 1);
    out->count = (size_t)get_number(&r, 0, ICAL_COMPONENTS_MAX + ICAL_OCCURRENCES_MAX);
    out->events = get_number(&r, 0, ICAL_COMPONENTS_MAX);
    out->own = get_number(&r, 0, ICAL_COMPONENTS_MAX);
    out->free = get_number(&r, 0, ICAL_COMPONENTS_MAX);
    out->zones_taken = get_number(&r, 0, ICAL_COMPONENTS_MAX);
    out->about = arena_str(a, get_text(&r, ICAL_UID_MAX));
    out->stays = ARENA_ARRAY(a, struct ical_stay, r.bad ? 1 : out->count + 1);
    for (size_t i = 0; !r.bad && i < out->count; i++) {
        get_stay(a, &r, &out->stays[i]);
    }
    return !r.bad && r.rest.n == 0;
}

static enum ical_fault fault_of(enum box_end end)
{
    return end == BOX_DONE ? ICAL_OK : end == BOX_TIME ? ICAL_TIME : ICAL_CRASH;
}

void ical_read(struct arena *a, struct str text, const struct ical_want *want, struct ical_calendar *out)
{
    static const struct box_limits limits = { .cpu_us = ICAL_CPU_US,
                                              .wall_us = WALL_US,
                                              .memory = MEMORY_MAX };
    struct task task = { text, want };
    struct buf bytes;
    memset(out, 0, sizeof(*out));
    out->about = STR("");
    if (text.n > ICAL_BYTES_MAX) {
        out->fault = ICAL_TOO_LARGE;
        return;
    }
    (void)timezone_exists(STR("UTC")); /* read lists here: there are no files in there */
    (void)icaltimezone_get_utc_timezone();
    buf_init(&bytes, OUTPUT_MAX);
    enum box_end end = box_run(&limits, work, &task, &bytes);
    if (end != BOX_DONE || !get_calendar(a, buf_str(&bytes), out)) {
        *out =
            (struct ical_calendar){ .fault = end == BOX_DONE ? ICAL_CRASH : fault_of(end), .about = STR("") };
    }
    buf_free(&bytes);
}
