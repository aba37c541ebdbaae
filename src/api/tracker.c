/* The loop of the tracker. */
#include "api/tracker.h"

#include "base/blocklist.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/title.h"
#include "db/queries.h"
#include "tracking/request_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define ARENA_BLOCK   (256 * 1024)
#define ARENA_CEILING (64 * 1024 * 1024)
#define FETCH_BLOCKS  (BLOCKLIST_MAX + 1) /* one more tells that there are too many */
#define LAST_WORDS_US 1000000             /* beyond drain_timeout, if a worker does not go */

struct tracker {
    const struct tracker_setup *setup;
    struct db *db;
    struct arena *arena;
    struct locations *locations;
    sigset_t open;
    bool locked;
    bool complained;
    bool known;      /* a list was read */
    int64_t edition; /* of it */
    size_t enough;   /* notes that are worth another statement at once; others wait for more */
};

static volatile sig_atomic_t ending;

static void on_end(int sig)
{
    (void)sig;
    ending = 1;
}

/* Signals come in only while it waits. */
static void signals_start(sigset_t *open)
{
    struct sigaction end = { .sa_handler = on_end };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigset_t closed;
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGUSR1, &ignore, NULL);
    sigemptyset(open);
    sigemptyset(&closed);
    sigaddset(&closed, SIGTERM);
    sigaddset(&closed, SIGINT);
    sigprocmask(SIG_SETMASK, &closed, NULL);
}

static void wait_for(const struct tracker *t, int64_t us)
{
    struct timespec most = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
    ppoll(NULL, 0, &most, &t->open);
}

static bool lock(struct tracker *t)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    t->locked = t->locked || fcntl(t->setup->board_fd, F_SETLK, &whole) == 0;
    return t->locked;
}

/* One line when it begins and one when it is over. */
static void note_failure(struct tracker *t, enum err e)
{
    if (e && !t->complained) {
        LOG(LOG_WARN, "the tracker cannot use the database", LOG_TEXT("code", err_info(e)->code),
            LOG_TEXT("error", db_error(t->db)));
    } else if (!e && t->complained) {
        log_msg(LOG_INFO, "the tracker can use the database again");
    }
    t->complained = e != ERR_NONE;
}

/* ---- blocklist ---- */

static struct blocklist_network read_network(const PGresult *r, int row)
{
    struct blocklist_network n = { .until_us = BLOCKLIST_FOREVER };
    (void)address_parse(db_get_text(r, row, 0), &n.first); /* PostgreSQL wrote it */
    n.prefix = (unsigned)db_get_int4(r, row, 1) + (address_is_v4(&n.first) ? 96 : 0);
    if (!db_is_null(r, row, 2)) {
        n.until_us = db_get_int8(r, row, 2);
    }
    return n;
}

static void replace(struct tracker *t, const PGresult *r)
{
    int count = PQntuples(r);
    struct blocklist_network *networks = ARENA_ARRAY(t->arena, struct blocklist_network, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        networks[i] = read_network(r, i);
    }
    if (!blocklist_replace(scoreboard_blocklist(t->setup->board), networks, (size_t)count)) {
        LOG(LOG_ERROR, "more networks are blocked than fit, the oldest are let through",
            LOG_NUM("most", BLOCKLIST_MAX));
    }
}

/* The edition is read before the list: a change in between is read again. */
static enum err blocks_refresh(struct tracker *t)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(t->db, t->arena);
    int edition = db_add(b, &q_blocks_edition, NULL, 0);
    enum err e = db_run(b, &failure);
    if (e) {
        return e;
    }
    int64_t now = db_get_int8(db_result(b, edition), 0, 0);
    if (t->known && now == t->edition) {
        return ERR_NONE;
    }
    b = db_batch(t->db, t->arena);
    int list = DB_ADD(b, &q_blocks_all, db_int8(t->arena, FETCH_BLOCKS));
    e = db_run(b, &failure);
    if (!e) {
        replace(t, db_result(b, list));
        t->known = true;
        t->edition = now;
    }
    return e;
}

/* ---- log ---- */

/* What the database refuses for good would be in the way for ever. */
static bool is_hopeless(enum err e)
{
    return e != ERR_NONE && e != ERR_UNAVAILABLE && e != ERR_TIMEOUT && e != ERR_OUTCOME_UNKNOWN;
}

