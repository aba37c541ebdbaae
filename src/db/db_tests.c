/* Tests of src/db against a real server: without one in the environment the program starts itself again under
 * tests/with-postgres. */
#include "db/copy.h"
#include "db/internal.h"
#include "db/queries.h"

#include "base/clock.h"
#include "base/log.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct options *options;
static struct db *db;
static struct arena *arena;
static struct db_failure failure;

static const struct db_statement echo = { "echo",
                                          "select $1::bool, $2::int4, $3::int8, $4::float8, $5::text, "
                                          "$6::uuid, $7::date, $8::timestamptz, $9::bytea",
                                          9, true };
static const struct db_statement arrays = {
    "arrays",
    "select $1::text[]::text, $2::uuid[]::text, $3::int8[]::text, $4::int4[]::text, $5::date[]::text", 5, true
};
static const struct db_statement pid = { "pid", "select pg_backend_pid()", 0, true };
static const struct db_statement show_notes = { "show_notes", "select count(*) from notes", 0, true };
static const struct db_statement add_note = { "add_note", "insert into notes (note) values ($1)", 1, false };
static const struct db_statement load_notes = { "load_notes",
                                                "copy notes (note, other) from stdin (format binary)", 0,
                                                false };
static const struct db_statement load_nowhere = { "load_nowhere", "copy nowhere from stdin", 0, false };
static const struct db_statement broken = { "broken", "select no_such_column from notes", 0, true };
static const struct db_statement raise_it = { "raise_it", "select raise_state($1)", 1, true };
static const struct db_statement snooze = { "snooze", "select pg_sleep($1)", 1, true };
static const struct db_statement write_slowly = {
    "write_slowly",
    "with s as materialized (select pg_sleep($1)) insert into notes (note) select 'slow' from s", 1, false
};

/* As superuser, by psql: what the API role may not do. */
static void super(const char *sql)
{
    char command[2048];
    snprintf(command, sizeof(command),
             "PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 "
             "\"$NEXUS_TEST_SUPERUSER\" >/dev/null <<'SQL'\n%s\nSQL",
             sql);
    ck_assert_int_eq(system(command), 0);
}

static void setup(void)
{
    char error[256];
    options = options_load(NULL, error, sizeof(error));
    ck_assert_msg(options != NULL, "%s", error);
    options->database_timeout = 1000000;
    options->database_lock_timeout = 200000;
    options->database_retry = 100000;
    options->database_connect_timeout = 300000;
    log_init("db_tests", LOG_ERROR);
    arena = arena_create(16384, 1 << 24);
    db = db_create(options, DB_ROLE_API);
    super("create table if not exists notes (note text constraint users_email_key check (note <> 'taken'), "
          "other int "
          "constraint c check (other > 0));"
          "truncate notes; alter table notes drop column if exists extra; grant all on notes to nexus_api;"
          "create or replace function raise_state(s text) returns void language plpgsql as "
          "$$ begin raise exception 'as asked' using errcode = s; end $$;");
}

static void teardown(void)
{
    arena_destroy(arena);
    db_close(db);
    options_free(options);
}

static enum err run1(const struct db_statement *s, const struct db_param *params, const PGresult **r)
{
    struct db_batch *b = db_batch(db, arena);
    int i = db_add(b, s, params, s->nparams);
    enum err e = db_run(b, &failure);
    *r = db_result(b, i);
    return e;
}

static int64_t notes(void)
{
    const PGresult *r;
    ck_assert_int_eq(run1(&show_notes, NULL, &r), ERR_NONE);
    return db_get_int8(r, 0, 0);
}

static int backend(void)
{
    const PGresult *r;
    ck_assert_int_eq(run1(&pid, NULL, &r), ERR_NONE);
    return db_get_int4(r, 0, 0);
}

static enum err note(const char *text)
{
    const PGresult *r;
    struct db_param p = db_text(str_from(text));
    return run1(&add_note, &p, &r);
}

/* --- values and batches --- */

