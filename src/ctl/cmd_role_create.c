/* nexusctl role create */
#include "ctl/audit.h"
#include "ctl/commands.h"
#include "ctl/role.h"
#include "json/format.h"

#include <stdlib.h>

static enum ctl_exit role_create_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "doc", "TEXT", "What the role is for; required." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_role_create = {
    .name = "role create",
    .args = "ROLE [PERMISSION...]",
    .example = "nexusctl role create desk --doc 'Answers guests.' user.read",
    .summary = "Make a role",
    .doc = "A set of permissions that accounts can then be given with user set-role.",
    .options = options,
    .min_args = 1,
    .max_args = 32,
    .run = role_create_run,
};

static enum ctl_exit insert(struct ctl *ctl, PGconn *c)
{
    const char *role = ctl_arg(ctl, 0);
    char *permissions = role_permission_array(ctl, 1), *after = NULL;
    const char *params[] = { role, ctl_value(ctl, "doc"), permissions };
    bool known = false;
    PGresult *r = pg_exec(c, "begin") ? pg_query_params(c,
                                                        "insert into roles (name, doc) values ($1, $2)"
                                                        " on conflict (name) do nothing returning 1",
                                                        2, params)
                                      : NULL;
    bool made = r && PQntuples(r) == 1;
    enum ctl_exit exit = r && !made ? ctl_fail(CTL_FAILED, "there is a role '%s' already", role) : CTL_OK;
    PQclear(r);
    const char *given[] = { role, permissions };
    r = made ? pg_query_params(
                   c,
                   "insert into role_permissions (role_name, permission) select $1, unnest($2::text[])"
                   " on conflict do nothing",
                   2, given)
             : NULL;
    if (exit == CTL_OK) {
        bool done = r && (after = role_state(c, role, &known)) &&
                    ctl_audit(c, AUDIT_ROLE_CREATE, role, NULL, after) && pg_exec(c, "commit");
        exit = done ? CTL_OK : pg_exit(c);
    }
    PQclear(r);
    free(permissions);
    free(after);
    return exit;
}

static enum ctl_exit role_create_run(struct ctl *ctl)
{
    struct str name = str_from(ctl_arg(ctl, 0));
    const struct format *format = format_find("name");
    enum ctl_exit exit = role_check_permissions(ctl, 1);
    if (exit != CTL_OK) {
        return exit;
    }
    if (name.n > 32 || !format->check(name)) {
        return ctl_fail(CTL_USAGE, "the name of a role %s, 32 of them at most", format->detail);
    }
    if (!ctl_value(ctl, "doc")) {
        return ctl_fail(CTL_USAGE, "role create needs --doc TEXT");
    }
    const struct options *o = ctl_options(ctl);
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return o ? exit : CTL_FAILED;
    }
    exit = insert(ctl, c);
    pg_close(c);
    return exit;
}
