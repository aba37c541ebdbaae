/* Sending what waits for one endpoint. */
#include "webhook/webhook.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/queries.h"
#include "fetch/fetch.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"
#include "json/write.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define DUE_MAX      20
#define WORK_US      INT64_C(15000000) /* of one run, beyond the call under way; others wait for the runner */
#define BUSY_US      INT64_C(1000000)
#define RETRY_MAX_US INT64_C(28800000000) /* of Retry-After */
#define ANSWER_MAX   16384                /* bytes of an answer that are taken; nobody looks at them */
#define BODY_MAX     20000
#define HTTP_GONE    410

struct deliver_in {
    struct shape_seen seen;
    struct uuid endpoint;
};
static const struct shape_field in_fields[] = {
    { .name = "endpoint",
      .type = SHAPE_UUID,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct deliver_in, endpoint),
      .doc = "To which." },
};
static const struct shape in_shape = { .name = "WebhookDeliverJob",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct deliver_in),
                                       .doc = "What is to be sent." };

struct endpoint {
    struct uuid id;
    const char *url;
    struct str keys[2]; /* the second absent: only one signs */
    int64_t closed_us;
};

enum went { WENT_ON, WENT_CLOSED, WENT_BUSY, WENT_WRONG };

/* ---- what the database knows ---- */

/* False: it is not to be called. */
static enum err load(struct request *rq, const struct uuid *id, struct endpoint *out, bool *usable)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_webhook_load, db_uuid(id));
    *usable = false;
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, at);
    if (PQntuples(r) == 0) {
        return ERR_NONE;
    }
    *out = (struct endpoint){ .id = *id, .url = arena_strdup(rq->arena, db_get_text(r, 0, 0)) };
    out->closed_us = db_is_null(r, 0, 3) ? 0 : db_get_int8(r, 0, 3);
    *usable = webhook_secret_open(rq, id, db_get_text(r, 0, 1), &out->keys[0]);
    if (!db_is_null(r, 0, 2)) {
        (void)webhook_secret_open(rq, id, db_get_text(r, 0, 2), &out->keys[1]);
    }
    if (!*usable) {
        log_msg(LOG_ERROR, "the secret of a webhook endpoint cannot be read: was secret_file changed?");
    }
    return ERR_NONE;
}

static enum err read_due(struct request *rq, const struct endpoint *to, const PGresult **due)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_webhook_due, db_uuid(&to->id), db_int8(rq->arena, DUE_MAX));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    *due = db_result(b, at);
    return ERR_NONE;
}

/* ---- one attempt ---- */

static struct str body_of(struct request *rq, const PGresult *r, int row)
{
    struct buf text;
    struct uuid subject = db_get_uuid(r, row, 4);
    buf_init(&text, BODY_MAX);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    JSON_MEMBER(&w, "type", str, db_get_text(r, row, 2));
    JSON_MEMBER(&w, "timestamp", time, db_get_timestamptz(r, row, 6));
    json_write_key(&w, STR("data"));
    json_write_object(&w);
    JSON_MEMBER(&w, "number", int, db_get_int8(r, row, 0));
    JSON_MEMBER(&w, "kind", str, db_get_text(r, row, 3));
    JSON_MEMBER(&w, "id", uuid, &subject);
    JSON_MEMBER(&w, "object", raw, db_get_text(r, row, 5));
    json_write_object_end(&w);
    json_write_object_end(&w);
    struct str body = arena_str(rq->arena, buf_str(&text));
    buf_free(&text);
    return body;
}

static enum err post(struct request *rq, const struct endpoint *to, const PGresult *r, int row,
                     struct fetched *out)
{
    struct arena *a = rq->arena;
    struct uuid id = db_get_uuid(r, row, 1);
    char text[UUID_TEXT_SIZE];
    int64_t now = clock_unix_us() / 1000000;
    struct str body = body_of(rq, r, row), signed_[2] = { STR_NONE, STR_NONE };
    uuid_format(text, &id);
    for (size_t i = 0; i < 2 && to->keys[i].p; i++) {
        signed_[i] = webhook_sign(a, to->keys[i], str_from(text), now, body);
    }
    struct fetch call = { .url = to->url,
                          .body = body,
                          .type = "application/json",
                          .accept = "*/*",
                          .headers = { arena_printf(a, "webhook-id: %s", text),
                                       arena_printf(a, "webhook-timestamp: %lld", (long long)now),
                                       arena_printf(a, "webhook-signature: " STR_FMT "%s" STR_FMT,
                                                    STR_ARG(signed_[0]), signed_[1].p ? " " : "",
                                                    STR_ARG(signed_[1])) },
                          .body_max = ANSWER_MAX };
    struct fetch_session calls = { .arena = a,
                                   .options = rq->options,
                                   .ca = rq->options->webhook_ca,
                                   .timeout_us = rq->options->webhook_timeout };
    enum err e = fetch_run(&calls, &call, out);
    fetch_end(&calls);
    return e;
}

/* An answer that is too long is an answer: what it said came before. */
static bool is_accepted(const struct fetched *f)
{
    return f->status / 100 == 2;
}