START_TEST(values_go_there_and_back)
{
    struct uuid u = uuid_v7();
    date_t day = date_from_ymd(2026, 2, 28);
    struct db_batch *b = db_batch(db, arena);
    int i =
        DB_ADD(b, &echo, db_bool(arena, true), db_int4(arena, -7), db_int8(arena, INT64_MIN),
               db_float8(arena, -0.5), db_text(STR("gr\xc3\xbc\xc3\x9f")), db_uuid(&u), db_date(arena, day),
               db_timestamptz(arena, INT64_C(1767323045678901)), db_bytea((struct str){ "\0\1", 2 }));
    int n = DB_ADD(b, &echo, db_null(DB_BOOL), db_null(DB_INT4), db_null(DB_INT8), db_null(DB_FLOAT8),
                   db_text(STR_NONE), db_uuid(NULL), db_null(DB_DATE), db_null(DB_TIMESTAMPTZ),
                   db_bytea(STR_NONE));
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    const PGresult *r = db_result(b, i);
    ck_assert(db_get_bool(r, 0, 0));
    ck_assert_int_eq(db_get_int4(r, 0, 1), -7);
    ck_assert_int_eq(db_get_int8(r, 0, 2), INT64_MIN);
    ck_assert_double_eq(db_get_float8(r, 0, 3), -0.5);
    ck_assert(str_eqz(db_get_text(r, 0, 4), "gr\xc3\xbc\xc3\x9f"));
    struct uuid back = db_get_uuid(r, 0, 5);
    ck_assert(uuid_eq(&back, &u));
    ck_assert_int_eq(db_get_date(r, 0, 6), day);
    ck_assert_int_eq(db_get_timestamptz(r, 0, 7), INT64_C(1767323045678901));
    ck_assert(str_eq(db_get_text(r, 0, 8), (struct str){ "\0\1", 2 }));
    for (int c = 0; c < 9; c++) {
        ck_assert(db_is_null(db_result(b, n), 0, c));
    }
    ck_assert_int_eq(db_statements(db), 2);
    ck_assert_int_eq(db_statements(db), 0);
}
END_TEST

START_TEST(arrays_are_understood)
{
    struct uuid u;
    ck_assert(uuid_parse(STR("00112233-4455-6677-8899-aabbccddeeff"), &u));
    struct db_batch *b = db_batch(db, arena);
    int full = DB_ADD(b, &arrays, db_text_array(arena, (struct str[]){ STR("a b"), STR("") }, 2),
                      db_uuid_array(arena, &u, 1), db_int8_array(arena, (int64_t[]){ 1, -1 }, 2),
                      db_int4_array(arena, (int32_t[]){ 3 }, 1), db_date_array(arena, (date_t[]){ 0, 1 }, 2));
    int none =
        DB_ADD(b, &arrays, db_text_array(arena, NULL, 0), db_uuid_array(arena, NULL, 0),
               db_int8_array(arena, NULL, 0), db_int4_array(arena, NULL, 0), db_date_array(arena, NULL, 0));
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    static const char *const want[] = { "{\"a b\",\"\"}", "{00112233-4455-6677-8899-aabbccddeeff}", "{1,-1}",
                                        "{3}", "{1970-01-01,1970-01-02}" };
    for (int c = 0; c < 5; c++) {
        ck_assert(str_eqz(db_get_text(db_result(b, full), 0, c), want[c]));
        ck_assert(str_eqz(db_get_text(db_result(b, none), 0, c), "{}"));
    }
}
END_TEST

START_TEST(a_failed_batch_leaves_nothing)
{
    struct db_batch *b = db_batch(db, arena);
    DB_ADD(b, &add_note, db_text(STR("one")));
    int bad = db_add(b, &broken, NULL, 0);
    DB_ADD(b, &add_note, db_text(STR("two")));
    ck_assert_int_eq(db_run(b, &failure), ERR_INTERNAL);
    ck_assert_int_eq(failure.statement, bad);
    ck_assert_str_eq(failure.sqlstate, "42703");
    ck_assert_int_eq(notes(), 0);
    ck_assert_int_eq(note("three"), ERR_NONE);
    ck_assert_int_eq(notes(), 1);
}
END_TEST

START_TEST(a_large_batch_does_not_block)
{
    size_t size = 300000;
    char *text = arena_alloc(arena, size);
    memset(text, 'x', size);
    struct db_batch *b = db_batch(db, arena);
    for (int i = 0; i < 40; i++) {
        DB_ADD(b, &echo, db_bool(arena, true), db_int4(arena, 1), db_int8(arena, 1), db_float8(arena, 1),
               db_text((struct str){ text, size }), db_uuid(NULL), db_date(arena, 1),
               db_timestamptz(arena, 1), db_bytea((struct str){ text, size }));
    }
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    ck_assert_uint_eq(db_get_text(db_result(b, 39), 0, 8).n, size);
}
END_TEST

