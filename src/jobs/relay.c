/*
 * The relay: hands rows that are due over to the broker. A row is published when the broker has confirmed it;
 * whatever happens in between it is published again, and its second message finds nothing to do. One relay
 * works at a time, wherever it runs.
 */
#include "base/clock.h"
#include "base/log.h"
#include "db/queries.h"
#include "jobs/sleeper.h"
#include "json/write.h"

#include <stdlib.h>

#define LEAD_US     1000000
#define CARE_US     5000000   /* between two looks for what was lost */
#define LOST_US     10000000  /* a message nobody has run, when the queues are empty */
#define LATE_US     600000000 /* when they are not */
#define BACKOFF_US  250000
#define BACKOFF_MAX 5000000
#define DEAD_MAX    1000
#define BODY_MAX    (1024 * 1024)
#define DEADLINE_US 20000000 /* beyond the broker's own; then it is stuck */

struct relay {
    struct sleeper s;
    struct mq *mq;
    unsigned led; /* db_session in which it leads */
    int64_t cared_us, backoff_us;
};

static void count(struct relay *r, enum relay_counter c, uint64_t n)
{
    atomic_fetch_add(&r->s.p->board->relay[c], n);
}

static enum mq_queue queue_of(const struct job *job)
{
    return job->queue == JOBS_URGENT ? MQ_URGENT : job->queue == JOBS_BULK ? MQ_BULK : MQ_NORMAL;
}

/* {"id":, "job":, "version":, "key":, "payload":}: all a message says; what is run is the row. */
static struct str body_of(struct arena *a, const PGresult *r, int i, const struct uuid *id)
{
    struct buf text;
    buf_init(&text, BODY_MAX);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    JSON_MEMBER(&w, "id", uuid, id);
    JSON_MEMBER(&w, "job", str, db_get_text(r, i, 1));
    JSON_MEMBER(&w, "version", int, db_get_int4(r, i, 4));
    JSON_MEMBER(&w, "key", str, db_get_text(r, i, 2));
    json_write_key(&w, STR("payload"));
    json_write_raw(&w, db_is_null(r, i, 3) ? STR("null") : db_get_text(r, i, 3));
    json_write_object_end(&w);
    struct str body = text.overflow ? STR("{}") : arena_str(a, buf_str(&text));
    buf_free(&text);
    return body;
}

struct parcel {
    size_t n;
    struct mq_out out[MQ_BATCH_MAX];
    enum mq_fate fates[MQ_BATCH_MAX];
    struct uuid ids[MQ_BATCH_MAX];
    int32_t claims[MQ_BATCH_MAX];
};

static enum err load(struct relay *r, struct parcel *p)
{
    struct jobs *j = r->s.p->jobs;
    struct arena *a = j->claims;
    struct db_failure failure;
    struct job_wanted *w = ARENA_NEW(a, struct job_wanted);
    job_wanted_all(w, 1, true, 0);
    struct db_batch *b = db_batch(j->db, a);
    int at = DB_ADD(b, &q_jobs_unpublished, db_text_array(a, w->names, w->n),
                    db_int4_array(a, w->versions, w->n), db_int4(a, MQ_BATCH_MAX));
    p->n = 0;
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    const PGresult *rows = db_result(b, at);
    for (int i = 0; i < PQntuples(rows) && p->n < MQ_BATCH_MAX; i++) {
        const struct job *job = job_find(db_get_text(rows, i, 1));
        char *id = arena_alloc(a, UUID_TEXT_SIZE);
        p->ids[p->n] = db_get_uuid(rows, i, 0);
        p->claims[p->n] = db_get_int4(rows, i, 5);
        uuid_format(id, &p->ids[p->n]);
        p->out[p->n] = (struct mq_out){
            .queue = queue_of(job), .id = id, .type = job->name, .body = body_of(a, rows, i, &p->ids[p->n])
        };
        p->n++;
    }
    return ERR_NONE;
}

/* What was confirmed is with the broker now. */
static enum err mark(struct relay *r, struct parcel *p)
{
    struct jobs *j = r->s.p->jobs;
    size_t sure = 0, refused = 0, lost = 0;
    for (size_t i = 0; i < p->n; i++) {
        refused += p->fates[i] == MQ_REFUSED;
        lost += p->fates[i] == MQ_UNROUTABLE;
        if (p->fates[i] == MQ_CONFIRMED) {
            p->ids[sure] = p->ids[i];
            p->claims[sure++] = p->claims[i];
        }
    }
    count(r, RELAY_CONFIRMED, sure);
    count(r, RELAY_REFUSED, refused);
    count(r, RELAY_UNROUTABLE, lost);
    if (lost > 0 || refused > 0) {
        LOG(LOG_ERROR, "the broker has no queue or no room for jobs", LOG_NUM("unroutable", lost),
            LOG_NUM("refused", refused));
        mq_close(r->mq); /* the next connection declares the queues */
    }
    struct db_failure failure;
    struct db_batch *b = db_batch(j->db, j->claims);
    (void)DB_ADD(b, &q_jobs_published, db_uuid_array(j->claims, p->ids, sure),
                 db_int4_array(j->claims, p->claims, sure));
    return sure == 0 || db_run(b, &failure) == ERR_NONE ? ERR_NONE : failure.err;
}

