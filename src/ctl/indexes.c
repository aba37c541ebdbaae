/* Dropping and making indexes around a load. */
#include "ctl/indexes.h"

/*
 * drop, make, settle. Primary keys stay: foreign keys lean on them, and rows arrive in their order.
 *
 * An exclusion constraint is made with half-empty pages: for every row GiST asks each entry of a page what it
 * would cost to take the row, so that pages with a third of the entries take a third of the time. Later
 * inserts fill them.
 */
static const char *const list_sql =
    "select 'alter table ' || conrelid::regclass || ' drop constraint ' || quote_ident(conname),"
    "       'alter table ' || conrelid::regclass || ' add constraint ' || quote_ident(conname) || ' ' ||"
    "           pg_get_constraintdef(oid) || case when gist then ' with (buffering = off, fillfactor = 30)' "
    "else '' end,"
    "       case when gist then 'alter index ' || conindid::regclass || ' reset (buffering, fillfactor)' "
    "else '' end"
    "  from (select *, contype = 'x' and pg_get_constraintdef(oid) ilike 'exclude using gist (%)'"
    "               and pg_get_constraintdef(oid) not similar to '%(WHERE|WITH) \\(%' as gist"
    "          from pg_constraint where conrelid = $1::regclass and contype in ('u', 'x')) c"
    " union all "
    "select 'drop index ' || indexrelid::regclass, pg_get_indexdef(indexrelid), ''"
    "  from pg_index where indrelid = $1::regclass"
    "   and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', "
    "'x'))";

static bool has_rows(PGconn *c, const char *table, bool *out)
{
    char sql[160];
    int64_t n;
    snprintf(sql, sizeof(sql), "select count(*) from (select from %s limit 1) x", table);
    bool ok = pg_number(c, sql, 0, &n);
    *out = ok && n > 0;
    return ok;
}

/* PostgreSQL truncates no table that another refers to. */
static bool empty_anew(PGconn *c, const char *table, bool *done)
{
    char sql[200];
    int64_t references;
    snprintf(sql, sizeof(sql),
             "select count(*) from pg_constraint where confrelid = '%s'::regclass and contype = 'f'", table);
    if (!pg_number(c, sql, 0, &references)) {
        return false;
    }
    *done = references == 0;
    snprintf(sql, sizeof(sql), "truncate %s", table);
    return references > 0 || pg_exec(c, sql);
}

static bool drop(PGconn *c, const PGresult *r, struct arena *a, struct indexes *out)
{
    bool ok = true;
    for (int i = 0; ok && i < PQntuples(r) && i < INDEXES_MAX; i++) {
        ok = pg_exec(c, PQgetvalue(r, i, 0));
        out->make[i] = arena_strdup(a, str_from(PQgetvalue(r, i, 1)));
        out->settle[i] = arena_strdup(a, str_from(PQgetvalue(r, i, 2)));
        out->count++;
    }
    return ok;
}

bool indexes_drop(PGconn *c, const char *table, struct arena *a, struct indexes *out)
{
    bool full;
    *out = (struct indexes){ .count = 0 };
    if (!has_rows(c, table, &full) || full) {
        return full;
    }
    PGresult *r = pg_query_params(c, list_sql, 1, &table);
    bool ok = r && drop(c, r, a, out) && empty_anew(c, table, &out->truncated);
    PQclear(r);
    return ok;
}

bool indexes_make(PGconn *c, const struct indexes *x)
{
    bool ok = true;
    for (int i = 0; ok && i < x->count; i++) {
        ok = pg_exec(c, x->make[i]) && (!x->settle[i][0] || pg_exec(c, x->settle[i]));
    }
    return ok;
}