/* --- transactions --- */

START_TEST(an_explicit_transaction_spans_batches)
{
    struct db_batch *b = db_batch(db, arena);
    db_begin(b);
    DB_ADD(b, &add_note, db_text(STR("one")));
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    b = db_batch(db, arena);
    DB_ADD(b, &add_note, db_text(STR("two")));
    db_commit(b);
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    db_rollback(db);
    ck_assert_int_eq(notes(), 2);

    b = db_batch(db, arena);
    db_begin(b);
    DB_ADD(b, &add_note, db_text(STR("three")));
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    ck_assert_int_eq(notes(), 3);
    db_rollback(db);
    ck_assert_int_eq(notes(), 2);
}
END_TEST

START_TEST(a_failed_transaction_is_rolled_back_and_cannot_commit)
{
    struct db_batch *b = db_batch(db, arena);
    db_begin(b);
    DB_ADD(b, &add_note, db_text(STR("one")));
    db_add(b, &broken, NULL, 0);
    ck_assert_int_eq(db_run(b, &failure), ERR_INTERNAL);
    b = db_batch(db, arena);
    DB_ADD(b, &add_note, db_text(STR("two")));
    db_commit(b);
    ck_assert_int_eq(db_run(b, &failure), ERR_UNAVAILABLE);
    ck_assert_int_eq(notes(), 0);
}
END_TEST

START_TEST(a_commit_that_fails_is_a_failure)
{
    super("create or replace function late() returns trigger language plpgsql as "
          "$$ begin if new.note = 'late' then raise exception 'late' using errcode = '23514', constraint = "
          "'late_rule'; end if;"
          " return null; end $$;"
          "drop trigger if exists late on notes;"
          "create constraint trigger late after insert on notes deferrable initially deferred for each row "
          "execute function late();");
    ck_assert_int_eq(note("late"), ERR_VALIDATION); /* at the sync of the implicit transaction */
    ck_assert_str_eq(failure.constraint, "late_rule");
    struct db_batch *b = db_batch(db, arena);
    db_begin(b);
    DB_ADD(b, &add_note, db_text(STR("late")));
    db_commit(b);
    ck_assert_int_eq(db_run(b, &failure), ERR_VALIDATION);
    ck_assert_int_eq(notes(), 0);
}
END_TEST

/* --- errors --- */

START_TEST(constraints_and_states_are_mapped)
{
    ck_assert_int_eq(note("taken"), ERR_EMAIL_TAKEN); /* the table's constraint bears a name that is mapped */
    ck_assert_str_eq(failure.pointer, "/email");
    ck_assert_ptr_null(strstr(db_error(db), "taken"));
    static const struct {
        const char *state;
        enum err err;
    } cases[] = {
        { "NX001", ERR_IDEMPOTENCY_RUNNING },  { "NX002", ERR_CONFLICT },
        { "NX003", ERR_IDEMPOTENCY_MISMATCH }, { "53300", ERR_UNAVAILABLE },
        { "22003", ERR_VALIDATION },           { "XX000", ERR_INTERNAL },
        { "55P03", ERR_UNAVAILABLE },          { "57014", ERR_TIMEOUT },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const PGresult *r;
        struct db_param p = db_text(str_from(cases[i].state));
        ck_assert_int_eq(run1(&raise_it, &p, &r), cases[i].err);
        ck_assert_str_eq(failure.sqlstate, cases[i].state);
    }
}
END_TEST

START_TEST(clashes_are_retried_five_times)
{
    const PGresult *r;
    struct db_param p = db_text(STR("40001"));
    db_statements(db);
    ck_assert_int_eq(run1(&raise_it, &p, &r), ERR_UNAVAILABLE);
    ck_assert_int_eq(db_statements(db), 6);
}
END_TEST

START_TEST(slow_statements_and_locks_end_in_time)
{
    const PGresult *r;
    struct db_param p = db_float8(arena, 30);
    int64_t start = clock_mono_us();
    ck_assert_int_eq(run1(&snooze, &p, &r), ERR_TIMEOUT);
    ck_assert_int_lt(clock_mono_us() - start, 1500000);
    if (fork() == 0) {
        execlp("psql", "psql", "-X", "-q", getenv("NEXUS_TEST_SUPERUSER"), "-c",
               "begin; lock table notes; select pg_sleep(4)", "-o", "/dev/null", NULL);
        _exit(1);
    }
    usleep(2000000); /* psql has its lock by then, on a busy machine too */
    ck_assert_int_eq(note("locked"), ERR_UNAVAILABLE);
    ck_assert_str_eq(failure.sqlstate, "55P03");
    wait(NULL);
    ck_assert_int_eq(note("free"), ERR_NONE);
}
END_TEST