/* False when the broker or PostgreSQL is away. */
static bool publish(struct relay *r, size_t *n)
{
    *n = 0;
    arena_reset(r->s.p->jobs->claims);
    struct parcel *p = ARENA_NEW(r->s.p->jobs->claims, struct parcel);
    if (load(r, p) != ERR_NONE) {
        return false;
    }
    *n = p->n;
    if (p->n == 0) {
        return true;
    }
    sleeper_wake(&r->s);
    board_beat(r->s.p->slot, DEADLINE_US + r->s.p->jobs->options->broker_timeout);
    bool answered = mq_publish(r->mq, p->out, p->n, p->fates);
    count(r, RELAY_PUBLISHED, p->n);
    if (!answered) {
        LOG(LOG_WARN, "the broker has not confirmed", LOG_TEXT("reason", mq_error(r->mq)));
    }
    return mark(r, p) == ERR_NONE && answered && mq_is_open(r->mq);
}

static void publish_again(struct relay *r, int64_t age_us)
{
    struct jobs *j = r->s.p->jobs;
    struct db_failure failure;
    arena_reset(j->arena);
    struct db_batch *b = db_batch(j->db, j->arena);
    int at = DB_ADD(b, &q_jobs_lost, db_int8(j->arena, age_us));
    int64_t n = db_run(b, &failure) == ERR_NONE ? db_get_int8(db_result(b, at), 0, 0) : 0;
    if (n > 0) {
        count(r, RELAY_LOST, (uint64_t)n);
        LOG(LOG_WARN, "jobs nobody has run are published again", LOG_NUM("jobs", n));
    }
}

/* Messages that were lost, and those the broker has given up: their rows decide what becomes of them. */
static void care(struct relay *r)
{
    struct mq_in dead;
    if (clock_mono_us() - r->cared_us < CARE_US) {
        return;
    }
    r->cared_us = clock_mono_us();
    int64_t depth = mq_depth(r->mq);
    if (depth >= 0) {
        publish_again(r, depth == 0 ? LOST_US : LATE_US);
    }
    for (int i = 0; i < DEAD_MAX && mq_is_open(r->mq) && mq_take_dead(r->mq, &dead); i++) {
        LOG(LOG_ERROR, "the broker has given a message up", LOG_TEXT("id", dead.id));
    }
}

static bool connected(struct relay *r)
{
    if (mq_is_open(r->mq)) {
        return true;
    }
    if (mq_open(r->mq)) {
        count(r, RELAY_CONNECTIONS, 1);
        log_msg(LOG_INFO, "relay has a broker");
        r->cared_us = 0;
        r->backoff_us = 0;
        return true;
    }
    r->backoff_us = r->backoff_us == 0 ? BACKOFF_US : r->backoff_us * 2;
    r->backoff_us = r->backoff_us < BACKOFF_MAX ? r->backoff_us : BACKOFF_MAX;
    LOG(LOG_WARN, "the broker cannot be reached", LOG_TEXT("reason", mq_error(r->mq)));
    return false;
}

static bool leads(struct relay *r)
{
    struct jobs *j = r->s.p->jobs;
    if (job_session(j, true) != ERR_NONE) {
        return false;
    }
    if (r->led != db_session(j->db)) {
        const PGresult *got = sleeper_ask(&r->s, &q_jobs_relay);
        r->led = got && db_get_bool(got, 0, 0) ? db_session(j->db) : 0;
    }
    return r->led != 0;
}

static void step(struct relay *r)
{
    size_t n;
    board_beat(r->s.p->slot, DEADLINE_US + r->s.p->jobs->options->broker_timeout);
    if (!leads(r)) {
        sleeper_await(&r->s, LEAD_US);
        return;
    }
    if (!connected(r)) {
        sleeper_await(&r->s, r->backoff_us);
        return;
    }
    care(r);
    if (!publish(r, &n)) {
        sleeper_await(&r->s, BACKOFF_US);
    } else if (n == 0 && sleeper_tired(&r->s) && publish(r, &n) && n == 0) {
        sleeper_sleep(&r->s);
    }
}

void relay_run(const struct job_process *p)
{
    struct relay r = { .s.p = p, .mq = mq_create(p->jobs->options) };
    while (!*p->stop) {
        step(&r);
    }
    mq_free(r.mq);
}
