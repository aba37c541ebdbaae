/* GET /v1/users/{id}: what everybody may know of a user. */
#include "account/account.h"

#include "query/plan.h"

#include <stddef.h>

static enum err user_read_prepare(struct request *rq, struct selection *sel);

struct user_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct user_read_in, id),
      .doc = "The user." },
};
static const struct shape in_shape = { .name = "UserRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct user_read_in),
                                       .doc = "Which user." };

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_user_read = {
    .name = "user_read",
    .method = METHOD_GET,
    .path = "/v1/users/{id}",
    .tag = "Accounts",
    .summary = "Read a public profile",
    .doc = "Name, photo, what the user says of themselves, and how much they offer. Accounts that are "
           "suspended or "
           "deactivated have none, nor have those whose address is not verified while they offer nothing.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_user_public,
    .errors = errors,
    .prepare = user_read_prepare,
    .exec = read_exec,
};

/* Edges to users leave out what only a profile shows, and keep the names of those who are gone. The id a
 * sign-up was answered with must not tell whether it made an account: one that has neither been verified nor
 * offers anything is not seen. */
static enum err user_read_prepare(struct request *rq, struct selection *sel)
{
    if (sel->named == 0) {
        for (size_t i = 0; i < sel->entity->field_count; i++) {
            sel->fields |= (uint64_t)1 << i;
        }
    }
    selection_where(sel,
                    " and {t}.status = 'active' and ({t}.email_verified_at is not null or exists"
                    " (select from properties o where o.host_id = {t}.id and o.status = 'published'))",
                    NULL, 0);
    return ERR_NONE;
}