/* Without an answer the time is told in whole seconds: it would say something about networks. */
static struct str note_of(struct request *rq, const struct fetched *f, int64_t us)
{
    struct buf text;
    buf_init(&text, 1024);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    JSON_MEMBER(&w, "at", time, clock_unix_us());
    if (f->status) {
        JSON_MEMBER(&w, "http_status", int, f->status);
    } else {
        JSON_MEMBER(&w, "error", strz, fetch_fault_text(f->fault));
    }
    JSON_MEMBER(&w, "milliseconds", int, f->status ? us / 1000 : (us / 1000000 + 1) * 1000);
    json_write_object_end(&w);
    struct str note = arena_str(rq->arena, buf_str(&text));
    buf_free(&text);
    return note;
}

static int64_t pause_of(const struct fetched *f, int attempts)
{
    struct uuid dice = uuid_v4();
    int64_t pause = webhook_pause_us(attempts, dice.b[0]);
    int64_t asked = f->retry_after_us < RETRY_MAX_US ? f->retry_after_us : RETRY_MAX_US;
    return asked > pause ? asked : pause;
}

static enum err record(struct request *rq, const struct endpoint *to, const PGresult *r, int row,
                       const struct fetched *f, int64_t us, bool *closed)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    bool ok = is_accepted(f), gone = f->status == HTTP_GONE;
    const char *status = ok                       ? "delivered"
                         : gone                   ? "cancelled"
                         : db_get_bool(r, row, 8) ? "failed"
                                                  : "waiting";
    int at = DB_ADD(b, &q_webhook_record, db_uuid(&to->id), db_int8(rq->arena, db_get_int8(r, row, 0)),
                    db_text(str_from(status)), db_int8(rq->arena, pause_of(f, db_get_int4(r, row, 7) + 1)),
                    f->status ? db_int4(rq->arena, f->status) : db_null(DB_INT4), db_text(note_of(rq, f, us)),
                    db_bool(rq->arena, ok));
    if (gone) {
        (void)DB_ADD(b, &q_webhook_gone, db_uuid(&to->id));
    }
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    *closed = gone || PQntuples(db_result(b, at)) == 0 || db_get_bool(db_result(b, at), 0, 0);
    return ERR_NONE;
}

static enum went deliver_one(struct request *rq, const struct endpoint *to, const PGresult *due, int row)
{
    struct fetched answer = { .status = 0 };
    bool closed = false;
    int64_t start = clock_mono_us();
    if (post(rq, to, due, row, &answer) != ERR_NONE) {
        return WENT_BUSY;
    }
    enum err e = record(rq, to, due, row, &answer, clock_mono_us() - start, &closed);
    return e ? WENT_WRONG : closed ? WENT_CLOSED : WENT_ON;
}

/* ---- the job ---- */

static enum went deliver_all(struct request *rq, const struct endpoint *to)
{
    int64_t until = clock_mono_us() + WORK_US;
    enum went went = WENT_ON;
    const PGresult *due = NULL;
    do {
        if (read_due(rq, to, &due) != ERR_NONE) {
            return WENT_WRONG;
        }
        for (int i = 0; i < PQntuples(due) && went == WENT_ON && clock_mono_us() < until; i++) {
            went = deliver_one(rq, to, due, i);
        }
    } while (went == WENT_ON && PQntuples(due) > 0 && clock_mono_us() < until);
    return went;
}

/* What waits for later is asked for again, together with the end of this run. */
static enum err plan_next(struct request *rq, const struct uuid *id, enum went went)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_webhook_next, db_uuid(id));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (db_is_null(db_result(b, at), 0, 0)) {
        return ERR_NONE;
    }
    int64_t wait = db_get_int8(db_result(b, at), 0, 0);
    wait = went == WENT_BUSY && wait < BUSY_US ? BUSY_US : wait > 0 ? wait : 0;
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    struct str key = str_from(arena_strdup(rq->arena, str_from(text)));
    b = write_batch(rq);
    job_add(rq, b, job_find(STR("webhook-deliver")), key,
            str_from(arena_printf(rq->arena, "{\"endpoint\":\"%s\"}", text)), wait);
    bool replayed;
    return write_run(rq, b, &replayed);
}

static enum err deliver(struct request *rq, struct job_run *run)
{
    const struct deliver_in *in = run->in;
    struct endpoint to = { .url = NULL };
    bool usable;
    enum went went = WENT_CLOSED;
    enum err e = load(rq, &in->endpoint, &to, &usable);
    if (e || !usable) {
        return e;
    }
    if (to.closed_us == 0) {
        went = deliver_all(rq, &to);
    }
    return went == WENT_WRONG ? rq->err : plan_next(rq, &in->endpoint, went);
}

const struct job job_webhook_deliver = {
    .name = "webhook-deliver",
    .doc = "Sends events to an endpoint of webhooks.",
    .payload = &in_shape,
    .retry = { .attempts = 1000, .first_us = 1000000, .longest_us = 60000000 },
    .timeout_us = INT64_C(90000000),
    .ordered = true,
    .unique = true,
    .calls = true,
    .exec = deliver,
};
