/* Roles and status of a user. */
#include "ctl/user.h"

#include "base/near.h"
#include "base/utf8.h"
#include "ctl/access.h"

#include <json-c/json.h>
#include <stdlib.h>

#define REASON_MAX 500 /* characters */

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
    enum ctl_exit exit = ctl_audit_watch(c, AUDIT_USER_ROLES, user_id) ? CTL_OK : pg_exit(c);
    for (int i = 0; i < count && exit == CTL_OK; i++) {
        exit = add_role(c, user_id, roles[i]);
    }
    if (exit == CTL_OK) {
        exit = drop_others(c, user_id, roles, count);
    }
    return exit == CTL_OK && !ctl_audit_change(c, AUDIT_USER_ROLES, user_id) ? pg_exit(c) : exit;
}

/* ---- status ---- */

/* The account first, then those its owner acts as: whose tokens the change is about. */
static struct uuid *concerned(PGconn *c, const char *user_id, size_t *count)
{
    PGresult *r =
        pg_query_params(c,
                        "select $1::uuid::text union all select distinct user_id::text from sessions"
                        " where actor_id = $1::uuid and ended_at is null",
                        1, &user_id);
    struct uuid *ids = r ? calloc((size_t)PQntuples(r), sizeof(*ids)) : NULL;
    *count = ids ? (size_t)PQntuples(r) : 0;
    for (size_t i = 0; i < *count; i++) {
        (void)uuid_parse(str_from(PQgetvalue(r, (int)i, 0)), &ids[i]);
    }
    PQclear(r);
    return ids;
}

static bool set_status(PGconn *c, const char *user_id, const char *status)
{
    const char *params[] = { user_id, status };
    PGresult *r = pg_query_params(
        c, "update users set status = $2, version = version + 1, updated_at = now() where id = $1::uuid", 2,
        params);
    PQclear(r);
    if (!r || strcmp(status, "suspended") != 0) {
        return r != NULL;
    }
    r = pg_query_params(c,
                        "update sessions set ended_at = now(), end_reason = 'suspended'"
                        " where (user_id = $1::uuid or actor_id = $1::uuid) and ended_at is null",
                        1, &user_id);
    PQclear(r);
    return r != NULL;
}

static bool tell(PGconn *c, const char *user_id, const struct user_change *change, const char *reason)
{
    struct json_object *before = json_object_new_object(), *after = json_object_new_object();
    json_object_object_add(before, "status", json_object_new_string(change->from));
    json_object_object_add(after, "status", json_object_new_string(change->to));
    json_object_object_add(after, "reason", json_object_new_string(reason));
    bool told = ctl_audit(c, change->action, user_id, json_object_to_json_string(before),
                          json_object_to_json_string(after));
    json_object_put(before);
    json_object_put(after);
    return told;
}

/* In a transaction. */
static enum ctl_exit apply(struct ctl *ctl, PGconn *c, const char *user_id, const struct user_change *change)
{
    size_t count;
    struct uuid *ids = concerned(c, user_id, &count);
    enum ctl_exit exit = CTL_FAILED;
    if (!ids || !set_status(c, user_id, change->to) || !tell(c, user_id, change, ctl_value(ctl, "reason"))) {
        exit = pg_exit(c);
    } else {
        exit = ctl_commit_access(ctl, c, ids, count);
    }
    free(ids);
    return exit;
}

static enum ctl_exit lock_and_apply(struct ctl *ctl, PGconn *c, const struct user_change *change)
{
    const char *email = ctl_value(ctl, "email");
    PGresult *r = pg_exec(c, "begin") ? pg_query_params(c,
                                                        "select id, status from users where email = lower($1)"
                                                        " for no key update",
                                                        1, &email)
                                      : NULL;
    enum ctl_exit exit;
    if (!r) {
        exit = pg_exit(c);
    } else if (PQntuples(r) == 0) {
        exit = ctl_fail(CTL_NOT_FOUND, "no account has the address %.254s", email);
    } else if (strcmp(PQgetvalue(r, 0, 1), change->from) != 0) {
        exit = ctl_fail(CTL_FAILED, "the account is %s", PQgetvalue(r, 0, 1));
    } else {
        exit = apply(ctl, c, PQgetvalue(r, 0, 0), change);
    }
    PQclear(r);
    return exit;
}

enum ctl_exit user_change_status(struct ctl *ctl, const struct user_change *change)
{
    const char *reason = ctl_value(ctl, "reason");
    if (!ctl_value(ctl, "email") || !reason || !reason[0] || !utf8_valid(str_from(reason)) ||
        utf8_count(str_from(reason)) > REASON_MAX) {
        return ctl_fail(CTL_USAGE, "%s needs --email EMAIL and --reason TEXT, of at most %d characters",
                        ctl->command->name, REASON_MAX);
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = lock_and_apply(ctl, c, change);
        pg_close(c);
    }
    return exit;
}
