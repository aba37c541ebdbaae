/* Feeds are read, each by a job of its own: one that hangs keeps nobody else waiting. */
#include "ical/feed.h"

#include "base/log.h"
#include "db/queries.h"
#include "fetch/fetch.h"
#include "http/idempotency.h"
#include "ical/feed_jobs.h"
#include "ical/ical.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECOND_US    INT64_C(1000000)
#define IMPORT_US    (1800 * SECOND_US)  /* between two imports of a feed */
#define PATIENCE_US  (86400 * SECOND_US) /* with what would free too much */
#define PIECE        200                 /* feeds of one look */
#define FETCH_US     (30 * SECOND_US)
#define REDIRECTS    3
#define ETAG_MAX     1000
#define MODIFIED_MAX 200

struct feed_job {
    struct shape_seen seen;
    struct uuid feed_id;
};

static const struct shape_field fields[] = {
    { .name = "feed_id",
      .type = SHAPE_UUID,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct feed_job, feed_id),
      .doc = "The feed." },
};
static const struct shape payload = { .name = "CalendarFeedJob",
                                      .fields = fields,
                                      .count = SHAPE_COUNT(fields),
                                      .size = sizeof(struct feed_job),
                                      .doc = "Which feed." };

/* ---- when */

static enum err due(struct request *rq, struct job_run *run)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int asked = DB_ADD(b, &q_feeds_due, db_int8(rq->arena, PIECE), db_int8(rq->arena, IMPORT_US));
    enum err e = write_run(rq, b, &replayed);
    run->done = e ? 0 : db_get_int8(db_result(b, asked), 0, 0);
    return e;
}

const struct job job_calendar_due = {
    .name = "calendar-due", .doc = "Has feeds imported whose half hour is over.", .unique = true, .exec = due
};

/* ---- what it says */

struct import {
    struct uuid feed;
    struct str url, etag, last_modified;
    date_t today;
    struct fetched answer;
    char *text; /* malloc'd */
    size_t size;
};

static enum err read_feed(struct request *rq, struct import *i, bool *there)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_feed_read, db_uuid(&i->feed));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, at);
    *there = PQntuples(r) == 1;
    if (*there) {
        i->url = arena_str(rq->arena, db_get_text(r, 0, 0));
        i->etag = db_is_null(r, 0, 1) ? STR_NONE : arena_str(rq->arena, db_get_text(r, 0, 1));
        i->last_modified = db_is_null(r, 0, 2) ? STR_NONE : arena_str(rq->arena, db_get_text(r, 0, 2));
        i->today = db_get_date(r, 0, 3);
    }
    return ERR_NONE;
}

static const char *header_of(struct request *rq, const char *name, struct str value)
{
    return arena_printf(rq->arena, "%s: " STR_FMT, name, STR_ARG(value));
}

static enum err ask(struct request *rq, struct import *i, int file)
{
    struct fetch f = { .url = i->url.p,
                       .accept = "text/calendar, text/plain;q=0.5, */*;q=0.1",
                       .body_max = ICAL_BYTES_MAX,
                       .file = file,
                       .redirects = REDIRECTS };
    struct fetch_session s = {
        .arena = rq->arena, .options = rq->options, .timeout_us = FETCH_US, .turns = 1
    };
    size_t n = 0;
    if (i->etag.p) {
        f.headers[n++] = header_of(rq, "If-None-Match", i->etag);
    }
    if (i->last_modified.p) {
        f.headers[n++] = header_of(rq, "If-Modified-Since", i->last_modified);
    }
    enum err e = fetch_run(&s, &f, &i->answer);
    fetch_end(&s);
    return e;
}

/* A copy: whoever wrote the file may still have it. */
static bool read_file(struct import *i, int file)
{
    size_t size = (size_t)i->answer.size;
    i->text = size <= ICAL_BYTES_MAX ? malloc(size + 1) : NULL;
    for (i->size = 0; i->text && i->size < size;) {
        ssize_t n = pread(file, i->text + i->size, size - i->size, (off_t)i->size);
        if (n <= 0) {
            return false;
        }
        i->size += (size_t)n;
    }
    return i->text != NULL;
}

/* ---- what becomes of it */

static enum err say_failed(struct request *rq, const struct import *i, const char *fault, const char *detail)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_feed_failed, db_uuid(&i->feed), db_text(str_from(fault)), db_text(str_from(detail)),
                 db_text(i->url));
    return write_run(rq, b, &replayed);
}

static struct str no_longer_than(struct str text, size_t max)
{
    return text.p && text.n <= max ? text : STR_NONE;
}

static void add_stored(struct request *rq, struct db_batch *b, const struct import *i,
                       const struct ical_calendar *c)
{
    struct arena *a = rq->arena;
    (void)DB_ADD(b, &q_feed_stored, db_uuid(&i->feed), db_bool(a, c != NULL),
                 db_text(no_longer_than(i->answer.etag, ETAG_MAX)),
                 db_text(no_longer_than(i->answer.last_modified, MODIFIED_MAX)),
                 db_int4(a, c ? (int32_t)c->own : 0), db_int4(a, c ? (int32_t)c->zones_taken : 0),
                 db_text(i->url));
}