static enum err drain(struct tracker *t, struct request_ring *ring)
{
    const struct request_note *notes;
    size_t count;
    enum err e = ERR_NONE;
    while (!e && (count = request_ring_peek(ring, &notes, REQUEST_LOG_BATCH)) > 0) {
        e = request_log_write(t->db, t->arena, t->setup->board, t->locations, notes, count);
        arena_reset(t->arena);
        if (is_hopeless(e)) {
            LOG(LOG_ERROR, "requests could not be logged", LOG_NUM("count", count),
                LOG_TEXT("code", err_info(e)->code), LOG_TEXT("error", db_error(t->db)));
            e = ERR_NONE;
        }
        request_ring_drop(ring, e ? 0 : count);
    }
    return e;
}

/* What there is in all rings, in one statement: that and its commit cost more than the few rows of one ring.
 * *count: how many were written. */
static enum err drain_together(struct tracker *t, size_t *count)
{
    struct scoreboard *board = t->setup->board;
    unsigned slots = scoreboard_slots_used(board);
    size_t *taken = ARENA_ARRAY(t->arena, size_t, slots);
    struct request_note *notes = ARENA_ARRAY(t->arena, struct request_note, REQUEST_LOG_BATCH);
    enum err e = ERR_NONE;
    *count = 0;
    for (unsigned i = 0; i < slots; i++) {
        const struct request_note *from;
        taken[i] =
            request_ring_peek(scoreboard_ring(scoreboard_slot(board, i)), &from, REQUEST_LOG_BATCH - *count);
        memcpy(notes + *count, from, taken[i] * sizeof(*notes));
        *count += taken[i];
    }
    if (*count > 0) {
        e = request_log_write(t->db, t->arena, board, t->locations, notes, *count);
    }
    for (unsigned i = 0; !e && i < slots; i++) {
        request_ring_drop(scoreboard_ring(scoreboard_slot(board, i)), taken[i]);
    }
    arena_reset(t->arena);
    return e;
}

static enum err drain_all(struct tracker *t)
{
    enum err e;
    size_t count;
    do {
        e = drain_together(t, &count);
    } while (!e && count >= t->enough);
    if (!is_hopeless(e)) {
        return e;
    }
    e = ERR_NONE; /* one of them; the others shall not go with it */
    for (unsigned i = 0; !e && i < scoreboard_slots_used(t->setup->board); i++) {
        e = drain(t, scoreboard_ring(scoreboard_slot(t->setup->board, i)));
    }
    return e;
}

static void step(struct tracker *t)
{
    if (!lock(t)) { /* an earlier generation's is at work */
        return;
    }
    enum err e = blocks_refresh(t);
    arena_reset(t->arena);
    if (!e) {
        e = drain_all(t);
    }
    note_failure(t, e);
}

/* ---- end ---- */

/* Some worker of this generation may have something to say yet. Of a later one: it has a tracker of its own.
 */
static bool is_needed(const struct tracker *t)
{
    bool living = false;
    for (unsigned i = 0; i < scoreboard_slots_used(t->setup->board); i++) {
        const struct scoreboard_slot *s = scoreboard_slot(t->setup->board, i);
        if (atomic_load_explicit(&s->generation, memory_order_relaxed) > t->setup->generation) {
            return false;
        }
        living = living || atomic_load_explicit(&s->pid, memory_order_relaxed) != 0;
    }
    return living && getppid() == t->setup->supervisor;
}

static void end(struct tracker *t)
{
    int64_t last_us = clock_mono_us() + t->setup->options->drain_timeout + LAST_WORDS_US;
    t->enough = 1;
    while (is_needed(t) && clock_mono_us() < last_us) {
        step(t);
        wait_for(t, TRACKER_EVERY_US / 4);
    }
    step(t);
}

int tracker_run(const struct tracker_setup *setup)
{
    struct tracker t = { .setup = setup, .enough = REQUEST_LOG_BATCH };
    title_set("nexus-tracker", "nexus-api: tracker");
    signals_start(&t.open);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != setup->supervisor) {
        return EXIT_FAILURE;
    }
    t.db = db_create(setup->options, DB_ROLE_API);
    t.arena = arena_create(ARENA_BLOCK, ARENA_CEILING);
    t.locations = locations_open(setup->options->location_database);
    while (!ending) {
        step(&t);
        wait_for(&t, TRACKER_EVERY_US);
    }
    end(&t);
    locations_close(t.locations);
    db_close(t.db);
    arena_destroy(t.arena);
    return EXIT_SUCCESS;
}