START_TEST(a_changed_table_is_prepared_anew)
{
    static const struct db_statement all = { "all_notes", "select * from notes", 0, true };
    const PGresult *r;
    ck_assert_int_eq(run1(&all, NULL, &r), ERR_NONE);
    ck_assert_int_eq(PQnfields(r), 2);
    super("alter table notes add column extra int");
    ck_assert_int_eq(run1(&all, NULL, &r), ERR_NONE);
    ck_assert_int_eq(PQnfields(r), 3);
}
END_TEST

START_TEST(forgotten_statements_are_deallocated)
{
    static const struct db_statement known = {
        "known", "select count(*) from pg_prepared_statements where name = 'gone'", 0, true
    };
    static const struct db_statement gone = { "gone", "select 1", 0, true };
    const PGresult *r;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(run1(&gone, NULL, &r), ERR_NONE);
        ck_assert_int_eq(run1(&known, NULL, &r), ERR_NONE);
        ck_assert_int_eq(db_get_int8(r, 0, 0), 1);
        db_forget(db, &gone);
        ck_assert_int_eq(run1(&known, NULL, &r), ERR_NONE);
        ck_assert_int_eq(db_get_int8(r, 0, 0), 0);
    }
}
END_TEST

/* --- lost connections --- */

static void terminate(int backend_pid)
{
    char sql[80];
    snprintf(sql, sizeof(sql), "select pg_terminate_backend(%d, 2000)", backend_pid);
    super(sql);
}

START_TEST(an_idle_connection_that_was_closed_is_opened_anew)
{
    terminate(backend());
    ck_assert_int_eq(notes(), 0);
    terminate(backend());
    ck_assert_int_eq(note("after"), ERR_NONE);
    ck_assert_int_eq(notes(), 1);
    /* A crash leaves no last words. */
    kill(backend(), SIGKILL);
    usleep(1500000); /* the server restarts all backends */
    ck_assert_int_eq(note("crash"), ERR_NONE);
}
END_TEST

static enum err load(const struct db_statement *into, const char *text, int count)
{
    struct copy cp;
    copy_start(&cp, NULL);
    for (int i = 0; i < count; i++) {
        copy_row(&cp, 2);
        copy_textz(&cp, text);
        copy_int4(&cp, 1 + i);
    }
    copy_stop(&cp);
    enum err e = db_load(db, into, buf_str(&cp.b), &failure);
    buf_free(&cp.b);
    return e;
}

START_TEST(rows_are_loaded_all_or_none)
{
    int before = backend();
    ck_assert_int_eq(load(&load_notes, "some", 3), ERR_NONE);
    ck_assert_int_eq(load(&load_notes, "", 0), ERR_NONE);
    ck_assert_int_eq(notes(), 3);
    ck_assert_int_eq(load(&load_notes, "much more than fits into the buffer of a socket", 50000), ERR_NONE);
    ck_assert_int_eq(notes(), 50003);
    ck_assert_int_eq(load(&load_notes, "taken", 5), note("taken"));
    ck_assert_str_eq(failure.constraint, "users_email_key");
    ck_assert_int_eq(load(&load_nowhere, "some", 1), ERR_INTERNAL);
    ck_assert_str_eq(failure.sqlstate, "42P01");
    ck_assert_int_eq(notes(), 50003);
    ck_assert_msg(backend() == before, "a connection was given up");
    terminate(before);
    ck_assert_int_eq(load(&load_notes, "some", 1), ERR_UNAVAILABLE);
    ck_assert_int_eq(load(&load_notes, "some", 1), ERR_NONE);
    ck_assert_int_eq(notes(), 50004);
}
END_TEST

/* The server process is ended in 300 ms while it works for us. */
static void cut_soon(int signal)
{
    int victim = backend();
    if (fork() == 0) {
        usleep(300000);
        kill(victim, signal);
        _exit(0);
    }
}