static void add_store(struct request *rq, struct db_batch *b, const struct import *i,
                      const struct ical_calendar *c)
{
    struct arena *a = rq->arena;
    size_t n = c->count;
    struct str *keys = ARENA_ARRAY(a, struct str, n + 1), *summaries = ARENA_ARRAY(a, struct str, n + 1),
               *zones = ARENA_ARRAY(a, struct str, n + 1);
    date_t *days = ARENA_ARRAY(a, date_t, 3 * n + 1);
    int32_t *seconds = ARENA_ARRAY(a, int32_t, 3 * n + 1);
    for (size_t k = 0; k < n; k++) {
        const struct ical_stay *s = &c->stays[k];
        const struct ical_time times[] = { s->start, s->end, s->until };
        keys[k] = s->key;
        summaries[k] = s->summary;
        zones[k] = s->zone;
        for (size_t t = 0; t < 3; t++) {
            days[t * n + k] = times[t].day;
            seconds[t * n + k] = times[t].second;
        }
    }
    (void)DB_ADD(b, &q_feed_store, db_uuid(&i->feed), db_text_array(a, keys, n),
                 db_text_array(a, summaries, n), db_text_array(a, zones, n), db_date_array(a, days, n),
                 db_int4_array(a, seconds, n), db_date_array(a, days + n, n),
                 db_int4_array(a, seconds + n, n), db_date_array(a, days + 2 * n, n),
                 db_int4_array(a, seconds + 2 * n, n), db_int8(a, PATIENCE_US));
}

static enum err store(struct request *rq, const struct import *i, const struct ical_calendar *c)
{
    bool replayed;
    char *id = arena_alloc(rq->arena, UUID_TEXT_SIZE);
    uuid_format(id, &i->feed);
    struct db_batch *b = write_batch(rq);
    if (c) {
        add_store(rq, b, i, c);
        job_add(rq, b, &job_calendar_settle, str_from(id),
                str_from(arena_printf(rq->arena, "{\"feed_id\":\"%s\"}", id)), 0);
    }
    add_stored(rq, b, i, c);
    return write_run(rq, b, &replayed);
}

static enum err take(struct request *rq, struct import *i)
{
    const struct ical_want want = { i->today, i->today + ICAL_WINDOW_DAYS, feed_own_suffix(rq) };
    struct ical_calendar c;
    ical_read(rq->arena, (struct str){ i->text, i->size }, &want, &c);
    if (!c.fault) {
        return store(rq, i, &c);
    }
    const char *detail = c.about.n > 0 ? arena_printf(rq->arena, "%s Its UID is " STR_FMT ".",
                                                      ical_fault_text(c.fault), STR_ARG(c.about))
                                       : ical_fault_text(c.fault);
    return say_failed(rq, i, ical_fault_name(c.fault), detail);
}

static enum err judge(struct request *rq, struct import *i, int file)
{
    const struct fetched *a = &i->answer;
    if (a->status == 0) {
        static const char *const faults[] = { [FETCH_FINE] = "unreachable",
                                              [FETCH_UNREACHABLE] = "unreachable",
                                              [FETCH_TIMEOUT] = "timeout",
                                              [FETCH_TOO_LARGE] = "too_large",
                                              [FETCH_BROKEN] = "broken_answer" };
        return say_failed(rq, i, faults[a->fault], fetch_fault_text(a->fault));
    }
    if (a->status == 304 && (i->etag.p || i->last_modified.p)) {
        return store(rq, i, NULL);
    }
    if (a->status != 200) {
        return say_failed(rq, i, arena_printf(rq->arena, "http_%d", a->status),
                          arena_printf(rq->arena, "The server answered %d.", a->status));
    }
    return read_file(i, file) ? take(rq, i)
                              : say_failed(rq, i, "broken_answer", "The answer could not be read.");
}

static enum err import(struct request *rq, struct job_run *run)
{
    const struct feed_job *in = run->in;
    struct import i = { .feed = in->feed_id };
    bool there = false;
    enum err e = read_feed(rq, &i, &there);
    if (e || !there) {
        return e;
    }
    int file = memfd_create("calendar", MFD_CLOEXEC);
    if (file < 0) {
        return fail(rq, ERR_UNAVAILABLE, NULL, "There is no memory for a file.");
    }
    e = ask(rq, &i, file);
    e = e ? e : judge(rq, &i, file);
    close(file);
    free(i.text);
    return e;
}

const struct job job_calendar_import = { .name = "calendar-import",
                                         .doc = "Reads a calendar of another platform.",
                                         .payload = &payload,
                                         .queue = JOBS_BULK,
                                         .unique = true,
                                         .calls = true,
                                         .timeout_us = 90 * SECOND_US,
                                         .exec = import };

/* ---- into the inventory */

static enum err settle(struct request *rq, struct job_run *run)
{
    const struct feed_job *in = run->in;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int settled = DB_ADD(b, &q_feed_settle, db_uuid(&in->feed_id));
    enum err e = write_run(rq, b, &replayed);
    run->done = e ? 0 : db_get_int8(db_result(b, settled), 0, 0);
    return e;
}

const struct job job_calendar_settle = {
    .name = "calendar-settle",
    .doc = "Takes the nights a calendar of another platform names, as far as they are free.",
    .payload = &payload,
    .unique = true,
    .exec = settle
};
