/* nexusctl client list */
#include "ctl/commands.h"
#include "ctl/pg.h"

static enum ctl_exit client_list_run(struct ctl *ctl);

const struct ctl_command ctl_client_list = {
    .name = "client list",
    .args = "",
    .example = "nexusctl client list --json | jq -r '.[].client_id'",
    .summary = "List OAuth clients, newest first",
    .doc = "Prints client_id, kind, grants and name of each registered client.",
    .run = client_list_run,
};

#define SELECT_ROWS                                                                                          \
    "select id as client_id, name, case when secret_hash is null then 'public' else 'confidential' end as "  \
    "kind,"                                                                                                  \
    "       redirect_uris, grants, scopes, audiences, trusted, disabled_at is not null as disabled"          \
    "  from oauth_clients order by created_at desc, id desc limit 10000"

static void print_rows(const PGresult *r)
{
    for (int i = 0; i < PQntuples(r); i++) {
        char *name = PQgetvalue(r, i, 3);
        ctl_clean(name);
        printf("%s  %-12s  %-12s  %s\n", PQgetvalue(r, i, 0), PQgetvalue(r, i, 1), PQgetvalue(r, i, 2), name);
    }
}

static enum ctl_exit client_list_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    PGresult *r =
        pg_query(c, ctl_json(ctl) ? "select coalesce(json_agg(x), '[]') from (" SELECT_ROWS ") x"
                                  : "select client_id, kind, case when disabled then 'disabled' else "
                                    "'enabled' end, name from (" SELECT_ROWS ") x");
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
