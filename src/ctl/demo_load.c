/* Several connections, each with a thread and one transaction. */
#include "ctl/demo_load.h"

#include "base/clock.h"
#include "ctl/demo_rows.h"
#include "ctl/indexes.h"
#include "ctl/term.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define POLL_NS     100000000
#define TEXT_MAX    4096
#define CHECK_EVERY 1024 /* calls between looks at what the other threads do */

struct load;

struct lane {
    struct load *load;
    int number;
    PGconn *c;
    struct arena *memory;
    struct demo_writer writer;
    pthread_t thread;
    bool ok;
    bool (*step)(struct lane *l, int which); /* what is done with each table of the lane */
};

struct load {
    const struct demo_world *world;
    struct demo_timing *timings;
    struct lane lanes[DEMO_LANES];
    int lane_count;
    int16_t amenity_ids[64];
    atomic_llong done;   /* calls of all tables */
    atomic_int finished; /* lanes */
    atomic_bool failed;
};

static const char *const session_sql = "set maintenance_work_mem = '384MB';"
                                       "set idle_in_transaction_session_timeout = 0;"
                                       "set statement_timeout = 0;"
                                       "set lock_timeout = '10s';";

/* The search index is computed here and foreign keys hold by construction: no trigger has anything to add. */
static const char *const fast_sql = "set session_replication_role = replica; begin";

static bool lane_has(const struct lane *l, const struct demo_rows *r)
{
    return l->load->lane_count == 1 || r->lane == l->number;
}

static bool write_rows(struct lane *l, const struct demo_rows *r, bool frozen)
{
    struct load *load = l->load;
    int64_t calls = demo_rows_calls(r, load->world);
    char sql[512];
    snprintf(sql, sizeof(sql), "copy %s (%s) from stdin (format binary%s)", r->table, r->columns,
             frozen ? ", freeze" : "");
    if (!copy_begin(&l->writer.copy, l->c, sql)) {
        return false;
    }
    for (int64_t i = 0; i < calls && !l->writer.copy.failed; i++) {
        r->write(&l->writer, i);
        if (i % CHECK_EVERY == CHECK_EVERY - 1) {
            atomic_fetch_add(&load->done, CHECK_EVERY);
            l->writer.copy.failed |= atomic_load(&load->failed);
        }
    }
    atomic_fetch_add(&load->done, calls % CHECK_EVERY);
    return copy_end(&l->writer.copy);
}

static bool load_table(struct lane *l, int which)
{
    const struct demo_rows *r = &demo_rows[which];
    struct demo_timing *t = &l->load->timings[which];
    struct indexes indexes;
    int64_t start = clock_mono_us();
    bool ok = indexes_drop(l->c, r->table, l->memory, &indexes) && write_rows(l, r, indexes.truncated);
    t->copy_us = clock_mono_us() - start;
    ok = ok && indexes_make(l->c, &indexes);
    t->index_us = clock_mono_us() - start - t->copy_us;
    return ok;
}

/* Marks the rows as visible to all, which reads would otherwise do one by one, and looks at them for the
 * planner. */
static bool vacuum_table(struct lane *l, int which)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "vacuum (analyze) %s", demo_rows[which].table);
    return pg_exec(l->c, sql);
}

static void *lane_main(void *arg)
{
    struct lane *l = arg;
    l->ok = true;
    for (int i = 0; i < demo_rows_count && l->ok && !atomic_load(&l->load->failed); i++) {
        l->ok = !lane_has(l, &demo_rows[i]) || l->step(l, i);
    }
    if (!l->ok) {
        atomic_store(&l->load->failed, true);
    }
    atomic_fetch_add(&l->load->finished, 1);
    return NULL;
}

static bool triggers(PGconn *c, const char *what)
{
    bool ok = true;
    char sql[160];
    for (int i = 0; ok && i < demo_rows_count; i++) {
        snprintf(sql, sizeof(sql), "alter table %s %s trigger user", demo_rows[i].table, what);
        ok = pg_exec(c, sql);
    }
    return ok;
}

static bool lane_begin(struct lane *l)
{
    if (!pg_exec(l->c, session_sql)) {
        return false;
    }
    return l->load->lane_count > 1
               ? pg_exec(l->c, fast_sql)
               : pg_exec(l->c, "begin; set constraints all immediate") && triggers(l->c, "disable");
}

static bool lane_open(struct load *load, int number, const struct options *o, enum ctl_exit *exit)
{
    struct lane *l = &load->lanes[number];
    l->load = load;
    l->number = number;
    l->c = pg_connect(o, exit);
    if (!l->c) {
        return false;
    }
    l->memory = arena_create(16384, (size_t)1 << 24);
    l->writer.world = load->world;
    l->writer.amenity_ids = load->amenity_ids;
    buf_init(&l->writer.text, TEXT_MAX);
    return true;
}

static void lane_close(struct lane *l)
{
    if (l->c) {
        buf_free(&l->writer.text);
        arena_destroy(l->memory);
        pg_close(l->c);
    }
}

