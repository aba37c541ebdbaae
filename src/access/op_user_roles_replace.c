/* PUT /v1/users/{id}/roles: what a user is. */
#include "access/access.h"

#include "access/user_roles.h"
#include "db/queries.h"
#include "http/access.h"
#include "http/audit.h"
#include "http/idempotency.h"

struct user_roles_replace_in {
    struct shape_seen seen;
    struct uuid id;
    struct shape_list roles; /* of struct str */
};
#define IN(member) offsetof(struct user_roles_replace_in, member)

static const struct shape_field role_item = {
    .type = SHAPE_STRING, .min = 1, .max = ROLE_NAME_MAX, .format = "name", .example = "\"guest\""
};
static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The user." },
    { .name = "roles",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .offset = IN(roles),
      .max = USER_ROLES_MAX,
      .item = &role_item,
      .doc = "Names of all roles the user is to have.",
      .example = "[\"guest\",\"host\"]" },
};
static const struct shape in_shape = { .name = "UserRolesReplace",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct user_roles_replace_in),
                                       .doc = "Roles of a user." };

static enum err user_roles_replace_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_LAST_ADMIN, ERR_NONE };

const struct op op_user_roles_replace = {
    .name = "user_roles_replace",
    .method = METHOD_PUT,
    .path = "/v1/users/{id}/roles",
    .tag = "Administration",
    .summary = "Give a user roles",
    .doc = "Exactly those named. Nobody gives or takes a role that allows what they may not themselves, and "
           "one active "
           "account always has the role admin. Counts at once, also for tokens that are out.",
    .perm = PERM_ROLE_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .in = &in_shape,
    .out = &user_roles_shape,
    .errors = errors,
    .exec = user_roles_replace_exec,
};

/* Place of the name in the list; its length when it is not there. */
static size_t place_of(struct str name, const struct shape_list *roles)
{
    const struct str *names = roles->items;
    size_t i = 0;
    while (i < roles->count && !str_eq(names[i], name)) {
        i++;
    }
    return i;
}

static bool holds(struct str names, struct str name)
{
    struct str one;
    while (perm_next(&names, &one)) {
        if (str_eq(one, name)) {
            return true;
        }
    }
    return false;
}

static enum err check_known(struct request *rq, const struct shape_list *roles, const PGresult *known)
{
    const struct str *names = roles->items;
    for (size_t i = 0; i < roles->count; i++) {
        int row = 0;
        while (row < PQntuples(known) && !str_eq(names[i], db_get_text(known, row, 0))) {
            row++;
        }
        if (row == PQntuples(known)) {
            (void)fail(rq, ERR_VALIDATION, arena_printf(rq->arena, "/roles/%zu", i),
                       "There is no such role.");
        }
    }
    return rq->err;
}

/* Roles that come or go allow nothing the caller may not. */
static enum err check_held(struct request *rq, const struct shape_list *roles, struct str before,
                           const PGresult *known)
{
    for (int row = 0; row < PQntuples(known); row++) {
        struct str name = db_get_text(known, row, 0);
        size_t place = place_of(name, roles);
        bool changes = (place < roles->count) != holds(before, name);
        if (changes && (perm_set(db_get_text(known, row, 1)) & ~rq->principal.perms)) {
            const char *pointer =
                place < roles->count ? arena_printf(rq->arena, "/roles/%zu", place) : "/roles";
            (void)fail(rq, ERR_FORBIDDEN, pointer, "The role " STR_FMT " allows what the caller may not.",
                       STR_ARG(name));
        }
    }
    return rq->err;
}

static enum err replace(struct request *rq, const struct user_roles_replace_in *in, struct str before)
{
    struct str after = access_join(rq->arena, in->roles.items, in->roles.count);
    struct db_batch *b = write_batch(rq);
    bool replayed;
    DB_ADD(b, &q_user_roles_put, db_uuid(&in->id),
           db_text_array(rq->arena, in->roles.items, in->roles.count));
    audit_add(rq, b, AUDIT_USER_ROLES, &in->id, access_json(rq->arena, "roles", before),
              access_json(rq->arena, "roles", after));
    int now = DB_ADD(b, &q_user_roles_read, db_uuid(&in->id));
    access_changes(rq, &in->id);
    enum err e = write_run(rq, b, &replayed);
    return e ? e : user_roles_write(rq, &in->id, db_result(b, now));
}

static enum err user_roles_replace_exec(struct request *rq)
{
    const struct user_roles_replace_in *in = rq->in;
    bool replayed;
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int locked = DB_ADD(b, &q_user_roles_lock, db_uuid(&in->id));
    int known = DB_ADD(b, &q_user_roles_known, db_uuid(&in->id),
                       db_text_array(rq->arena, in->roles.items, in->roles.count));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    const PGresult *user = db_result(b, locked), *roles = db_result(b, known);
    if (PQntuples(user) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such user.");
    }
    struct str before = arena_str(rq->arena, db_get_text(user, 0, 0));
    if ((e = check_known(rq, &in->roles, roles)) || (e = check_held(rq, &in->roles, before, roles))) {
        return e;
    }
    return replace(rq, in, before);
}
