/* iCalendar as we write it (RFC 5545). */
#include "base/clock.h"
#include "ical/export.h"

#include <stdio.h>

#define LINE_MAX_BYTES 75

static void add_line(struct buf *out, struct str line)
{
    size_t room = LINE_MAX_BYTES;
    while (line.n > room) {
        size_t n = room;
        while (n > 1 && ((unsigned char)line.p[n] & 0xc0) == 0x80) { /* inside of a character */
            n--;
        }
        buf_add(out, line.p, n);
        buf_add(out, "\r\n ", 3);
        line = str_skip(line, n);
        room = LINE_MAX_BYTES - 1;
    }
    buf_adds(out, line);
    buf_add(out, "\r\n", 2);
}

static void add_day(struct buf *out, const char *name, date_t d)
{
    int year, month, day;
    date_to_ymd(d, &year, &month, &day);
    buf_printf(out, "%s;VALUE=DATE:%04d%02d%02d\r\n", name, year, month, day);
}

static void add_moment(struct buf *out, const char *name, int64_t unix_us)
{
    char text[CLOCK_TEXT_SIZE]; /* 2026-01-02T03:04:05Z */
    clock_format(text, unix_us / 1000000 * 1000000);
    buf_printf(out, "%s:%.4s%.2s%.2sT%.2s%.2s%.2sZ\r\n", name, text, text + 5, text + 8, text + 11, text + 14,
               text + 17);
}

void ical_write_begin(struct buf *out)
{
    buf_addz(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Nexus//Calendar//EN\r\nCALSCALE:GREGORIAN\r\n"
                  "METHOD:PUBLISH\r\n");
}

void ical_write_event(struct buf *out, struct str uid, date_t from, date_t to, const char *summary,
                      int64_t stamp_us)
{
    char line[512];
    int n = snprintf(line, sizeof(line), "UID:" STR_FMT, STR_ARG(uid));
    buf_addz(out, "BEGIN:VEVENT\r\n");
    add_line(out, (struct str){ line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1 });
    add_moment(out, "DTSTAMP", stamp_us);
    add_day(out, "DTSTART", from);
    add_day(out, "DTEND", to);
    buf_printf(out, "SUMMARY:%s\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\n", summary);
}

void ical_write_end(struct buf *out)
{
    buf_addz(out, "END:VCALENDAR\r\n");
}
