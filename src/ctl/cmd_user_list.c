/* nexusctl user list */
#include "base/utf8.h"
#include "ctl/commands.h"
#include "ctl/pg.h"

static enum ctl_exit user_list_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "limit", "N", "Show at most N accounts, newest first (default 50, at most 100000)." },
    { "role", "ROLE", "Only accounts that have ROLE." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_user_list = {
    .name = "user list",
    .args = "",
    .example = "nexusctl user list --role admin",
    .summary = "List accounts, newest first",
    .doc = "Prints e-mail address, name, roles and time of creation of each account.",
    .options = options,
    .run = user_list_run,
};

#define SELECT_ROWS                                                                                          \
    "select u.id, u.email, u.name, to_char(u.created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as created_at,"   \
    "       array(select role_name from user_roles r where r.user_id = u.id order by role_name) as roles"    \
    "  from users u where $2::text is null or exists (select from user_roles r where r.user_id = u.id and "  \
    "role_name = $2)"                                                                                        \
    " order by u.created_at desc, u.id desc limit $1::integer"

static const char *const table_sql =
    "select email, name, created_at, array_to_string(roles, ',') from (" SELECT_ROWS ") x";
static const char *const json_sql = "select coalesce(json_agg(x), '[]') from (" SELECT_ROWS ") x";

/* Columns line up by characters, not bytes. */
static void print_cell(char *text, int width)
{
    ctl_clean(text);
    int used = (int)utf8_count(str_from(text));
    printf("%s%*s", text, used < width ? width - used : 0, "");
}

static void print_rows(const PGresult *r)
{
    int widths[3] = { 0, 0, 0 };
    for (int i = 0; i < PQntuples(r); i++) {
        for (int k = 0; k < 3; k++) {
            int used = (int)utf8_count(str_from(PQgetvalue(r, i, k)));
            widths[k] = used > widths[k] ? used : widths[k];
        }
    }
    for (int i = 0; i < PQntuples(r); i++) {
        for (int k = 0; k < 3; k++) {
            print_cell(PQgetvalue(r, i, k), widths[k] + 2);
        }
        puts(PQgetvalue(r, i, 3));
    }
}

static enum ctl_exit user_list_run(struct ctl *ctl)
{
    long limit;
    if (!ctl_number(ctl, "limit", 50, 1, 100000, &limit)) {
        return CTL_USAGE;
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    char text[24];
    snprintf(text, sizeof(text), "%ld", limit);
    const char *params[] = { text, ctl_value(ctl, "role") };
    PGresult *r = pg_query_params(c, ctl_json(ctl) ? json_sql : table_sql, 2, params);
    if (r && ctl_json(ctl)) {
        puts(PQgetvalue(r, 0, 0));
    } else if (r) {
        print_rows(r);
    }
    exit = r ? CTL_OK : pg_exit(c);
    PQclear(r);
    pg_close(c);
    return exit;
}
