/* nexusctl migrate: bring the schema up to the newest migration. */
#include "base/clock.h"
#include "base/date.h"
#include "ctl/commands.h"
#include "ctl/pg.h"
#include "ctl/schema.h"
#include "jobs/jobs.h"

#include <json-c/json.h>
#include <stdlib.h>

static enum ctl_exit migrate_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "status", NULL, "Only list what is applied and what is not; exit status 3 when they differ." },
    { "dry-run", NULL, "Apply what is pending, then roll it all back." },
    { "dir", "DIR", "Folder of the migrations (default $NEXUS_MIGRATIONS, else the installed one)." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_migrate = {
    .name = "migrate",
    .args = "",
    .example = "nexusctl migrate --status",
    .summary = "Bring the database schema up to date",
    .doc = "Applies the migrations the database does not have yet, in order, each in one transaction. A lock "
           "makes two "
           "runs go one after the other. A migration that was changed after it was applied is an error, and "
           "so is one "
           "that the database has and this version does not know.",
    .options = options,
    .run = migrate_run,
};

/* "NexuMigr" as a number: any constant nobody else locks. */
#define LOCK_SQL   "(5653108765193168754)"
#define MEMORY_MAX ((size_t)512 * 1024 * 1024)

static const char *const create_sql =
    "create table if not exists schema_migrations ("
    "    name       text        constraint schema_migrations_pkey primary key,"
    "    checksum   text        not null constraint schema_migrations_checksum_form check (checksum ~ "
    "'^[0-9a-f]{64}$'),"
    "    applied_at timestamptz not null default now());"
    "do $$ begin"
    "    if exists (select from pg_roles where rolname = 'nexus_api') then"
    "        grant select on schema_migrations to nexus_api;"
    "    end if;"
    "end $$";

struct run {
    PGconn *c;
    struct arena *memory;
    struct schema schema;
    bool json, dry;
};

static bool lock(PGconn *c)
{
    PGresult *r = pg_query(c, "select pg_try_advisory_lock" LOCK_SQL);
    bool got = r && PQgetvalue(r, 0, 0)[0] == 't';
    PQclear(r);
    if (!r || got) {
        return r != NULL;
    }
    ctl_say("waiting for another migration to end");
    return pg_exec(c, "select pg_advisory_lock" LOCK_SQL);
}

/* Line in which character number `position` (from 1) of the text stands. */
static int line_of(struct str text, const char *position)
{
    int64_t at;
    int line = 1;
    if (!position || !str_int64(str_from(position), &at)) {
        return 1;
    }
    for (size_t i = 0; i < text.n && at > 1; i++) {
        at -= ((unsigned char)text.p[i] & 0xc0) != 0x80; /* positions count characters, not bytes */
        line += text.p[i] == '\n';
    }
    return line;
}

static void report(const struct schema_migration *m, const PGresult *r, const PGconn *c)
{
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    if (!message) {
        ctl_say("%s: %s", m->path, PQerrorMessage(c));
        return;
    }
    fprintf(stderr, "%s:%d: %s (SQLSTATE %s)\n", m->path,
            line_of(m->text, PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION)), message,
            PQresultErrorField(r, PG_DIAG_SQLSTATE));
    const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
    if (detail) {
        fprintf(stderr, "  %s\n", detail);
    }
}

static bool run_text(struct run *run, const struct schema_migration *m)
{
    PGresult *r = PQexec(run->c, m->text.p);
    ExecStatusType status = PQresultStatus(r);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    if (!ok) {
        report(m, r, run->c);
    } else if (PQtransactionStatus(run->c) != PQTRANS_INTRANS) {
        ctl_say("%s: must not end the transaction it runs in", m->path);
        ok = false;
    }
    PQclear(r);
    return ok;
}

static bool record(struct run *run, const struct schema_migration *m)
{
    const char *params[] = { m->name, m->checksum };
    PGresult *r =
        pg_query_params(run->c, "insert into schema_migrations (name, checksum) values ($1, $2)", 2, params);
    PQclear(r);
    return r != NULL;
}

static bool apply(struct run *run, struct schema_migration *m)
{
    int64_t start = clock_mono_us();
    bool ok = (run->dry || pg_exec(run->c, "begin")) && run_text(run, m) && record(run, m) &&
              (run->dry || pg_exec(run->c, "commit"));
    if (!ok) {
        PQclear(PQexec(run->c, "rollback"));
        return false;
    }
    m->state = run->dry ? SCHEMA_PENDING : SCHEMA_APPLIED;
    if (!run->json) {
        printf("%s %s (%lld ms)\n", run->dry ? "would apply" : "applied", m->name,
               (long long)(clock_mono_us() - start) / 1000);
        fflush(stdout);
    }
    return true;
}

