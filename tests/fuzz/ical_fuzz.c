/*
 * libFuzzer target: calendars through ical_parse, without its box. Beside memory errors it holds that
 * - what is refused has no stays, and what is accepted no more than there may be;
 * - stays reach into the window, do not end before they start, and have keys and texts as the database wants
 * them;
 * - reading again gives the same.
 */
#include "base/utf8.h"
#include "ical/ical.h"

#include <stdlib.h>

static void hold(bool held)
{
    if (!held) {
        abort();
    }
}

static void check_text(struct str s, size_t max)
{
    hold(s.n <= max && utf8_valid(s) && !str_has_control(s, false));
}

static void check_stay(const struct ical_stay *s, const struct ical_want *want)
{
    hold(s->key.n > 0);
    check_text(s->key, ICAL_UID_MAX + 64);
    check_text(s->summary, ICAL_SUMMARY_MAX);
    check_text(s->zone, 64);
    hold(s->start.day < s->end.day || (s->start.day == s->end.day && s->start.second <= s->end.second));
    hold((s->start.second < 0) == (s->end.second < 0) && s->start.second < 86400 && s->end.second < 86400);
    hold(s->start.day <= want->to && s->end.day + 1 >= want->from && s->end.day <= DATE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    const struct ical_want want = { 20780, 20780 + ICAL_WINDOW_DAYS, STR("@nexus.example.com") };
    struct ical_calendar c, again;
    char *copy = malloc(size ? size : 1); /* exact, so that a read past the end is seen */
    arena = arena ? arena : arena_create(1024 * 1024, (size_t)1024 * 1024 * 1024);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    ical_parse(arena, (struct str){ copy, size }, &want, &c);
    hold(c.fault < ICAL_FAULT_COUNT && (!c.fault || c.count == 0));
    hold(c.count <= ICAL_COMPONENTS_MAX + ICAL_OCCURRENCES_MAX);
    check_text(c.about, ICAL_UID_MAX);
    for (size_t i = 0; i < c.count; i++) {
        check_stay(&c.stays[i], &want);
    }
    ical_parse(arena, (struct str){ copy, size }, &want, &again);
    hold(again.fault == c.fault && again.count == c.count);
    free(copy);
    arena_reset(arena);
    return 0;
}
