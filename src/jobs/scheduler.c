/* The scheduler: starts what is due by the calendar, and frees what the dead had. */
#include "base/clock.h"
#include "base/log.h"
#include "db/queries.h"
#include "jobs/schedule.h"
#include "jobs/sleeper.h"

#define TICK_US 1000000
#define LOOK_US (15 * INT64_C(1000000)) /* for rows of runners that died elsewhere */

static bool lead(struct sleeper *r)
{
    const PGresult *got = sleeper_ask(r, &q_jobs_lead);
    return got && db_get_bool(got, 0, 0);
}

/* Without a broker nobody waits for its messages. */
static void unpublish(struct sleeper *s)
{
    struct jobs *j = s->p->jobs;
    struct db_failure failure;
    arena_reset(j->arena);
    struct db_batch *b = db_batch(j->db, j->arena);
    (void)DB_ADD(b, &q_jobs_lost, db_int8(j->arena, -60000000));
    if (!j->options->broker[0] && db_run(b, &failure) != ERR_NONE) {
        LOG(LOG_WARN, "rows that were published could not be taken back");
    }
}

static void release(struct sleeper *r)
{
    const PGresult *freed = sleeper_ask(r, &q_jobs_release);
    if (freed && db_get_int8(freed, 0, 0) > 0) {
        LOG(LOG_WARN, "jobs of runners that have died wait again", LOG_NUM("jobs", db_get_int8(freed, 0, 0)));
    }
}

void scheduler_run(const struct job_process *p)
{
    struct sleeper r = { .p = p };
    unsigned led = 0;
    uint64_t seen = 0;
    int64_t looked = 0;
    while (!*p->stop) {
        int64_t wait = TICK_US;
        board_beat(p->slot, 4 * TICK_US + p->jobs->options->database_timeout);
        if (db_session(p->jobs->db) == 0 || led != db_session(p->jobs->db)) {
            led = lead(&r) ? db_session(p->jobs->db) : 0;
            LOG(led ? LOG_INFO : LOG_DEBUG,
                led ? "leads the schedules" : "somebody else leads the schedules");
            unpublish(&r);
        }
        uint64_t asked = atomic_load(&p->board->releases);
        if (asked != seen || clock_mono_us() - looked > LOOK_US) {
            seen = asked;
            looked = clock_mono_us();
            release(&r);
        }
        if (led && schedules_tick(p->jobs, &wait) != ERR_NONE) {
            led = 0;
        }
        atomic_store(&p->board->leading, led != 0);
        sleeper_await(&r, wait < TICK_US ? wait : TICK_US);
    }
}
