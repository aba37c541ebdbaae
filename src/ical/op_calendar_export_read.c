/* GET /v1/calendars/{unit_id}/{token}: what takes nights of a unit, for who knows its URL. */
#include "ical/export.h"

#include "db/queries.h"

#include <openssl/crypto.h>

struct calendar_export_read_in {
    struct shape_seen seen;
    struct uuid unit_id, without;
    struct str token;
};
enum { UNIT, TOKEN, WITHOUT };
#define IN(member) offsetof(struct calendar_export_read_in, member)

static const struct shape_field in_fields[] = {
    [UNIT] = { .name = "unit_id",
               .type = SHAPE_UUID,
               .in = IN_PATH,
               .flags = SHAPE_REQUIRED,
               .offset = IN(unit_id),
               .doc = "The unit." },
    [TOKEN] = { .name = "token",
                .type = SHAPE_STRING,
                .in = IN_PATH,
                .flags = SHAPE_REQUIRED | SHAPE_SECRET,
                .offset = IN(token),
                .min = 1,
                .max = 200,
                .doc = "The secret part of its URL, with .ics behind it.",
                .example = "\"c2VjcmV0.ics\"" },
    [WITHOUT] = { .name = "without",
                  .type = SHAPE_UUID,
                  .in = IN_QUERY,
                  .offset = IN(without),
                  .doc = "A feed whose nights are left out: for the platform they came from." },
};
static const struct shape in_shape = { .name = "CalendarExportRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_export_read_in),
                                       .doc = "Which calendar." };

static enum err calendar_export_read_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_calendar_export_read = {
    .name = "calendar_export_read",
    .method = METHOD_GET,
    .path = "/v1/calendars/{unit_id}/{token}",
    .tag = "Calendar",
    .summary = "The calendar of a unit for other platforms",
    .doc = "iCalendar (RFC 5545): an event for each stay, and for nights that are blocked or taken "
           "elsewhere. No names. UIDs "
           "stay the same; ask with If-None-Match.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .media = "text/calendar",
    .example = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Nexus//Calendar//EN\r\nEND:VCALENDAR\r\n",
    .in = &in_shape,
    .errors = errors,
    .exec = calendar_export_read_exec,
};

enum column { KIND, FROM, TO, BOOKING, STAMP };

static void write_event(struct request *rq, const struct uuid *unit, struct str own, const PGresult *r, int i)
{
    bool booking = !db_is_null(r, i, BOOKING);
    date_t from = db_get_date(r, i, FROM);
    struct uuid of = booking ? db_get_uuid(r, i, BOOKING) : *unit;
    char id[UUID_TEXT_SIZE], day[DATE_TEXT_SIZE] = "";
    uuid_format(id, &of);
    date_format(day, from);
    struct str uid =
        str_from(arena_printf(rq->arena, STR_FMT "-%s%s%s" STR_FMT, STR_ARG(db_get_text(r, i, KIND)), id,
                              booking ? "" : "-", booking ? "" : day, STR_ARG(own)));
    ical_write_event(rq->res.body, uid, from, db_get_date(r, i, TO), booking ? "Reserved" : "Not available",
                     booking ? db_get_timestamptz(r, i, STAMP) : 0);
}

static bool token_fits(struct request *rq, const struct calendar_export_read_in *in, const PGresult *r)
{
    static const struct str ending = { ".ics", 4 };
    struct str given = in->token;
    if (PQntuples(r) == 0 || given.n < ending.n || !str_eq(str_skip(given, given.n - ending.n), ending)) {
        return false;
    }
    given.n -= ending.n;
    struct str token = export_token(rq, &in->unit_id, db_get_int4(r, 0, 0));
    return given.n == token.n && CRYPTO_memcmp(given.p, token.p, token.n) == 0;
}

static enum err calendar_export_read_exec(struct request *rq)
{
    const struct calendar_export_read_in *in = rq->in;
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int unit = DB_ADD(b, &q_export_unit, db_uuid(&in->unit_id));
    int nights = DB_ADD(b, &q_export_nights, db_uuid(&in->unit_id),
                        db_uuid(SHAPE_HAS(in, WITHOUT) ? &in->without : NULL));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (!token_fits(rq, in, db_result(b, unit))) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such calendar.");
    }
    const PGresult *r = db_result(b, nights);
    struct str own = feed_own_suffix(rq);
    ical_write_begin(rq->res.body);
    for (int i = 0; i < PQntuples(r); i++) {
        write_event(rq, &in->unit_id, own, r, i);
    }
    ical_write_end(rq->res.body);
    rq->res.content_type = "text/calendar; charset=utf-8";
    return ERR_NONE;
}