static bool read_amenities(struct load *load)
{
    PGresult *r = pg_query(load->lanes[0].c, "select slug, id from amenities");
    for (int i = 0; r && i < PQntuples(r); i++) {
        for (int k = 0; k < demo_amenity_count; k++) {
            int64_t id;
            if (str_eqz(str_from(PQgetvalue(r, i, 0)), demo_amenities[k]) &&
                str_int64(str_from(PQgetvalue(r, i, 1)), &id)) {
                load->amenity_ids[k] = (int16_t)id;
            }
        }
    }
    PQclear(r);
    return r != NULL;
}

/* Addresses are made from seed and count, so one tells whether this content is there. */
static bool is_new(struct load *load)
{
    struct buf *text = &load->lanes[0].writer.text;
    demo_user_email(load->world, 0, text);
    buf_addc(text, '\0');
    const char *email = text->p;
    PGresult *r = pg_query_params(load->lanes[0].c, "select 1 from users where email = $1", 1, &email);
    bool found = r && PQntuples(r) > 0;
    if (found) {
        ctl_say("%lld properties with seed %llu are there already; choose another --seed",
                (long long)load->world->properties, (unsigned long long)load->world->seed);
    }
    buf_reset(text);
    PQclear(r);
    return r && !found;
}

static bool choose_lanes(struct load *load)
{
    int64_t may;
    if (!pg_number(load->lanes[0].c,
                   "select has_parameter_privilege('session_replication_role', 'set')::integer", 0, &may)) {
        return false;
    }
    load->lane_count = may ? DEMO_LANES : 1;
    if (!may) {
        ctl_say("loading slowly: this role may not set session_replication_role");
    }
    return true;
}

static void cancel_all(struct load *load)
{
    char why[256];
    for (int i = 0; i < load->lane_count; i++) {
        PGcancel *cancel = PQgetCancel(load->lanes[i].c);
        if (cancel) {
            PQcancel(cancel, why, sizeof(why));
            PQfreeCancel(cancel);
        }
    }
}

static void watch_lanes(struct load *load, struct progress *progress, int started)
{
    bool cancelled = false;
    while (atomic_load(&load->finished) < started) {
        nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
        progress_set(progress, atomic_load(&load->done));
        if (atomic_load(&load->failed) && !cancelled) {
            cancel_all(load);
            cancelled = true;
        }
    }
    progress->done = 0;
    progress_end(progress, NULL);
}

/* `step` for every table, each lane in a thread. */
static bool run_lanes(struct load *load, struct progress *progress, bool (*step)(struct lane *, int))
{
    int started = 0;
    bool ok = true;
    atomic_store(&load->finished, 0);
    for (int i = 0; i < load->lane_count && ok; i++) {
        struct lane *l = &load->lanes[i];
        l->step = step;
        ok = pthread_create(&l->thread, NULL, lane_main, l) == 0;
        started += ok;
    }
    if (!ok) {
        atomic_store(&load->failed, true);
    }
    watch_lanes(load, progress, started);
    for (int i = 0; i < started; i++) {
        pthread_join(load->lanes[i].thread, NULL);
        ok = ok && load->lanes[i].ok;
    }
    return ok;
}

static bool begin_lanes(struct load *load)
{
    bool ok = true;
    for (int i = 0; i < load->lane_count && ok; i++) {
        ok = lane_begin(&load->lanes[i]);
    }
    return ok;
}

/* What is referred to first: lane 1 has users and properties, 2 bookings, 0 nights. */
static bool commit_lanes(struct load *load)
{
    static const int order[DEMO_LANES] = { 1, 2, 0 };
    bool ok = true;
    for (int i = 0; i < DEMO_LANES && ok; i++) {
        if (order[i] < load->lane_count) {
            ok = pg_exec(load->lanes[order[i]].c, "commit");
        }
    }
    return ok;
}

static bool load_rows(struct load *load, bool quiet)
{
    struct progress progress;
    int64_t total = 0;
    for (int i = 0; i < demo_rows_count; i++) {
        total += demo_rows_calls(&demo_rows[i], load->world);
    }
    if (!begin_lanes(load)) {
        return false;
    }
    progress_start(&progress, "rows and indexes", total, quiet);
    return run_lanes(load, &progress, load_table) &&
           (load->lane_count > 1 || triggers(load->lanes[0].c, "enable")) && commit_lanes(load) &&
           pg_exec(load->lanes[0].c, "select ledger_fill()");
}

static enum ctl_exit load_all(struct load *load, bool quiet)
{
    struct progress progress;
    if (!load_rows(load, quiet)) {
        return CTL_FAILED;
    }
    progress_start(&progress, "statistics", 0, quiet);
    atomic_store(&load->done, 0);
    return run_lanes(load, &progress, vacuum_table) ? CTL_OK : CTL_FAILED;
}

enum ctl_exit demo_load(const struct options *o, const struct demo_world *w, bool quiet,
                        struct demo_timing *timings)
{
    struct load load = { .world = w, .timings = timings, .lane_count = 1 };
    enum ctl_exit exit = CTL_FAILED;
    bool ok = lane_open(&load, 0, o, &exit) && is_new(&load) && read_amenities(&load) && choose_lanes(&load);
    for (int i = 1; i < load.lane_count && ok; i++) {
        ok = lane_open(&load, i, o, &exit);
    }
    if (ok) {
        exit = load_all(&load, quiet);
    }
    for (int i = 0; i < DEMO_LANES; i++) {
        lane_close(&load.lanes[i]);
    }
    return exit;
}
