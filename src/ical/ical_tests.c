/* Calendars of others: what is read of good ones, why bad ones are refused, recurrences, the box. */
#include "base/box.h"
#include "base/clock.h"
#include "ical/ical_event.h"
#include "json/format.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FROM "2026-11-23"

static struct arena *arena;
static struct ical_want want;

static void setup(void)
{
    arena = arena_create(1024 * 1024, (size_t)256 * 1024 * 1024);
    ck_assert(date_parse(STR(FROM), &want.from));
    want.to = want.from + ICAL_WINDOW_DAYS;
    want.own = STR("@nexus.example.com");
}

static void teardown(void)
{
    arena_destroy(arena);
}

static const char *wrap(const char *inside)
{
    return arena_printf(
        arena, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//EN\r\n%sEND:VCALENDAR\r\n", inside);
}

static const char *event(const char *lines)
{
    return arena_printf(arena, "BEGIN:VEVENT\r\nUID:one\r\n%sEND:VEVENT\r\n", lines);
}

static struct ical_calendar parse(const char *text)
{
    struct ical_calendar c;
    ical_parse(arena, str_from(text), &want, &c);
    return c;
}

/* "20270104" or "20270104T150000", a line for each stay: key start end zone. */
static const char *stays_text(const struct ical_calendar *c)
{
    struct buf b;
    buf_init(&b, 1024 * 1024);
    buf_printf(&b, "%s", c->fault ? ical_fault_name(c->fault) : "");
    for (size_t i = 0; i < c->count; i++) {
        const struct ical_stay *s = &c->stays[i];
        char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];
        date_format(from, s->start.day);
        date_format(to, s->end.day);
        buf_printf(&b, "%s" STR_FMT " %s", b.n ? "|" : "", STR_ARG(s->key), from);
        if (s->start.second >= 0) {
            buf_printf(&b, "+%d", s->start.second);
        }
        buf_printf(&b, " %s", to);
        if (s->end.second >= 0) {
            buf_printf(&b, "+%d %s", s->end.second, s->zone.n ? arena_strdup(arena, s->zone) : "floating");
        }
    }
    const char *text = arena_strdup(arena, b.n ? buf_str(&b) : STR(""));
    buf_free(&b);
    return text;
}

#define READS(lines, expected)                                                                               \
    do {                                                                                                     \
        struct ical_calendar c_ = parse(wrap(event(lines)));                                                 \
        ck_assert_str_eq(stays_text(&c_), expected);                                                         \
    } while (0)

/* ---- good ones */

START_TEST(test_days)
{
    READS("DTSTART;VALUE=DATE:20270104\r\nDTEND;VALUE=DATE:20270108\r\n", "one 2027-01-04 2027-01-08");
    READS("DTSTART;VALUE=DATE:20270104\r\n", "one 2027-01-04 2027-01-05");
    READS("DTSTART;VALUE=DATE:20270104\r\nDTEND;VALUE=DATE:20270104\r\n", "one 2027-01-04 2027-01-05");
    READS("DTSTART;VALUE=DATE:20270104\r\nDURATION:P1W\r\n", "one 2027-01-04 2027-01-11");
    READS("dtstart;value=date:20270104\r\ndtend;value=date:20270106\r\n", "one 2027-01-04 2027-01-06");
    READS("DTSTART;VALUE=DATE:20250104\r\nDTEND;VALUE=DATE:20250106\r\n", ""); /* past */
    READS("DTSTART;VALUE=DATE:20300104\r\nDTEND;VALUE=DATE:20300106\r\n", ""); /* beyond the window */
    READS("DTSTART;VALUE=DATE:20261120\r\nDTEND;VALUE=DATE:20261125\r\n", "one 2026-11-20 2026-11-25");
}
END_TEST

