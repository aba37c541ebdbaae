/* PATCH /v1/roles/{name}: change a role. */
#include "access/access.h"

#include "db/queries.h"
#include "http/access.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "query/plan.h"

struct role_update_in {
    struct shape_seen seen;
    struct str name, doc;
    struct shape_list permissions; /* of int: indexes of ACCESS_PERMISSIONS */
};
#define IN(member) offsetof(struct role_update_in, member)
enum { NAME, DOC, PERMISSIONS };

static const struct shape_field permission = { .type = SHAPE_ENUM, .values = ACCESS_PERMISSIONS };
static const struct shape_field in_fields[] = {
    [NAME] = { .name = "name",
               .type = SHAPE_STRING,
               .in = IN_PATH,
               .flags = SHAPE_REQUIRED,
               .offset = IN(name),
               .min = 1,
               .max = ROLE_NAME_MAX,
               .format = "name",
               .doc = "The role.",
               .example = "\"guest\"" },
    [DOC] = { .name = "doc",
              .type = SHAPE_STRING,
              .flags = SHAPE_MULTILINE,
              .offset = IN(doc),
              .min = 1,
              .max = ROLE_DOC_MAX,
              .doc = "What it is for.",
              .example = "\"Answers guests at night.\"" },
    [PERMISSIONS] = { .name = "permissions",
                      .type = SHAPE_LIST,
                      .offset = IN(permissions),
                      .max = PERM_COUNT,
                      .item = &permission,
                      .doc = "All it allows from now on. What is added and what is left out the caller must "
                             "hold.",
                      .example = "[\"account\",\"booking.read\"]" },
};
static const struct shape in_shape = { .name = "RoleUpdate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct role_update_in),
                                       .doc = "What is to change; members left out stay as they are." };

static enum err role_update_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_PRECONDITION, ERR_ROLE_PROTECTED,
                                   ERR_NONE };

const struct op op_role_update = {
    .name = "role_update",
    .method = METHOD_PATCH,
    .path = "/v1/roles/{name}",
    .tag = "Administration",
    .summary = "Change a role",
    .doc = "Counts at once for everybody who has the role, also for tokens that are out. The role admin "
           "always allows "
           "everything.",
    .perm = PERM_ROLE_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &in_shape,
    .entity = &entity_role,
    .errors = errors,
    .exec = role_update_exec,
};

static bool listed(struct str name, const struct str *names, size_t count)
{
    size_t i = 0;
    while (i < count && !str_eq(name, names[i])) {
        i++;
    }
    return i < count;
}

/* What goes is named at the list as a whole: it has no place in it. */
static enum err check_removed(struct request *rq, struct str now, const struct str *names, size_t count)
{
    struct str name;
    while (perm_next(&now, &name)) {
        /* Names this program does not know allow nothing. */
        if (!listed(name, names, count) && (perm_set(name) & ~rq->principal.perms)) {
            (void)fail(rq, ERR_FORBIDDEN, "/permissions",
                       "Nobody gives or takes a permission that they do not hold: " STR_FMT ".",
                       STR_ARG(name));
        }
    }
    return rq->err;
}

static enum err check_permissions(struct request *rq, const struct role_update_in *in,
                                  const struct role_facts *now, const struct str *names)
{
    size_t count = in->permissions.count;
    if (str_eqz(in->name, ROLE_ADMIN)) {
        return fail(rq, ERR_ROLE_PROTECTED, "/permissions",
                    "The role admin allows everything, and stays so.");
    }
    enum err e = access_require_held(rq, "/permissions", names, count, perm_set(now->permissions));
    return e ? e : check_removed(rq, now->permissions, names, count);
}

static enum err change(struct request *rq, const struct role_update_in *in, const struct role_facts *now,
                       const struct str *names)
{
    size_t count = in->permissions.count;
    struct str before = now->permissions, after = access_join(rq->arena, names, count);
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_role_change, db_text(in->name), db_text(in->doc));
    if (SHAPE_HAS(in, PERMISSIONS)) {
        DB_ADD(b, &q_role_permissions_put, db_text(in->name), db_text_array(rq->arena, names, count));
        access_changes_all(rq);
    }
    audit_add_named(rq, b, AUDIT_ROLE_UPDATE, in->name, access_json(rq->arena, "permissions", before),
                    access_json(rq->arena, "permissions", SHAPE_HAS(in, PERMISSIONS) ? after : before));
    struct access_answer answer;
    bool replayed;
    enum err e = role_add_answer(rq, b, &in->name, &answer);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, answer.plan, answer.selection, db_result(b, answer.index));
}

static enum err role_update_exec(struct request *rq)
{
    const struct role_update_in *in = rq->in;
    struct role_facts now;
    bool replayed;
    write_atomic(rq);
    struct str *names = access_words(rq->arena, &in->permissions, ACCESS_PERMISSIONS);
    enum err e = role_lock(rq, in->name, &now, &replayed);
    if (e || replayed || (SHAPE_HAS(in, PERMISSIONS) && (e = check_permissions(rq, in, &now, names)))) {
        return e;
    }
    return change(rq, in, &now, names);
}
