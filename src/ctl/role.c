/* Permissions of roles at the shell. */
#include "ctl/role.h"

#include "auth/auth.h"
#include "base/near.h"
#include "ctl/access.h"
#include "ctl/audit.h"

#include <stdlib.h>

static enum ctl_exit refuse_permission(const char *name)
{
    struct near near = near_start(str_from(name));
    for (int p = PERM_PUBLIC + 1; p < PERM_COUNT; p++) {
        near_offer(&near, perm_name((enum perm)p));
    }
    const char *best = near_best(&near);
    return best ? ctl_fail(CTL_NOT_FOUND, "unknown permission '%.64s'; did you mean '%s'?", name, best)
                : ctl_fail(CTL_NOT_FOUND, "unknown permission '%.64s'; docs/permissions.md lists them", name);
}

enum ctl_exit role_check_permissions(const struct ctl *ctl, int first)
{
    for (int i = first; i < ctl->arg_count; i++) {
        enum perm p = perm_find(str_from(ctl->args[i]));
        if (p == PERM_COUNT || p == PERM_PUBLIC) {
            return refuse_permission(ctl->args[i]);
        }
    }
    return CTL_OK;
}

char *role_permission_array(const struct ctl *ctl, int first)
{
    struct buf list;
    buf_init(&list, 65536);
    buf_addc(&list, '{');
    for (int i = first; i < ctl->arg_count; i++) {
        buf_printf(&list, "%s%s", i > first ? "," : "", ctl->args[i]);
    }
    buf_addc(&list, '}');
    char *text = strndup(list.p, list.n);
    buf_free(&list);
    return text;
}

char *role_state(PGconn *c, const char *role, bool *known)
{
    PGresult *r = pg_query_params(c,
                                  "select json_build_object('permissions', array(select permission from "
                                  "role_permissions where role_name = name order by permission))"
                                  "  from roles where name = $1 for update",
                                  1, &role);
    *known = r && PQntuples(r) == 1;
    char *text = *known ? strdup(PQgetvalue(r, 0, 0)) : NULL;
    PQclear(r);
    return text;
}

static enum ctl_exit change(struct ctl *ctl, PGconn *c, const char *sql)
{
    const char *role = ctl_arg(ctl, 0);
    bool known = false;
    char *before = pg_exec(c, "begin") ? role_state(c, role, &known) : NULL, *after = NULL;
    char *permissions = role_permission_array(ctl, 1);
    const char *params[] = { role, permissions };
    PGresult *r = known ? pg_query_params(c, sql, 2, params) : NULL;
    bool changed =
        r && (after = role_state(c, role, &known)) && ctl_audit(c, AUDIT_ROLE_UPDATE, role, before, after);
    enum ctl_exit exit = changed ? ctl_commit_access(ctl, c, NULL, 0)
                         : PQstatus(c) == CONNECTION_OK && !known && PQtransactionStatus(c) == PQTRANS_INTRANS
                             ? ctl_fail(CTL_NOT_FOUND, "there is no role '%.40s'", role)
                             : pg_exit(c);
    PQclear(r);
    free(permissions);
    free(before);
    free(after);
    return exit;
}

enum ctl_exit role_change(struct ctl *ctl, const char *sql)
{
    enum ctl_exit exit = role_check_permissions(ctl, 1);
    if (exit != CTL_OK) {
        return exit;
    }
    if (strcmp(ctl_arg(ctl, 0), "admin") == 0) {
        return ctl_fail(CTL_FAILED, "the role admin allows everything, and stays so");
    }
    const struct options *o = ctl_options(ctl);
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return o ? exit : CTL_FAILED;
    }
    exit = change(ctl, c, sql);
    pg_close(c);
    return exit;
}
