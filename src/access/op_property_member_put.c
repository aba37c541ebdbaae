/* PUT /v1/properties/{id}/members/{user_id}: let somebody help with a property. */
#include "access/access.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "property/property.h"
#include "query/plan.h"

#include <string.h>

struct property_member_put_in {
    struct shape_seen seen;
    struct uuid id, user_id;
    struct shape_list permissions; /* of int: indexes of access_member_permissions */
    int64_t share_ppm;
};
#define IN(member) offsetof(struct property_member_put_in, member)

static const struct shape_field permission = { .type = SHAPE_ENUM, .values = access_member_permissions };
static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The property." },
    { .name = "user_id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(user_id),
      .doc = "Account of the co-host, who tells it to the host; addresses cannot be asked for." },
    { .name = "permissions",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .offset = IN(permissions),
      .min = 1,
      .max = 4,
      .item = &permission,
      .doc = "All the co-host may do there from now on; only what the caller may.",
      .example = "[\"calendar.write\",\"booking.read\"]" },
    { .name = "share_ppm",
      .type = SHAPE_INT,
      .offset = IN(share_ppm),
      .max = 1000000,
      .def = "0",
      .doc = "What the co-host gets of the host's part of each payout, in millionths; all co-hosts together "
             "no more than "
             "all of it.",
      .example = "150000" },
};
static const struct shape in_shape = { .name = "PropertyMemberPut",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct property_member_put_in),
                                       .doc = "What a co-host may do." };

static enum err property_member_put_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_CONFLICT, ERR_NONE };

const struct op op_property_member_put = {
    .name = "property_member_put",
    .method = METHOD_PUT,
    .path = "/v1/properties/{id}/members/{user_id}",
    .tag = "Properties",
    .summary = "Allow somebody to help with a property",
    .doc = "Makes the account a co-host, or replaces what the co-host may do. It counts for this property "
           "only, whatever "
           "roles the account has, and from the next request on.",
    .perm = PERM_PROPERTY_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .in = &in_shape,
    .entity = &entity_property_member,
    .errors = errors,
    .exec = property_member_put_exec,
};

/* What is there already; absent: he is no co-host yet. */
static enum err look(struct request *rq, const struct property_member_put_in *in, struct str *before)
{
    struct db_batch *b = write_batch(rq);
    bool replayed;
    int looked = DB_ADD(b, &q_member_look, db_uuid(&in->id), db_uuid(&in->user_id),
                        db_bool(rq->arena, rq->options->unverified_login));
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    const PGresult *r = db_result(b, looked);
    if (!db_get_bool(r, 0, 0)) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such user.");
    }
    *before = db_is_null(r, 0, 1) ? STR_NONE : arena_str(rq->arena, db_get_text(r, 0, 1));
    if (!before->p && db_get_int8(r, 0, 2) >= MEMBERS_MAX) {
        return fail(rq, ERR_CONFLICT, NULL, "A property has at most %d co-hosts.", MEMBERS_MAX);
    }
    return ERR_NONE;
}

static enum err add_answer(struct request *rq, struct db_batch *b, const struct property_member_put_in *in,
                           struct access_answer *out)
{
    struct db_param *property = ARENA_NEW(rq->arena, struct db_param);
    struct db_param *params;
    int nparams;
    *property = db_uuid(&in->id);
    out->selection = selection_default(rq, &entity_property_member, &in->user_id);
    selection_where(out->selection, " and {t}.property_id = $1", property, 1);
    enum err e = plan_make(rq, out->selection, &out->plan, &params, &nparams);
    if (e) {
        return e;
    }
    out->index = db_add(b, plan_statement(out->plan), params, nparams);
    return ERR_NONE;
}

static enum err put(struct request *rq, const struct property_member_put_in *in, const struct str *names,
                    size_t count, struct str before)
{
    const char *after = access_member_json(rq->arena, &in->user_id, access_join(rq->arena, names, count));
    struct access_answer answer;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_member_put, db_uuid(&in->id), db_uuid(&in->user_id), db_text_array(rq->arena, names, count),
           db_int8(rq->arena, in->share_ppm));
    audit_add(rq, b, AUDIT_MEMBER_PUT, &in->id,
              before.p ? access_member_json(rq->arena, &in->user_id, before) : NULL,
              in->share_ppm > 0 ? arena_printf(rq->arena, "%.*s,\"share_ppm\":%lld}", (int)strlen(after) - 1,
                                               after, (long long)in->share_ppm)
                                : after);
    enum err e = add_answer(rq, b, in, &answer);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, answer.plan, answer.selection, db_result(b, answer.index));
}

/* Lists of words are sets: one named twice is stored once. */
static size_t unique(struct str *names, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < n && !str_eq(names[k], names[i])) {
            k++;
        }
        names[n] = names[i];
        n += k == n;
    }
    return n;
}

static enum err property_member_put_exec(struct request *rq)
{
    const struct property_member_put_in *in = rq->in;
    struct str *names = access_words(rq->arena, &in->permissions, access_member_permissions), before;
    struct property_facts now;
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &now, &replayed);
    if (e || replayed || (e = access_require_held(rq, "/permissions", names, in->permissions.count, 0)) ||
        (e = look(rq, in, &before))) {
        return e;
    }
    if (uuid_eq(&now.host, &in->user_id)) {
        return fail(rq, ERR_CONFLICT, NULL, "The host needs no leave to do what hosts do.");
    }
    return put(rq, in, names, unique(names, in->permissions.count), before);
}
