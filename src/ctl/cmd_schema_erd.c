/* nexusctl schema erd: the tables of a migrated database as a diagram. */
#include "ctl/commands.h"
#include "ctl/pg.h"

static enum ctl_exit schema_erd_run(struct ctl *ctl);

const struct ctl_command ctl_schema_erd = {
    .name = "schema erd",
    .args = "",
    .example = "nexusctl schema erd > docs/database.md",
    .summary = "Print the tables and their relations as Markdown",
    .doc = "Reads the catalogue of the database and prints an entity-relationship diagram (Mermaid) and, for "
           "every table, "
           "its columns, constraints and indexes.",
    .run = schema_erd_run,
};

#define TABLES                                                                                               \
    "pg_class t where t.relkind in ('r', 'p') and not t.relispartition and t.relnamespace = "                \
    "'public'::regnamespace and t.relname <> "                                                               \
    "'schema_migrations'"

/* One column of text, a line a row, in the order they are printed. */
static const char *const sections[] = {
    /* Entities: type, name, key. Spaces in a type would end it for Mermaid. */
    "with tables as (select t.oid, t.relname from " TABLES "),"
    " keys as (select conrelid, unnest(conkey) as attnum, contype from pg_constraint where contype in ('p', "
    "'f')),"
    " columns as (select t.relname, a.attnum, regexp_replace(format_type(a.atttypid, null), '[^a-z0-9]+', "
    "'_', 'g') as type,"
    "        a.attname, (select string_agg(case contype when 'p' then 'PK' else 'FK' end, ', ' order by "
    "contype desc)"
    "                      from (select distinct contype from keys k"
    "                             where k.conrelid = t.oid and k.attnum = a.attnum) k) as marks"
    "      from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped)"
    " select '    ' || relname || ' {' || E'\\n' ||"
    "        string_agg('        ' || type || ' ' || attname || coalesce(' ' || marks, ''), E'\\n' order by "
    "attnum) ||"
    "        E'\\n    }' from columns group by relname order by relname",
    /* Relations: one or none on the side referred to when the key may be null. */
    "select '    ' || confrelid::regclass || case when bool_and(a.attnotnull) then ' ||' else ' |o' end ||"
    "       case when exists (select from pg_constraint u where u.conrelid = c.conrelid and u.contype in "
    "('p', 'u')"
    "                            and u.conkey <@ c.conkey) then '--o| ' else '--o{ ' end ||"
    "       conrelid::regclass || ' : ' || string_agg(a.attname, ', ' order by a.attnum)"
    "  from pg_constraint c join pg_attribute a on a.attrelid = conrelid and a.attnum = any(conkey)"
    " where contype = 'f' and connamespace = 'public'::regnamespace"
    " group by c.oid, confrelid, conrelid, conkey, conname"
    " order by confrelid::regclass::text collate \"C\", conrelid::regclass::text collate \"C\", conname",
};

static const char *const table_sql =
    "with tables as (select t.oid, t.relname from " TABLES ")"
    " select E'\\n### ' || relname || E'\\n\\n| column | type | null | default |\\n|---|---|---|---|\\n' ||"
    "   (select string_agg('| ' || attname || ' | ' || format_type(atttypid, atttypmod) || ' | ' ||"
    "           case when attnotnull then '' else 'yes' end || ' | ' ||"
    "           case when attidentity <> '' then 'identity' else coalesce(pg_get_expr(adbin, adrelid), '') "
    "end || ' |',"
    "           E'\\n' order by attnum)"
    "      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
    "     where a.attrelid = t.oid and attnum > 0 and not attisdropped) ||"
    "   coalesce((select E'\\n\\n' || string_agg('- `' || conname || '`: `' || pg_get_constraintdef(c.oid) "
    "|| '`', E'\\n'"
    "           order by position(contype::text in 'pufxc'), conname collate \"C\")"
    "      from pg_constraint c where conrelid = t.oid and contype <> 't'), '') ||"
    "   coalesce((select E'\\n' || string_agg('- index `' || pg_get_indexdef(indexrelid) || '`', E'\\n'"
    "           order by indexrelid::regclass::text collate \"C\")"
    "      from pg_index where indrelid = t.oid"
    "       and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', "
    "'x'))), '')"
    "  from tables t order by relname";

static bool print_rows(PGconn *c, const char *sql)
{
    PGresult *r = pg_query(c, sql);
    for (int i = 0; r && i < PQntuples(r); i++) {
        puts(PQgetvalue(r, i, 0));
    }
    PQclear(r);
    return r != NULL;
}

static bool print_all(PGconn *c)
{
    puts("# The database\n\nMade by `nexusctl schema erd` from the catalogue of a migrated "
         "database.\n\n```mermaid\nerDiagram");
    if (!print_rows(c, sections[0]) || !print_rows(c, sections[1])) {
        return false;
    }
    puts("```\n\n## Tables");
    return print_rows(c, table_sql);
}

static enum ctl_exit schema_erd_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = print_all(c) ? CTL_OK : pg_exit(c);
        pg_close(c);
    }
    return exit;
}