START_TEST(a_cut_says_whether_the_outcome_is_known)
{
    options->database_timeout = 10000000;
    struct db_param p = db_float8(arena, 1);
    const PGresult *r;
    cut_soon(SIGTERM); /* the server says that it ended the statement: tried again */
    ck_assert_int_eq(run1(&write_slowly, &p, &r), ERR_NONE);
    ck_assert_int_eq(notes(), 1);
    struct db_batch *b = db_batch(db, arena);
    db_begin(b);
    DB_ADD(b, &add_note, db_text(STR("in a transaction")));
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    cut_soon(SIGTERM);
    ck_assert_int_eq(run1(&snooze, &p, &r), ERR_UNAVAILABLE);
    ck_assert_int_eq(notes(), 1);
    cut_soon(SIGKILL); /* no word: a change may have been committed */
    ck_assert_int_eq(run1(&write_slowly, &p, &r), ERR_OUTCOME_UNKNOWN);
    usleep(1500000);
    wait(NULL);
}
END_TEST

static void signal_cluster(int signal)
{
    char command[256];
    snprintf(command, sizeof(command),
             "pid=$(head -n 1 \"$NEXUS_TEST_PGDATA/postmaster.pid\"); kill -%d $pid $(pgrep -P $pid)",
             signal);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(a_load_waits_no_longer_than_it_may)
{
    ck_assert_int_eq(notes(), 0);
    signal_cluster(SIGSTOP);
    int64_t start = clock_mono_us();
    enum err e = load(&load_notes, "some", 1);
    int64_t took = clock_mono_us() - start;
    signal_cluster(SIGCONT);
    ck_assert_int_eq(e, ERR_UNAVAILABLE);
    ck_assert_int_lt(took, options->database_timeout + 700000);
}
END_TEST

START_TEST(a_frozen_server_costs_a_bounded_time)
{
    ck_assert_int_eq(notes(), 0);
    signal_cluster(SIGSTOP);
    const PGresult *r;
    int64_t start = clock_mono_us();
    ck_assert_int_eq(run1(&show_notes, NULL, &r), ERR_UNAVAILABLE);
    ck_assert_int_lt(clock_mono_us() - start, options->database_timeout + 700000);
    start = clock_mono_us();
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(run1(&show_notes, NULL, &r), ERR_UNAVAILABLE);
        usleep(1000);
    }
    int64_t took = clock_mono_us() - start;
    signal_cluster(SIGCONT); /* whatever comes of this test, the next ones need the server */
    /* A thousand requests pay 50 ms for each new attempt and nothing else, and not each of them. */
    ck_assert_int_lt(took, 20000000);
    for (int i = 0; i < 20 && run1(&show_notes, NULL, &r) != ERR_NONE; i++) {
        usleep(50000);
        db_maintain(db);
    }
    ck_assert_int_eq(notes(), 0);
}
END_TEST

START_TEST(a_stopped_server_is_found_again)
{
    ck_assert_int_eq(notes(), 0);
    const char *run = geteuid() == 0 ? "cd / && runuser -u postgres --" : "";
    char command[512];
    snprintf(command, sizeof(command),
             "%s \"$NEXUS_TEST_PGBIN/pg_ctl\" -D \"$NEXUS_TEST_PGDATA\" -m fast -w stop >/dev/null", run);
    ck_assert_int_eq(system(command), 0);
    const PGresult *r;
    int64_t least = INT64_MAX; /* a machine may be too busy for each */
    for (int i = 0; i < 5; i++) {
        int64_t start = clock_mono_us();
        ck_assert_int_eq(run1(&show_notes, NULL, &r), ERR_UNAVAILABLE);
        least = clock_mono_us() - start < least ? clock_mono_us() - start : least;
        ck_assert_int_eq(note("never"), ERR_UNAVAILABLE);
        usleep(40000);
    }
    ck_assert_int_lt(least, 50000);
    snprintf(command, sizeof(command),
             "%s \"$NEXUS_TEST_PGBIN/pg_ctl\" -D \"$NEXUS_TEST_PGDATA\" -l \"$NEXUS_TEST_PGDATA/log\" -w "
             "start >/dev/null",
             run);
    ck_assert_int_eq(system(command), 0);
    usleep(150000);
    ck_assert(db_usable(db));
    enum err e = db_ping(db);
    for (int i = 0; i < 20 && e; i++) { /* 50 ms for a connection are little on a busy machine */
        usleep(50000);
        e = db_ping(db);
    }
    ck_assert_int_eq(e, ERR_NONE);
    ck_assert_int_eq(notes(), 0);
}
END_TEST

