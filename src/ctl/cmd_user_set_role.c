/* nexusctl user set-role */
#include "ctl/access.h"
#include "ctl/commands.h"
#include "ctl/user.h"

static enum ctl_exit user_set_role_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "email", "EMAIL", "The account; required." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_user_set_role = {
    .name = "user set-role",
    .args = "ROLE...",
    .example = "nexusctl user set-role --email ada@example.com guest host admin",
    .summary = "Replace the roles of an account",
    .doc = "Gives the account exactly the roles named, also for tokens it has already.",
    .options = options,
    .min_args = 1,
    .max_args = 16,
    .run = user_set_role_run,
};

static enum ctl_exit set_role(struct ctl *ctl, PGconn *c, const char *email)
{
    PGresult *r =
        pg_exec(c, "begin")
            ? pg_query_params(c, "select id from users where email = lower($1) for update", 1, &email)
            : NULL;
    if (!r) {
        return pg_exit(c);
    }
    enum ctl_exit exit = PQntuples(r) == 1
                             ? user_set_roles(c, PQgetvalue(r, 0, 0), ctl->args, ctl->arg_count)
                             : ctl_fail(CTL_NOT_FOUND, "no account has the address %.254s", email);
    struct uuid id;
    if (exit == CTL_OK && uuid_parse(str_from(PQgetvalue(r, 0, 0)), &id)) {
        exit = ctl_commit_access(ctl, c, &id, 1);
    }
    PQclear(r);
    return exit;
}

static enum ctl_exit user_set_role_run(struct ctl *ctl)
{
    const char *email = ctl_value(ctl, "email");
    if (!email) {
        return ctl_fail(CTL_USAGE, "user set-role needs --email EMAIL");
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = set_role(ctl, c, email);
        pg_close(c);
    }
    return exit;
}
