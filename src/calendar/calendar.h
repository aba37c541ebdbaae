/* The calendar of a property: what each night costs, the shortest stay, and whether it can be had. */
#ifndef NEXUS_CALENDAR_CALENDAR_H
#define NEXUS_CALENDAR_CALENDAR_H

#include "calendar/calendar_rules.h"
#include "http/op.h"
#include "property/property.h"

#define CALENDAR_READ_MAX   366 /* nights of one read */
#define CALENDAR_RANGES_MAX 100 /* ranges of one change */

extern const struct op op_calendar_read, op_calendar_update;
/* {"data":[{date, available, blocked, price, min_nights, ...}, ...]} */
extern const struct shape calendar_shape;
extern const struct shape_field calendar_night_item;

/* Adds the read of [from, to) to a batch; returns its index. No rows when the principal does not see the
 * property. */
int calendar_add_read(struct request *rq, struct db_batch *b, const struct uuid *property, date_t from,
                      date_t to);
/* Rows as the member `data`. */
struct json_writer;
void calendar_write_nights(struct json_writer *w, const PGresult *r);

/* Add the changes to a batch. Blocks come first: see calendar.sql. calendar_add_blocks returns the index of a
 * result for calendar_blocks_clash; reasons[i] belongs to range i, absent when it gives none. */
void calendar_add_nights(struct request *rq, struct db_batch *b, const struct uuid *property,
                         const struct night_change *nights, size_t count);
int calendar_add_blocks(struct request *rq, struct db_batch *b, const struct uuid *units,
                        const struct str *reasons, const struct block_run *runs, size_t count);
/* Index of the first range that met a stay; -1: none did. */
int calendar_blocks_clash(const PGresult *r);

/* Tell the audit log of a change. Hosts change their calendars all day; what others do to them is worth
 * remembering. */
struct audit_text;
void calendar_tell(struct request *rq, struct db_batch *b, const struct property_facts *property,
                   const struct audit_text *after, size_t n);

#endif