static bool refuse_history(const struct schema *s)
{
    bool fine = true;
    for (size_t i = 0; i < s->count; i++) {
        const struct schema_migration *m = &s->items[i];
        if (m->state == SCHEMA_CHANGED) {
            ctl_say("%s was changed after it was applied at %s; put the file back and add a new migration",
                    m->name, m->applied_at);
            fine = false;
        } else if (m->state == SCHEMA_MISSING) {
            ctl_say("%s was applied at %s and is not known here: the database is newer than this nexusctl",
                    m->name, m->applied_at);
            fine = false;
        }
    }
    return fine;
}

static void print_json(const struct run *run)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < run->schema.count; i++) {
        const struct schema_migration *m = &run->schema.items[i];
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_object_new_string(m->name));
        json_object_object_add(o, "state", json_object_new_string(schema_state_names[m->state]));
        json_object_object_add(o, "checksum", json_object_new_string(m->checksum));
        json_object_object_add(o, "applied_at", m->applied_at ? json_object_new_string(m->applied_at) : NULL);
        json_object_array_add(list, o);
    }
    puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN));
    json_object_put(list);
}

static enum ctl_exit print_status(const struct run *run)
{
    if (run->json) {
        print_json(run);
    }
    for (size_t i = 0; !run->json && i < run->schema.count; i++) {
        const struct schema_migration *m = &run->schema.items[i];
        printf("%-8s %-20s %s\n", schema_state_names[m->state], m->applied_at ? m->applied_at : "-", m->name);
    }
    return schema_current(&run->schema) ? CTL_OK : CTL_PROBLEMS;
}

/* The schema may be that of an older version, when --dir says so. */
static bool set_kinds(const struct run *run)
{
    const char *params[] = { arena_strdup(run->memory, job_kinds(run->memory)) };
    PGresult *r = pg_query(run->c, "select to_regprocedure('job_kinds_set(jsonb)') is not null");
    bool there = r && PQgetvalue(r, 0, 0)[0] == 't';
    bool ok = r != NULL;
    PQclear(r);
    if (there) {
        r = pg_query_params(run->c, "select job_kinds_set($1::jsonb)", 1, params);
        ok = r != NULL;
        PQclear(r);
    }
    return ok;
}

static bool apply_pending(struct run *run)
{
    bool ok = !run->dry || pg_exec(run->c, "begin");
    ok = ok && pg_exec(run->c, create_sql);
    for (size_t i = 0; ok && i < run->schema.count; i++) {
        struct schema_migration *m = &run->schema.items[i];
        ok = m->state != SCHEMA_PENDING || apply(run, m);
    }
    return ok && set_kinds(run) && (!run->dry || pg_exec(run->c, "rollback"));
}

static enum ctl_exit migrate(struct run *run, const char *dir)
{
    /* Read again under the lock: another run may just have ended. */
    if (!lock(run->c)) {
        return pg_exit(run->c);
    }
    if (!schema_read(run->c, dir, run->memory, &run->schema) || !refuse_history(&run->schema)) {
        return CTL_FAILED;
    }
    size_t pending = run->schema.counts[SCHEMA_PENDING];
    if (!apply_pending(run)) {
        return CTL_FAILED;
    }
    if (run->json) {
        if (!run->dry && !schema_read(run->c, dir, run->memory, &run->schema)) {
            return CTL_FAILED;
        }
        print_json(run);
    } else if (pending == 0) {
        printf("nothing to do: %zu migrations are applied\n", run->schema.count);
    }
    return CTL_OK;
}

static enum ctl_exit migrate_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    if (!o) {
        return exit;
    }
    struct run run = { .json = ctl_json(ctl), .dry = ctl_given(ctl, "dry-run") };
    const char *dir = schema_dir(ctl_value(ctl, "dir"));
    run.c = pg_connect(o, &exit);
    if (!run.c) {
        return exit;
    }
    run.memory = arena_create(65536, MEMORY_MAX);
    if (!ctl_given(ctl, "status")) {
        exit = migrate(&run, dir);
    } else if (schema_read(run.c, dir, run.memory, &run.schema)) {
        exit = print_status(&run);
    }
    arena_destroy(run.memory);
    pg_close(run.c);
    return exit;
}
