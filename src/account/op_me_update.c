/* PATCH /v1/me: change one's own account. */
#include "account/account.h"

#include "db/queries.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "query/plan.h"

#include <stddef.h>

static enum err me_update_exec(struct request *rq);

struct me_update_in {
    struct shape_seen seen;
    struct str name;
};

static const struct shape_field fields[] = {
    { .name = "name",
      .type = SHAPE_STRING,
      .offset = offsetof(struct me_update_in, name),
      .min = 1,
      .max = ACCOUNT_NAME_MAX,
      .doc = "Name shown to others.",
      .example = "\"Ada\"" },
};
static const struct shape shape = {
    .name = "MeUpdate",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct me_update_in),
    .doc = "What is to change; members left out stay as they are.",
};
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_NONE };

const struct op op_me_update = {
    .name = "me_update",
    .method = METHOD_PATCH,
    .path = "/v1/me",
    .tag = "Accounts",
    .summary = "Change one's own account",
    .doc = "Members left out stay as they are. With If-Match the change is made only to that version.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &shape,
    .entity = &entity_account,
    .errors = errors,
    .exec = me_update_exec,
};

static enum err me_update_exec(struct request *rq)
{
    const struct me_update_in *in = rq->in;
    const struct plan *plan;
    struct selection *sel;
    bool replayed;
    int item;
    struct db_batch *b = write_batch(rq);
    int changed =
        DB_ADD(b, &q_account_update, db_uuid(&rq->principal.user), db_text(in->name), if_match_param(rq));
    enum err e = plan_add_item(rq, b, &entity_account, &rq->principal.user, &item, &plan, &sel);
    if (e || (e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, changed)) == 0 && PQntuples(db_result(b, item)) > 0) {
        return fail(rq, ERR_PRECONDITION, NULL, NULL);
    }
    return plan_write(rq, plan, sel, db_result(b, item)); /* no row: the account is gone */
}
