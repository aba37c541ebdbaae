/* GET /v1/admin/users: find accounts. */
#include "admin/admin.h"

#include "query/plan.h"

#include <stddef.h>

struct admin_user_list_in {
    struct shape_seen seen;
    struct str search, role;
};

enum { SEARCH, ROLE };
static const struct shape_field in_fields[] = {
    [SEARCH] = { .name = "search",
                 .type = SHAPE_STRING,
                 .in = IN_QUERY,
                 .offset = offsetof(struct admin_user_list_in, search),
                 .min = 2,
                 .max = 100,
                 .doc = "How the address or the name begins; upper and lower case are the same.",
                 .example = "\"ada\"" },
    [ROLE] = { .name = "role",
               .type = SHAPE_STRING,
               .in = IN_QUERY,
               .offset = offsetof(struct admin_user_list_in, role),
               .min = 1,
               .max = 32,
               .doc = "Only accounts that have this role.",
               .example = "\"host\"" },
};
static const struct shape in_shape = { .name = "AdminUserList",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct admin_user_list_in),
                                       .doc = "Which accounts." };

static enum err admin_user_list_prepare(struct request *rq, struct selection *sel);

const struct op op_admin_user_list = {
    .name = "admin_user_list",
    .method = METHOD_GET,
    .path = "/v1/admin/users",
    .tag = "Administration",
    .summary = "Find accounts",
    .doc = "All accounts, the newest first, or those whose address or name begins with some letters.",
    .perm = PERM_USER_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_managed_user,
    .prepare = admin_user_list_prepare,
    .exec = read_exec,
};

/* What has been found by its beginning comes first and is ordered then: nobody knows beforehand how many it
 * are. */
#define BEGINS(column) column " ~>=~ lower($1) and " column " ~<~ (lower($1) || U&'\\+10FFFF')"
static const char search_sql[] = " and {t}.id = any (array(select sa.id from users sa where " BEGINS(
    "sa.email") " union select sb.id from users sb where " BEGINS("lower(sb.name)") "))";
static const char role_sql[] =
    " and exists (select from user_roles sr where sr.user_id = {t}.id and sr.role_name = $1)";

static enum err admin_user_list_prepare(struct request *rq, struct selection *sel)
{
    const struct admin_user_list_in *in = rq->in;
    struct db_param *texts = ARENA_ARRAY(rq->arena, struct db_param, 2);
    texts[SEARCH] = db_text(in->search);
    texts[ROLE] = db_text(in->role);
    if (SHAPE_HAS(in, SEARCH)) {
        selection_where(sel, search_sql, &texts[SEARCH], 1);
    }
    if (SHAPE_HAS(in, ROLE)) {
        selection_where(sel, role_sql, &texts[ROLE], 1);
    }
    return ERR_NONE;
}