START_TEST(test_times)
{
    READS("DTSTART:20270104T150000Z\r\nDTEND:20270106T110000Z\r\n",
          "one 2027-01-04+54000 2027-01-06+39600 UTC");
    READS("DTSTART:20270104T150000\r\nDTEND:20270106T110000\r\n",
          "one 2027-01-04+54000 2027-01-06+39600 floating");
    READS("DTSTART;TZID=Europe/Berlin:20270104T150000\r\nDTEND;TZID=Europe/Berlin:20270106T110000\r\n",
          "one 2027-01-04+54000 2027-01-06+39600 Europe/Berlin");
    READS("DTSTART;TZID=W. Europe Standard Time:20270104T150000\r\nDURATION:PT44H\r\n",
          "one 2027-01-04+54000 2027-01-06+39600 Europe/Berlin");
    READS("DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20270104T150000\r\nDURATION:P1D\r\n",
          "one 2027-01-04+54000 2027-01-05+54000 Europe/Berlin");
    READS("DTSTART;TZID=Mars/Olympus:20270104T150000\r\nDURATION:P1D\r\n",
          "one 2027-01-04+54000 2027-01-05+54000 floating");
    READS("DTSTART;TZID=../../etc/passwd:20270104T150000\r\nDURATION:P1D\r\n",
          "one 2027-01-04+54000 2027-01-05+54000 floating");
    /* the hour that does not exist: PostgreSQL decides what it is */
    READS("DTSTART;TZID=Europe/Berlin:20270328T023000\r\nDURATION:P1D\r\n",
          "one 2027-03-28+9000 2027-03-29+9000 Europe/Berlin");
    READS("DTSTART;VALUE=DATE:20270104\r\nDTEND:20270106T110000Z\r\n",
          "one 2027-01-04+0 2027-01-06+39600 UTC");
}
END_TEST

START_TEST(test_zone_by_its_location)
{
    struct ical_calendar c = parse(wrap(
        arena_printf(arena, "%s%s",
                     "BEGIN:VTIMEZONE\r\nTZID:Our Zone\r\nX-LIC-LOCATION:Asia/Tokyo\r\nBEGIN:STANDARD\r\n"
                     "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nRRULE:FREQ="
                     "SECONDLY\r\nEND:STANDARD\r\n"
                     "END:VTIMEZONE\r\n",
                     event("DTSTART;TZID=\"Our Zone\":20270104T150000\r\nDURATION:P1D\r\n"))));
    ck_assert_str_eq(stays_text(&c), "one 2027-01-04+54000 2027-01-05+54000 Asia/Tokyo");
}
END_TEST

START_TEST(test_what_takes_no_nights)
{
    READS("DTSTART;VALUE=DATE:20270104\r\nSTATUS:CANCELLED\r\n", "");
    READS("DTSTART;VALUE=DATE:20270104\r\nTRANSP:TRANSPARENT\r\n", "");
    READS("DTSTART;VALUE=DATE:20270104\r\nTRANSP:OPAQUE\r\nSTATUS:CONFIRMED\r\n",
          "one 2027-01-04 2027-01-05");
    struct ical_calendar c = parse(wrap("BEGIN:VEVENT\r\nUID:booking-1@NEXUS.example.com\r\n"
                                        "DTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\n"
                                        "BEGIN:VTODO\r\nUID:x\r\nDTSTART;VALUE=DATE:20270104\r\nEND:VTODO\r\n"
                                        "BEGIN:VEVENT\r\nUID:mine@elsewhere.nexus.example.com\r\n"
                                        "DTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\n"));
    ck_assert_str_eq(stays_text(&c), "mine@elsewhere.nexus.example.com 2027-01-04 2027-01-05");
    ck_assert_int_eq(c.own, 1);
    ck_assert_int_eq(c.events, 2);
}
END_TEST

START_TEST(test_folding_and_alarms)
{
    struct ical_calendar c = parse(
        "\xef\xbb\xbf"
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUI\n D:o\n\tne\nDTSTART;VALUE\n =DATE:2027\n 0104\n"
        "SUMMARY:Z\xc3\n \xbcrich \\, not\\navailable\nDESCRIPTION:BEGIN:VEVENT\n"
        "BEGIN:VALARM\nDTSTART:20270101T000000Z\nTRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR");
    ck_assert_str_eq(stays_text(&c), "one 2027-01-04 2027-01-05");
    ck_assert(str_eqz(c.stays[0].summary, "Z\xc3\xbcrich , not available"));
}
END_TEST