/* A write through the idempotency function, as ops use it. */
START_TEST(idempotency_claims_are_told_apart)
{
    struct uuid who = { { 0 } };
    static const struct {
        struct str print;
        enum err err;
        const char *state;
    } cases[] = {
        { { "a", 1 }, ERR_NONE, "" },
        { { "a", 1 }, ERR_CONFLICT, "NX002" },
        { { "b", 1 }, ERR_IDEMPOTENCY_MISMATCH, "NX003" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct db_batch *b = db_batch(db, arena);
        db_begin(b);
        DB_ADD(b, &q_idempotency_claim, db_uuid(&who), db_text(STR("op")), db_text(STR("key")),
               db_bytea(cases[i].print), db_int8(arena, 86400000000));
        db_commit(b);
        ck_assert_int_eq(db_run(b, &failure), cases[i].err);
        ck_assert_str_eq(failure.sqlstate, cases[i].state);
    }
}
END_TEST

START_TEST(local_commits_are_unsure)
{
    super("alter system set synchronous_standby_names = 'nobody'; select pg_reload_conf()");
    usleep(300000);
    int victim = backend();
    if (fork() == 0) {
        char sql[80];
        usleep(300000);
        snprintf(sql, sizeof(sql), "select pg_cancel_backend(%d)", victim);
        execlp("psql", "psql", "-X", "-q", getenv("NEXUS_TEST_SUPERUSER"), "-o", "/dev/null", "-c", sql,
               NULL);
        _exit(1);
    }
    enum err e = note("local");
    wait(NULL);
    super("alter system reset synchronous_standby_names; select pg_reload_conf()");
    usleep(300000);
    ck_assert_int_eq(e, ERR_OUTCOME_UNKNOWN);
    ck_assert_int_eq(notes(), 1);
}
END_TEST

START_TEST(the_set_of_prepared_statements)
{
    static struct db_statement many[500];
    struct prepared p = { 0 };
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < 500; i++) {
            prepared_add(&p, &many[i], (uint32_t)i);
        }
        for (size_t i = 0; i < 500; i += 1 + round) {
            ck_assert(prepared_remove(&p, &many[i]));
            ck_assert(!prepared_remove(&p, &many[i]));
        }
        for (size_t i = 0; i < 500; i++) {
            const struct prepared_entry *e = prepared_find(&p, &many[i]);
            ck_assert((e != NULL) == (i % (1 + round) != 0));
            ck_assert(!e || e->types == i);
        }
    }
    prepared_clear(&p);
    ck_assert_ptr_null(prepared_find(&p, &many[1]));
    prepared_free(&p);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("db");
    TCase *plain = tcase_create("plain");
    tcase_add_test(plain, the_set_of_prepared_statements);
    suite_add_tcase(s, plain);
    TCase *c = tcase_create("server");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 30);
    tcase_add_test(c, values_go_there_and_back);
    tcase_add_test(c, arrays_are_understood);
    tcase_add_test(c, a_failed_batch_leaves_nothing);
    tcase_add_test(c, a_large_batch_does_not_block);
    tcase_add_test(c, an_explicit_transaction_spans_batches);
    tcase_add_test(c, a_failed_transaction_is_rolled_back_and_cannot_commit);
    tcase_add_test(c, a_commit_that_fails_is_a_failure);
    tcase_add_test(c, constraints_and_states_are_mapped);
    tcase_add_test(c, clashes_are_retried_five_times);
    tcase_add_test(c, slow_statements_and_locks_end_in_time);
    tcase_add_test(c, a_changed_table_is_prepared_anew);
    tcase_add_test(c, forgotten_statements_are_deallocated);
    tcase_add_test(c, idempotency_claims_are_told_apart);
    tcase_add_test(c, local_commits_are_unsure);
    tcase_add_test(c, rows_are_loaded_all_or_none);
    tcase_add_test(c, a_load_waits_no_longer_than_it_may);
    tcase_add_test(c, an_idle_connection_that_was_closed_is_opened_anew);
    tcase_add_test(c, a_cut_says_whether_the_outcome_is_known);
    tcase_add_test(c, a_frozen_server_costs_a_bounded_time);
    tcase_add_test(c, a_stopped_server_is_found_again);
    suite_add_tcase(s, c);
    return s;
}

int main(int argc, char **argv)
{
    if (!getenv("NEXUS_TEST_SUPERUSER")) {
        execl(NEXUS_SRCDIR "/tests/with-postgres", "with-postgres", argv[0], (char *)NULL);
        perror(NEXUS_SRCDIR "/tests/with-postgres");
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
