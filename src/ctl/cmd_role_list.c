/* nexusctl role list */
#include "ctl/commands.h"
#include "ctl/pg.h"

static enum ctl_exit role_list_run(struct ctl *ctl);

const struct ctl_command ctl_role_list = {
    .name = "role list",
    .args = "",
    .example = "nexusctl role list",
    .summary = "List roles by name",
    .doc = "Prints the name of each role, how many accounts have it, and its permissions; * stands for "
           "everything.",
    .run = role_list_run,
};

#define SELECT_ROWS                                                                                          \
    "select r.name, r.doc, r.built_in, (select count(*) from user_roles u where u.role_name = r.name) as "   \
    "users,"                                                                                                 \
    "       array(select permission from role_permissions p where p.role_name = r.name order by 1) as "      \
    "permissions"                                                                                            \
    "  from roles r order by r.name"

static const char *const table_sql =
    "select rpad(name, 32), lpad(users::text, 8), array_to_string(permissions, ' ') from (" SELECT_ROWS ") x";
static const char *const json_sql = "select coalesce(json_agg(x), '[]') from (" SELECT_ROWS ") x";

static enum ctl_exit role_list_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    PGresult *r = pg_query(c, ctl_json(ctl) ? json_sql : table_sql);
    for (int i = 0; r && i < PQntuples(r); i++) {
        if (ctl_json(ctl)) {
            puts(PQgetvalue(r, i, 0));
        } else {
            printf("%s%s  %s\n", PQgetvalue(r, i, 0), PQgetvalue(r, i, 1), PQgetvalue(r, i, 2));
        }
    }
    exit = r ? CTL_OK : pg_exit(c);
    PQclear(r);
    pg_close(c);
    return exit;
}