START_TEST(test_the_latest_counts)
{
    struct ical_calendar c =
        parse(wrap("BEGIN:VEVENT\r\nUID:a\r\nSEQUENCE:1\r\nDTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\n"
                   "BEGIN:VEVENT\r\nUID:a\r\nSEQUENCE:3\r\nDTSTART;VALUE=DATE:20270114\r\nEND:VEVENT\r\n"
                   "BEGIN:VEVENT\r\nUID:a\r\nSEQUENCE:2\r\nDTSTART;VALUE=DATE:20270124\r\nEND:VEVENT\r\n"
                   "BEGIN:VEVENT\r\nUID:b\r\nSEQUENCE:1\r\nDTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\n"
                   "BEGIN:VEVENT\r\nUID:b\r\nSEQUENCE:2\r\nSTATUS:CANCELLED\r\n"
                   "DTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\n"));
    ck_assert_str_eq(stays_text(&c), "a 2027-01-14 2027-01-15");
}
END_TEST

START_TEST(test_recurring)
{
    READS("DTSTART;VALUE=DATE:20270101\r\nDTEND;VALUE=DATE:20270103\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n",
          "one/20270101 2027-01-01 2027-01-03|one/20270108 2027-01-08 2027-01-10|one/20270115 2027-01-15 "
          "2027-01-17");
    READS("DTSTART;VALUE=DATE:20270101\r\nRRULE:FREQ=DAILY;UNTIL=20270104\r\nEXDATE;VALUE=DATE:20270102,"
          "20270103\r\n"
          "RDATE;VALUE=DATE:20270110\r\n",
          "one/20270101 2027-01-01 2027-01-02|one/20270104 2027-01-04 2027-01-05|one/20270110 2027-01-10 "
          "2027-01-11");
    READS("DTSTART:20270101T150000Z\r\nDURATION:PT20H\r\nRRULE:FREQ=DAILY;UNTIL=20270102T150000Z\r\n",
          "one/20270101T150000 2027-01-01+54000 2027-01-02+39600 UTC|"
          "one/20270102T150000 2027-01-02+54000 2027-01-03+39600 UTC");
    READS("DTSTART:20270101T150000Z\r\nDURATION:PT20H\r\nRRULE:FREQ=DAILY;UNTIL=20270102T145959Z\r\n",
          "one/20270101T150000 2027-01-01+54000 2027-01-02+39600 UTC");
    READS("DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=31\r\nRDATE;VALUE=DATE:19700101\r\n",
          "one/20261231 2026-12-31 2027-01-01|one/20270131 2027-01-31 2027-02-01|one/20270331 2027-03-31 "
          "2027-04-01|"
          "one/20270531 2027-05-31 2027-06-01|one/20270731 2027-07-31 2027-08-01|one/20270831 2027-08-31 "
          "2027-09-01|"
          "one/20271031 2027-10-31 2027-11-01|one/20271231 2027-12-31 2028-01-01|one/20280131 2028-01-31 "
          "2028-02-01|"
          "one/20280331 2028-03-31 2028-04-01|one/20280531 2028-05-31 2028-06-01|one/20280731 2028-07-31 "
          "2028-08-01|"
          "one/20280831 2028-08-31 2028-09-01|one/20281031 2028-10-31 2028-11-01");
}
END_TEST

START_TEST(test_instances)
{
    struct ical_calendar c = parse(wrap("BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;VALUE=DATE:"
                                        "20270108\r\nDTSTART;VALUE=DATE:20270109\r\nEND:VEVENT\r\n"
                                        "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;VALUE=DATE:"
                                        "20270115\r\nDTSTART;VALUE=DATE:20270115\r\nSTATUS:CANCELLED\r\n"
                                        "END:VEVENT\r\n"
                                        "BEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20270101\r\nRRULE:FREQ="
                                        "WEEKLY;COUNT=4\r\nEND:VEVENT\r\n"));
    ck_assert_str_eq(stays_text(&c), "a/20270101 2027-01-01 2027-01-02|a/20270122 2027-01-22 2027-01-23|"
                                     "a/20270108 2027-01-09 2027-01-10");
}
END_TEST

