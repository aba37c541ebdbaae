/* What the ops on accounts share. */
#include "admin/admin.h"

#include "db/queries.h"
#include "http/access.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "query/plan.h"

#include <stddef.h>

static const struct shape_field fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct admin_change_in, id),
      .doc = "The account." },
    { .name = "reason",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_MULTILINE,
      .offset = offsetof(struct admin_change_in, reason),
      .min = 3,
      .max = ADMIN_REASON_MAX,
      .doc = "Why; kept in the audit log for good, so it names cases and no people.",
      .example = "\"Case 4711: payment fraud\"" },
};
const struct shape admin_change_shape = {
    .name = "AdminChange",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct admin_change_in),
    .doc = "Which account, and why.",
};

static const char *const statuses[] = {
    [ADMIN_ACTIVE] = "active",
    [ADMIN_SUSPENDED] = "suspended",
    [ADMIN_DEACTIVATED] = "deactivated",
};

static enum admin_status status_of(struct str name)
{
    return str_eqz(name, "active")      ? ADMIN_ACTIVE
           : str_eqz(name, "suspended") ? ADMIN_SUSPENDED
                                        : ADMIN_DEACTIVATED;
}

enum err admin_lock(struct request *rq, const struct uuid *id, struct admin_facts *out, bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    int locked = DB_ADD(b, &q_admin_lock_user, db_uuid(id));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    const PGresult *r = db_result(b, locked);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such account.");
    }
    out->status = status_of(db_get_text(r, 0, 0));
    out->perms = perm_set(db_get_text(r, 0, 1));
    return ERR_NONE;
}

static void add_entry(struct request *rq, struct db_batch *b, const struct admin_change *c)
{
    const struct audit_text before = { "status", str_from(statuses[c->from]) };
    const struct audit_text after[] = { { "status", str_from(statuses[c->to]) }, { "reason", c->reason } };
    audit_add(rq, b, c->to == ADMIN_ACTIVE ? AUDIT_USER_RESTORE : AUDIT_USER_SUSPEND, c->id,
              audit_texts(rq->arena, &before, 1), audit_texts(rq->arena, after, 2));
}

enum err admin_finish(struct request *rq, struct db_batch *b, const struct admin_change *c)
{
    const struct plan *plan;
    struct selection *sel;
    bool replayed;
    int item;
    DB_ADD(b, &q_admin_set_status, db_uuid(c->id), db_text(str_from(statuses[c->to])));
    access_changes(rq, c->id);
    add_entry(rq, b, c);
    enum err e = plan_add_item(rq, b, &entity_managed_user, c->id, &item, &plan, &sel);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, plan, sel, db_result(b, item));
}
