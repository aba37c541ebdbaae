/* Roles of a user. */
#include "ctl/user.h"

#include "base/near.h"

static enum ctl_exit refuse_role(PGconn *c, const char *role)
{
    PGresult *r = pg_query(c, "select name from roles order by name");
    struct near near = near_start(str_from(role));
    for (int i = 0; r && i < PQntuples(r); i++) {
        near_offer(&near, PQgetvalue(r, i, 0));
    }
    const char *best = near_best(&near);
    enum ctl_exit exit =
        best ? ctl_fail(CTL_NOT_FOUND, "unknown role '%.40s'; did you mean '%s'?", role, best)
             : ctl_fail(CTL_NOT_FOUND, "unknown role '%.40s'; known: guest, host, support, admin", role);
    PQclear(r);
    return exit;
}

static enum ctl_exit add_role(PGconn *c, const char *user_id, const char *role)
{
    const char *params[] = { user_id, role };
    PGresult *r =
        pg_query_params(c,
                        "insert into user_roles (user_id, role_name) select $1::uuid, name from roles"
                        " where name = $2 on conflict do nothing returning 1",
                        2, params);
    bool added = r && PQntuples(r) == 1;
    PQclear(r);
    if (!r || added) {
        return r ? CTL_OK : pg_exit(c);
    }
    r = pg_query_params(c, "select 1 from roles where name = $1", 1, &role);
    bool known = r && PQntuples(r) == 1;
    PQclear(r);
    return known ? CTL_OK : refuse_role(c, role); /* known: given twice */
}

/* Those not named go. A role is known by now, and its name needs no quotes in an array. */
static enum ctl_exit drop_others(PGconn *c, const char *user_id, const char *const *roles, int count)
{
    struct buf list;
    buf_init(&list, 65536);
    for (int i = 0; i < count; i++) {
        buf_printf(&list, "%s%s", i ? "," : "{", roles[i]);
    }
    buf_addz(&list, count ? "}" : "{}");
    buf_addc(&list, 0);
    const char *params[] = { user_id, list.p };
    PGresult *r = pg_query_params(
        c, "delete from user_roles where user_id = $1::uuid and role_name <> all ($2::text[])", 2, params);
    enum ctl_exit exit = r ? CTL_OK : pg_exit(c);
    PQclear(r);
    buf_free(&list);
    return exit;
}

enum ctl_exit user_set_roles(PGconn *c, const char *user_id, const char *const *roles, int count)
{
    enum ctl_exit exit = CTL_OK;
    for (int i = 0; i < count && exit == CTL_OK; i++) {
        exit = add_role(c, user_id, roles[i]);
    }
    return exit == CTL_OK ? drop_others(c, user_id, roles, count) : exit;
}