START_TEST(test_end_of_a_recurrence_on_another_clock)
{
    struct ical_calendar c =
        parse(wrap(event("DTSTART;TZID=America/New_York:20270101T210000\r\nDURATION:PT12H\r\n"
                         "RRULE:FREQ=DAILY;UNTIL=20270103T020000Z\r\n")));
    ck_assert_int_eq((int)c.count, 4); /* one more than there are; the moment says which */
    ck_assert_int_eq(c.stays[0].until.second, 7200);
    ck_assert_int_lt(c.stays[0].until.day, DATE_MAX);
}
END_TEST

START_TEST(test_keys)
{
    char uid[1001];
    memset(uid, 'x', 1000);
    uid[1000] = '\0';
    struct ical_calendar c =
        parse(wrap(arena_printf(arena,
                                "BEGIN:VEVENT\r\nUID:%sa\r\nDTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\n"
                                "BEGIN:VEVENT\r\nUID:%sb\r\nDTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\n"
                                "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\n"
                                "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270106\r\nEND:VEVENT\r\n",
                                uid, uid)));
    ck_assert_int_eq((int)c.count, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_le(c.stays[i].key.n, ICAL_UID_MAX + 20);
        for (size_t k = 0; k < i; k++) {
            ck_assert(!str_eq(c.stays[i].key, c.stays[k].key));
        }
    }
}
END_TEST

/* ---- bad ones */

static const char *repeat(const char *text, int times)
{
    size_t n = strlen(text);
    char *out = arena_alloc(arena, n * (size_t)times + 1);
    for (int i = 0; i < times; i++) {
        memcpy(out + n * (size_t)i, text, n);
    }
    return out;
}

#define DAY "DTSTART;VALUE=DATE:20270104\r\n"

static const char *day_with(const char *lines)
{
    return wrap(event(arena_printf(arena, DAY "%s", lines)));
}

static struct hostile {
    const char *name, *text;
    enum ical_fault fault;
} hostile[80];
static size_t hostile_count;

static void add_hostile(const char *name, enum ical_fault fault, const char *text)
{
    ck_assert_uint_lt(hostile_count, sizeof(hostile) / sizeof(hostile[0]));
    hostile[hostile_count++] = (struct hostile){ name, text, fault };
}

