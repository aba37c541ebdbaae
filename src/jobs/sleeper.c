/* Waiting for rows. */
#include "jobs/sleeper.h"

#include "base/clock.h"
#include "db/queries.h"

#define NAP_US     20000
#define NAPPING_US 300000  /* after the last work */
#define SLEEP_US   1000000 /* at most */
#define TOLD_MAX   64

void sleeper_await(struct sleeper *s, int64_t us)
{
    char told[TOLD_MAX];
    while (!*s->p->stop && db_await(s->p->jobs->db, us, s->p->open, told, sizeof(told))) {
        us = 0; /* what else there is of the same news */
    }
}

const PGresult *sleeper_ask(struct sleeper *s, const struct db_statement *statement)
{
    struct db_failure failure;
    arena_reset(s->p->jobs->arena);
    struct db_batch *b = db_batch(s->p->jobs->db, s->p->jobs->arena);
    int at = db_add(b, statement, NULL, 0);
    return db_run(b, &failure) == ERR_NONE ? db_result(b, at) : NULL;
}

void sleeper_wake(struct sleeper *s)
{
    s->worked_us = clock_mono_us();
    if (s->bell && s->session == db_session(s->p->jobs->db)) {
        (void)sleeper_ask(s, &q_jobs_wake);
    }
    s->bell = false;
}

bool sleeper_tired(struct sleeper *s)
{
    if (clock_mono_us() - s->worked_us < NAPPING_US) {
        sleeper_await(s, NAP_US);
        return false;
    }
    if (!s->bell || s->session != db_session(s->p->jobs->db)) {
        const PGresult *got = sleeper_ask(s, &q_jobs_sleep);
        s->bell = got && db_get_bool(got, 0, 0);
        s->session = db_session(s->p->jobs->db);
    }
    return true;
}

void sleeper_sleep(struct sleeper *s)
{
    sleeper_await(s, job_rows_next(s->p->jobs, SLEEP_US));
}
