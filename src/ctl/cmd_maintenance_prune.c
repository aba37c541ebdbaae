/* nexusctl maintenance prune */
#include "ctl/commands.h"
#include "ctl/pg.h"

#include <inttypes.h>
#include <stdlib.h>

static enum ctl_exit maintenance_prune_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "batch", "N", "Delete at most N rows in one transaction (default 1000, at most 100000)." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_maintenance_prune = {
    .name = "maintenance prune",
    .args = "",
    .example = "nexusctl maintenance prune",
    .summary = "Delete what has expired",
    .doc = "Deletes sessions, mailed tokens, authorization codes, idempotency keys, quotes and what else "
           "nobody can use "
           "any more, in small transactions that wait for nobody, and prints how many of each. nexus-jobs "
           "does the same "
           "every hour; this is for where it does not run, or has not for a week.",
    .options = options,
    .run = maintenance_prune_run,
};

/* $1: rows at most; $2: idempotency_lifetime in microseconds. What nexus-jobs does every hour, and all there
 * is. */
static const struct {
    const char *name, *sql;
} steps[] = {
    { "sessions", "select sessions_prune($1::integer)" },
    { "mailed_tokens", "select keep_mailed_tokens($1::integer)" },
    { "oauth_codes", "select keep_oauth_codes($1::integer)" },
    { "login_attempts", "select keep_login_attempts($1::integer)" },
    { "idempotency_keys", "select keep_idempotency_keys($1::integer, $2::bigint)" },
    { "quotes", "select keep_quotes($1::integer, 36500)" },
    { "provider_events", "select keep_provider_events($1::integer)" },
    { "address_blocks", "select keep_address_blocks($1::integer)" },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* Batch after batch until one finds nothing, so that locks are held for moments only. */
static bool prune(PGconn *c, const char *sql, const char *const params[2], int64_t *deleted)
{
    static const Oid types[2] = { 23, 20 }; /* int4, int8 */
    int64_t found;
    *deleted = 0;
    do {
        PGresult *r = pg_query_typed(c, sql, 2, types, params);
        if (!r) {
            return false;
        }
        found = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
        *deleted += found;
        PQclear(r);
    } while (found > 0);
    return true;
}

static void print(const int64_t deleted[STEPS], bool json)
{
    for (size_t i = 0; i < STEPS; i++) {
        printf(json ? "%s\"%s\":%" PRId64 : "%s%-18s%" PRId64 "\n",
               !json    ? ""
               : i == 0 ? "{"
                        : ",",
               steps[i].name, deleted[i]);
    }
    if (json) {
        puts("}");
    }
}

static enum ctl_exit maintenance_prune_run(struct ctl *ctl)
{
    long batch;
    if (!ctl_number(ctl, "batch", 1000, 1, 100000, &batch)) {
        return CTL_USAGE;
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    char rows[24], lifetime[24];
    const char *const params[2] = { rows, lifetime };
    int64_t deleted[STEPS];
    bool done = true;
    snprintf(rows, sizeof(rows), "%ld", batch);
    snprintf(lifetime, sizeof(lifetime), "%" PRId64, o->idempotency_lifetime);
    for (size_t i = 0; done && i < STEPS; i++) {
        done = prune(c, steps[i].sql, params, &deleted[i]);
    }
    if (done) {
        print(deleted, ctl_json(ctl));
    }
    exit = done ? CTL_OK : pg_exit(c);
    pg_close(c);
    return exit;
}