static void make_structures(void)
{
    const char *good = day_with("");
    add_hostile("empty", ICAL_NOT_CALENDAR, "");
    add_hostile("blank", ICAL_NOT_CALENDAR, "\r\n\r\n");
    add_hostile("page", ICAL_NOT_CALENDAR, "<!DOCTYPE html><html><body>Log in</body></html>");
    add_hostile("json", ICAL_NOT_CALENDAR, "{\"events\":[]}");
    add_hostile("event alone", ICAL_NOT_CALENDAR, event(DAY));
    add_hostile("zip", ICAL_NOT_TEXT, "PK\x03\x04\xff\xfe");
    add_hostile("latin-1", ICAL_NOT_TEXT, day_with("SUMMARY:Z\xfcrich\r\n"));
    add_hostile("overlong", ICAL_NOT_TEXT, day_with("SUMMARY:\xc0\xaf\r\n"));
    add_hostile("surrogate", ICAL_NOT_TEXT, day_with("SUMMARY:\xed\xa0\x80\r\n"));
    add_hostile("cut in an event", ICAL_STRUCTURE, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n" DAY);
    add_hostile("cut after an event", ICAL_STRUCTURE,
                arena_strdup(arena, (struct str){ good, strlen(good) - strlen("END:VCALENDAR\r\n") }));
    add_hostile("crossed", ICAL_STRUCTURE,
                "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\nEND:VEVENT\r\n");
    add_hostile("ends twice", ICAL_STRUCTURE, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nEND:VCALENDAR\r\n");
    add_hostile("polyglot behind", ICAL_STRUCTURE, arena_printf(arena, "%s<script>alert(1)</script>", good));
    add_hostile("polyglot before", ICAL_NOT_CALENDAR, arena_printf(arena, "GIF89a\r\n%s", good));
    add_hostile("components", ICAL_COMPONENTS, wrap(repeat("BEGIN:X\r\nEND:X\r\n", 10001)));
    add_hostile("deep", ICAL_COMPONENTS, repeat("BEGIN:VCALENDAR\r\n", 100000));
    add_hostile("large", ICAL_TOO_LARGE,
                wrap(repeat("X-JUNK:0123456789012345678901234567890123456789\r\n", 120000)));
    add_hostile("one line of 4 MB", ICAL_OK,
                day_with(arena_printf(arena, "DESCRIPTION:%s\r\n", repeat("abcd", 1048576))));
    add_hostile("folded line of 4 MB", ICAL_OK,
                day_with(arena_printf(arena, "DESCRIPTION:a%s\r\n", repeat("\r\n abc", 800000))));
    add_hostile("event of 4 MB", ICAL_EVENT_SIZE,
                day_with(arena_printf(arena, "SUMMARY:%s\r\n", repeat("abcd", 1048576))));
    add_hostile("a million properties", ICAL_OK, day_with(repeat("X:\r\n", 1000000)));
    add_hostile(
        "zones without number", ICAL_OK,
        wrap(arena_printf(arena, "%s%s", repeat("BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n", 5000),
                          event(DAY))));
    add_hostile("zone of itself", ICAL_OK,
                wrap(arena_printf(arena,
                                  "BEGIN:VTIMEZONE\r\nTZID:x\r\nX-LIC-LOCATION:x\r\nBEGIN:DAYLIGHT\r\n"
                                  "DTSTART;TZID=x:19700101T000000\r\nRRULE:FREQ=SECONDLY\r\nEND:DAYLIGHT\r\n"
                                  "END:VTIMEZONE\r\n%s",
                                  event("DTSTART;TZID=x:20270104T150000\r\nDURATION:P1D\r\n"))));
}

static void make_events(void)
{
    add_hostile("no start", ICAL_EVENT, wrap(event("SUMMARY:x\r\n")));
    add_hostile("31 February", ICAL_EVENT, wrap(event("DTSTART;VALUE=DATE:20270231\r\n")));
    add_hostile("month 13", ICAL_EVENT, wrap(event("DTSTART;VALUE=DATE:20271301\r\n")));
    add_hostile("year 0", ICAL_EVENT, wrap(event("DTSTART;VALUE=DATE:00000101\r\n")));
    add_hostile("hour 25", ICAL_EVENT, wrap(event("DTSTART:20270101T250000Z\r\n")));
    add_hostile("no date", ICAL_EVENT, wrap(event("DTSTART:tomorrow\r\n")));
    add_hostile("no end", ICAL_EVENT, day_with("DTEND:tomorrow\r\n"));
    add_hostile("backwards", ICAL_BACKWARDS, day_with("DTEND;VALUE=DATE:20270103\r\n"));
    add_hostile("backwards by a second", ICAL_BACKWARDS,
                wrap(event("DTSTART:20270101T150001Z\r\nDTEND:20270101T150000Z\r\n")));
    add_hostile("negative duration", ICAL_BACKWARDS, day_with("DURATION:-P3D\r\n"));
    add_hostile("for ever", ICAL_OK, day_with("DTEND;VALUE=DATE:20991231\r\n"));
    add_hostile("until the year 9999", ICAL_EVENT, day_with("DTEND;VALUE=DATE:99991231\r\n"));
    add_hostile("duration of ages", ICAL_OK, day_with("DURATION:P99999999W\r\n"));
    add_hostile(
        "starts here, ends there", ICAL_ZONES,
        wrap(event(
            "DTSTART;TZID=Asia/Tokyo:20270101T150000\r\nDTEND;TZID=Europe/Berlin:20270102T150000\r\n")));
    add_hostile("exception elsewhere", ICAL_ZONES,
                wrap(event("DTSTART;TZID=Asia/Tokyo:20270101T150000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
                           "EXDATE:20270102T060000Z\r\n")));
}

static const char *rule(const char *text)
{
    return day_with(arena_printf(arena, "RRULE:%s\r\n", text));
}

static void make_rules(void)
{
    static char by[8000]; /* 366 days x 53 x 7 weekdays x 366 places: tens of millions for who multiplies */
    size_t n =
        (size_t)snprintf(by, sizeof(by), "FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYMONTHDAY=1");
    for (int i = 2; i <= 31; i++) {
        n += (size_t)snprintf(by + n, sizeof(by) - n, ",%d", i);
    }
    n += (size_t)snprintf(by + n, sizeof(by) - n, ";BYDAY=MO,TU,WE,TH,FR,SA,SU;BYYEARDAY=1");
    for (int i = 2; i <= 366; i++) {
        n += (size_t)snprintf(by + n, sizeof(by) - n, ",%d", i);
    }
    add_hostile("secondly", ICAL_RULE, rule("FREQ=SECONDLY"));
    add_hostile("minutely", ICAL_RULE, rule("FREQ=MINUTELY;COUNT=1"));
    add_hostile("hourly", ICAL_RULE, rule("FREQ=HOURLY;INTERVAL=24"));
    add_hostile("no such frequency", ICAL_EVENT, rule("FREQ=SOMETIMES"));
    add_hostile("no rule", ICAL_EVENT, rule("garbage"));
    add_hostile("by hour", ICAL_RULE,
                rule("FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,1,2,3;BYSECOND=0,1"));
    add_hostile("by week", ICAL_RULE, rule("FREQ=YEARLY;BYWEEKNO=53"));
    add_hostile("another scale", ICAL_RULE, rule("RSCALE=HEBREW;FREQ=YEARLY"));
    add_hostile("two rules", ICAL_RULE, day_with("RRULE:FREQ=DAILY\r\nRRULE:FREQ=WEEKLY\r\n"));
    add_hostile("exceptions by rule", ICAL_RULE, day_with("RRULE:FREQ=DAILY\r\nEXRULE:FREQ=DAILY\r\n"));
    add_hostile("this and all that follow", ICAL_RULE,
                day_with("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270105\r\n"));
    add_hostile("a billion", ICAL_OK, rule("FREQ=DAILY;COUNT=1000000000"));
    add_hostile("a billion from long ago", ICAL_OK,
                wrap(event("DTSTART;VALUE=DATE:19000101\r\nRRULE:FREQ=DAILY;COUNT=1000000000\r\n")));
    add_hostile("31 February for ever", ICAL_OK, rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"));
    add_hostile("30 February counted", ICAL_OK, rule("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000000"));
    add_hostile("cross product", ICAL_OK, rule(by));
    add_hostile("every place", ICAL_RULE,
                rule(arena_printf(arena, "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1%s", repeat(",2", 380))));
    add_hostile("interval of ages", ICAL_OK, rule("FREQ=YEARLY;INTERVAL=32767"));
    add_hostile("interval 0", ICAL_EVENT, rule("FREQ=DAILY;INTERVAL=0"));
    add_hostile(
        "occurrences", ICAL_OCCURRENCES,
        wrap(arena_printf(arena, "%sBEGIN:VEVENT\r\nUID:two\r\n" DAY "RRULE:FREQ=DAILY\r\nEND:VEVENT\r\n",
                          event(DAY "RRULE:FREQ=DAILY\r\n"))));
    add_hostile(
        "thousands of rules", ICAL_STEPS,
        wrap(repeat("BEGIN:VEVENT\r\n" DAY "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31\r\nEND:VEVENT\r\n",
                    3000)));
    add_hostile("thousands of exceptions", ICAL_OK,
                day_with(arena_printf(arena, "RRULE:FREQ=DAILY\r\nEXDATE;VALUE=DATE:20270104%s\r\n",
                                      repeat(",20270105", 5000))));
    add_hostile(
        "recurs on itself", ICAL_OK,
        day_with(arena_printf(arena, "RRULE:FREQ=DAILY;COUNT=5\r\nRECURRENCE-ID;VALUE=DATE:20270104\r\n")));
}

START_TEST(test_hostile)
{
    hostile_count = 0;
    make_structures();
    make_events();
    make_rules();
    ck_assert_uint_ge(hostile_count, 60);
    for (size_t i = 0; i < hostile_count; i++) {
        struct ical_calendar c;
        const struct hostile *h = &hostile[i];
        ical_read(arena, str_from(h->text), &want, &c);
        ck_assert_msg(c.fault == h->fault, "%s: %s", h->name, ical_fault_name(c.fault));
        ck_assert_msg(!c.fault || c.count == 0, "%s", h->name);
    }
}
END_TEST

START_TEST(test_zero_byte)
{
    struct ical_calendar c;
    char text[1000];
    int n = snprintf(text, sizeof(text), "%s", day_with("SUMMARY:ab\r\n"));
    *strstr(text, "ab") = '\0';
    ical_read(arena, (struct str){ text, (size_t)n }, &want, &c);
    ck_assert_int_eq(c.fault, ICAL_NOT_TEXT);
}
END_TEST

/* A good calendar cut anywhere is refused: what is missing must not free nights. */
START_TEST(test_truncated_everywhere)
{
    const char *text = wrap(event(DAY "DTEND;VALUE=DATE:20270110\r\nSUMMARY:Reserved\r\n"));
    for (size_t n = 0; n + 2 < strlen(text); n++) { /* all but the end of the last line */
        struct ical_calendar c;
        ical_parse(arena, (struct str){ text, n }, &want, &c);
        ck_assert_msg(c.fault != ICAL_OK, "%zu bytes", n);
    }
}
END_TEST

/* The largest there may be is read in the time there is. */
START_TEST(test_large_and_good)
{
    struct buf b;
    struct ical_calendar c;
    buf_init(&b, ICAL_BYTES_MAX);
    buf_addz(&b, "BEGIN:VCALENDAR\r\n");
    for (int i = 0; i < ICAL_COMPONENTS_MAX - 1; i++) {
        buf_printf(&b,
                   "BEGIN:VEVENT\r\nUID:1418fb94e984-%d@airbnb.com\r\nDTSTAMP:20261123T000000Z\r\n"
                   "DTSTART;VALUE=DATE:2027%02d%02d\r\nDTEND;VALUE=DATE:2027%02d28\r\nSUMMARY:Reserved\r\n"
                   "DESCRIPTION:Reservation URL: "
                   "https://www.airbnb.com/hosting/reservations/details/%d\\nPhone Number: 1\r\n"
                   "END:VEVENT\r\n",
                   i, i % 12 + 1, i % 27 + 1, i % 12 + 1, i);
    }
    buf_addz(&b, "END:VCALENDAR\r\n");
    ck_assert(!b.overflow);
    ical_read(arena, buf_str(&b), &want, &c);
    ck_assert_str_eq(ical_fault_name(c.fault), "ok");
    ck_assert_int_eq((int)c.count, ICAL_COMPONENTS_MAX - 1);
    buf_free(&b);
}
END_TEST

/* ---- recurrences, against those of another implementation (tests/data/recurrences.py) */

static struct ical_event event_of(const char *text, date_t start)
{
    struct ical_event e;
    int y, m, d;
    date_to_ymd(start, &y, &m, &d);
    enum ical_fault f =
        ical_event_read(arena,
                        str_from(arena_printf(arena,
                                              "BEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:%04d%02d%02d\r\n"
                                              "RRULE:%s\r\nEND:VEVENT\r\n",
                                              y, m, d, text)),
                        &e);
    ck_assert_msg(f == ICAL_OK, "%s: %s", text, ical_fault_name(f));
    return e;
}

static void compare(const char *line, date_t start, const char *rule_text, struct str expected)
{
    static date_t list[4000];
    struct ical_days days = { .list = list, .max = 4000, .steps = 10000000 };
    struct ical_event e = event_of(rule_text, start);
    struct str day;
    size_t n = 0;
    ical_recur(&e.rule, start, DATE_MAX, start, start + 3649, &days);
    while (str_split(&expected, ',', &day)) {
        int64_t v;
        ck_assert(str_int64(day, &v));
        date_t d = date_from_ymd((int)(v / 10000), (int)(v / 100 % 100), (int)(v % 100));
        ck_assert_msg(n < days.count && list[n] == d, "%s: place %zu", line, n);
        n++;
    }
    ck_assert_msg(n == 40 || n == days.count, "%s: more than that", line);
}

START_TEST(test_recurrences)
{
    FILE *in = fopen(NEXUS_SRCDIR "/tests/data/recurrences.tsv", "r");
    char line[2000];
    int lines = 0;
    ck_assert_ptr_nonnull(in);
    for (; fgets(line, sizeof(line), in); lines++) {
        line[strcspn(line, "\n")] = '\0';
        struct str rest = str_from(arena_strdup(arena, str_from(line))), start, text;
        date_t d;
        ck_assert(str_split(&rest, '\t', &start) && str_split(&rest, '\t', &text) && date_parse(start, &d));
        compare(line, d, arena_strdup(arena, text), rest);
    }
    fclose(in);
    ck_assert_int_ge(lines, 300);
}
END_TEST

/* ---- the box */

static void work_well(void *data, struct buf *out)
{
    buf_addz(out, data);
}

static void work_for_ever(void *data, struct buf *out)
{
    for (volatile unsigned long i = 0;; i++) {
    }
}

static void work_badly(void *data, struct buf *out)
{
    abort();
}

static void work_abroad(void *data, struct buf *out)
{
    buf_printf(out, "%d", (int)getppid());
}

static void work_much(void *data, struct buf *out)
{
    char *p = malloc((size_t)2 * 1024 * 1024 * 1024);
    if (!p) {
        abort();
    }
    memset(p, 1, (size_t)2 * 1024 * 1024 * 1024);
    buf_printf(out, "%d", p[1000]);
}

static enum box_end box(void (*work)(void *, struct buf *), struct buf *out)
{
    static const struct box_limits limits = { .cpu_us = 200000,
                                              .wall_us = 10000000,
                                              .memory = (size_t)512 * 1024 * 1024 };
    buf_reset(out);
    return box_run(&limits, work, "hello", out);
}

#if defined(__SANITIZE_ADDRESS__)
#define BOXED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BOXED 0
#endif
#endif
#ifndef BOXED
#define BOXED 1
#endif

START_TEST(test_box)
{
    struct buf out;
    buf_init(&out, 1000);
    ck_assert_int_eq(box(work_well, &out), BOX_DONE);
    ck_assert(str_eqz(buf_str(&out), "hello"));
    ck_assert_int_eq(box(work_for_ever, &out), BOX_TIME);
    ck_assert_int_eq(box(work_badly, &out), BOX_CRASHED);
    if (BOXED) {
        ck_assert_int_eq(box(work_abroad, &out), BOX_CRASHED);
        ck_assert_int_eq(box(work_much, &out), BOX_CRASHED);
    }
    buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ical");
    TCase *t = tcase_create("calendars");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_days);
    tcase_add_test(t, test_times);
    tcase_add_test(t, test_zone_by_its_location);
    tcase_add_test(t, test_what_takes_no_nights);
    tcase_add_test(t, test_folding_and_alarms);
    tcase_add_test(t, test_the_latest_counts);
    tcase_add_test(t, test_recurring);
    tcase_add_test(t, test_instances);
    tcase_add_test(t, test_end_of_a_recurrence_on_another_clock);
    tcase_add_test(t, test_keys);
    tcase_add_test(t, test_hostile);
    tcase_add_test(t, test_zero_byte);
    tcase_add_test(t, test_truncated_everywhere);
    tcase_add_test(t, test_large_and_good);
    tcase_add_test(t, test_recurrences);
    tcase_add_test(t, test_box);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
