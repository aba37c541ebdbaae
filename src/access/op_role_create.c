/* POST /v1/roles: make a role. */
#include "access/access.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "query/plan.h"

struct role_create_in {
    struct shape_seen seen;
    struct str name, doc;
    struct shape_list permissions; /* of int: indexes of ACCESS_PERMISSIONS */
};
#define IN(member) offsetof(struct role_create_in, member)

static const struct shape_field permission = { .type = SHAPE_ENUM, .values = ACCESS_PERMISSIONS };
static const struct shape_field in_fields[] = {
    { .name = "name",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = IN(name),
      .min = 1,
      .max = ROLE_NAME_MAX,
      .format = "name",
      .doc = "Its name, for good.",
      .example = "\"front_desk\"" },
    { .name = "doc",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_MULTILINE,
      .offset = IN(doc),
      .min = 1,
      .max = ROLE_DOC_MAX,
      .doc = "What it is for.",
      .example = "\"Answers guests at night.\"" },
    { .name = "permissions",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .offset = IN(permissions),
      .max = PERM_COUNT,
      .item = &permission,
      .doc = "What it allows; only what the caller holds.",
      .example = "[\"account\",\"booking.read\"]" },
};
static const struct shape in_shape = { .name = "RoleCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct role_create_in),
                                       .doc = "A new role." };

static enum err role_create_exec(struct request *rq);
static const enum err errors[] = { ERR_FORBIDDEN, ERR_CONFLICT, ERR_NONE };

const struct op op_role_create = {
    .name = "role_create",
    .method = METHOD_POST,
    .path = "/v1/roles",
    .tag = "Administration",
    .summary = "Make a role",
    .doc = "A set of permissions that users can then be given. Nobody puts a permission into a role that "
           "they do not "
           "hold.",
    .perm = PERM_ROLE_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_role,
    .errors = errors,
    .exec = role_create_exec,
};

static enum err role_create_exec(struct request *rq)
{
    const struct role_create_in *in = rq->in;
    size_t count = in->permissions.count;
    struct str *names = access_words(rq->arena, &in->permissions, ACCESS_PERMISSIONS);
    enum err e = access_require_held(rq, "/permissions", names, count, 0);
    if (e) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_role_insert, db_text(in->name), db_text(in->doc));
    DB_ADD(b, &q_role_permissions_put, db_text(in->name), db_text_array(rq->arena, names, count));
    audit_add_named(rq, b, AUDIT_ROLE_CREATE, in->name, NULL,
                    access_json(rq->arena, "permissions", access_join(rq->arena, names, count)));
    struct access_answer answer;
    bool replayed;
    if ((e = role_add_answer(rq, b, &in->name, &answer)) || (e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/roles/" STR_FMT, STR_ARG(in->name)));
    return plan_write(rq, answer.plan, answer.selection, db_result(b, answer.index));
}
