/* Schedules. */
#include "jobs/schedule.h"

#include "base/log.h"
#include "db/queries.h"
#include "jobs/cron.h"
#include "jobs/internal.h"

#include <stdlib.h>

#define SECOND_US INT64_C(1000000)
#define GRACE_US  (60 * SECOND_US) /* a run so late is not missed */

#define JOB(id)   extern const struct job job_##id;
#include "jobs/jobs.def"
#undef JOB

const struct schedule schedule_registry[] = {
#define SCHEDULE(name, cron, zone, job, missed) { name, cron, zone, &job_##job, CATCH_UP_##missed },
#include "jobs/schedules.def"
#undef SCHEDULE
    { NULL, NULL, NULL, NULL, CATCH_UP_ONCE },
};

const char *catch_up_name(enum catch_up c)
{
    static const char *const names[] = { "once", "skip", "each" };
    return names[c];
}

const struct schedule *schedule_find(struct str name)
{
    for (const struct schedule *s = schedule_registry; s->name; s++) {
        if (str_eqz(name, s->name)) {
            return s;
        }
    }
    return NULL;
}

static struct cron cron_of(const struct schedule *s)
{
    struct cron c;
    const char *wrong = cron_parse(&c, s->cron);
    if (wrong) { /* a constant, which the units look at */
        LOG(LOG_ERROR, "a schedule cannot be read", LOG_TEXT("schedule", s->name), LOG_TEXT("wrong", wrong));
        abort();
    }
    return c;
}

void schedule_judge(const struct schedule *s, int64_t was_us, int64_t now_us, struct schedule_due *out)
{
    struct cron c = cron_of(s);
    int64_t next = cron_next(&c, s->zone, now_us);
    out->next_us = next;
    out->count = 0;
    if (was_us == 0 || was_us > now_us) {
        return; /* new, or business time went back */
    }
    if (s->catch_up == CATCH_UP_EACH) {
        for (int64_t at = was_us; at > 0 && at <= now_us && out->count < SCHEDULE_RUNS_MAX;) {
            out->runs_us[out->count++] = at;
            at = cron_next(&c, s->zone, at);
            out->next_us = at;
        }
        return;
    }
    /* The latest that is due; one second back from the next nothing else is. */
    int64_t latest = was_us;
    if (s->catch_up == CATCH_UP_SKIP) {
        int64_t after = now_us - GRACE_US > was_us ? now_us - GRACE_US : was_us - 1;
        latest = cron_next(&c, s->zone, after);
    }
    if (latest > 0 && latest <= now_us) {
        out->runs_us[out->count++] = latest;
    }
}

struct known { /* what the table says of a schedule */
    bool there;
    int64_t next_us;
};

static struct known known_of(const PGresult *r, const char *name)
{
    for (int i = 0; i < PQntuples(r); i++) {
        if (!db_is_null(r, i, 1) && str_eqz(db_get_text(r, i, 1), name)) {
            return (struct known){ true, db_get_timestamptz(r, i, 2) };
        }
    }
    return (struct known){ false, 0 };
}

static void add_move(struct jobs *j, struct db_batch *b, const struct schedule *s, const struct known *k,
                     const struct schedule_due *due)
{
    struct arena *a = j->arena;
    int64_t *seconds = ARENA_ARRAY(a, int64_t, due->count + 1);
    for (size_t i = 0; i < due->count; i++) {
        seconds[i] = due->runs_us[i] / SECOND_US;
    }
    (void)DB_ADD(b, &q_schedule_move, db_text(str_from(s->name)), db_text(str_from(s->job->name)),
                 k->there ? db_timestamptz(a, k->next_us) : db_null(DB_TIMESTAMPTZ),
                 db_timestamptz(a, due->next_us), db_int8_array(a, seconds, due->count));
}

/* At most so many at once, so that a batch stays small. */
static enum err move_due(struct jobs *j, const PGresult *r, int64_t now_us, int64_t *first_us)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(j->db, j->arena);
    struct schedule_due *due = ARENA_NEW(j->arena, struct schedule_due);
    size_t moved = 0;
    for (const struct schedule *s = schedule_registry; s->name; s++) {
        struct known k = known_of(r, s->name);
        schedule_judge(s, k.there && k.next_us <= now_us ? k.next_us : 0, now_us, due);
        if (due->next_us > 0 && (!k.there || k.next_us <= now_us || k.next_us > due->next_us)) {
            add_move(j, b, s, &k, due);
            moved++;
        }
        int64_t next = due->next_us;
        *first_us = next > 0 && (*first_us == 0 || next < *first_us) ? next : *first_us;
    }
    return moved == 0 || db_run(b, &failure) == ERR_NONE ? ERR_NONE : failure.err;
}

enum err schedules_tick(struct jobs *j, int64_t *wait_us)
{
    struct db_failure failure;
    arena_reset(j->arena);
    struct db_batch *b = db_batch(j->db, j->arena);
    int at = DB_ADD(b, &q_schedules_read, db_int4(j->arena, 0));
    *wait_us = SECOND_US;
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    const PGresult *r = db_result(b, at);
    int64_t now = db_get_timestamptz(r, 0, 0), first = 0;
    enum err e = move_due(j, r, now, &first);
    *wait_us = first > now ? first - now : *wait_us;
    return e;
}
