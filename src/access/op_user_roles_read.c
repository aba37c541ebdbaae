/* GET /v1/users/{id}/roles */
#include "access/access.h"

#include "access/user_roles.h"
#include "db/queries.h"

struct user_roles_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct user_roles_read_in, id),
      .doc = "The user." },
};
static const struct shape in_shape = { .name = "UserRolesRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct user_roles_read_in),
                                       .doc = "Which user." };

static const struct shape_field role_item = { .type = SHAPE_STRING, .max = ROLE_NAME_MAX, .format = "name" };
static const struct shape_field out_fields[] = {
    { .name = "user_id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "The user." },
    { .name = "roles",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &role_item,
      .doc = "Names of all roles the user has.",
      .example = "[\"guest\",\"host\"]" },
};
const struct shape user_roles_shape = {
    .name = "UserRoles", .fields = out_fields, .count = SHAPE_COUNT(out_fields), .doc = "Roles of a user."
};

static enum err user_roles_read_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_user_roles_read = {
    .name = "user_roles_read",
    .method = METHOD_GET,
    .path = "/v1/users/{id}/roles",
    .tag = "Administration",
    .summary = "Read the roles of a user",
    .doc = "By name.",
    .perm = PERM_ROLE_MANAGE,
    .rate = RATE_READ,
    .in = &in_shape,
    .out = &user_roles_shape,
    .errors = errors,
    .exec = user_roles_read_exec,
};

enum err user_roles_write(struct request *rq, const struct uuid *user, const PGresult *r)
{
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such user.");
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "user_id", uuid, user);
    json_write_key(&w, STR("roles"));
    access_write_names(&w, db_get_text(r, 0, 0));
    json_write_object_end(&w);
    return ERR_NONE;
}

static enum err user_roles_read_exec(struct request *rq)
{
    const struct user_roles_read_in *in = rq->in;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    struct db_failure failure;
    int found = DB_ADD(b, &q_user_roles_read, db_uuid(&in->id));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    return user_roles_write(rq, &in->id, db_result(b, found));
}
