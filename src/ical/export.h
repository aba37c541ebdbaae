/* The calendar of a unit for other platforms. Internal to src/ical. */
#ifndef NEXUS_ICAL_EXPORT_H
#define NEXUS_ICAL_EXPORT_H

#include "base/buf.h"
#include "base/date.h"
#include "ical/feed.h"

/* Rows of exports_read as the answer. */
extern const struct shape export_list_shape;
void export_write_list(struct request *rq, const PGresult *r);

/* ---- writing iCalendar: lines end with CR LF and are folded before 75 bytes, between characters */
void ical_write_begin(struct buf *out);
/* A stay from `from` to `to`; `stamp_us` unix microseconds, 0: the beginning of time, so that the same is the
 * same bytes. */
void ical_write_event(struct buf *out, struct str uid, date_t from, date_t to, const char *summary,
                      int64_t stamp_us);
void ical_write_end(struct buf *out);

#endif
