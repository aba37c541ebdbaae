/* PATCH /v1/me: change one's own account. */
#include "account/account.h"
#include "account/preferences.h"

#include "db/queries.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "query/plan.h"

#include <stddef.h>

static enum err me_update_exec(struct request *rq);

struct me_update_in {
    struct shape_seen seen;
    struct str name, photo_url, phone, about;
    struct shape_list languages;
    struct preferences_in preferences;
};

enum { M_NAME, M_PHOTO_URL, M_PHONE, M_ABOUT, M_LANGUAGES, M_PREFERENCES };

static const struct shape_field language_item = {
    .type = SHAPE_STRING, .min = 2, .max = 35, .format = "language", .example = "\"en\""
};
static const struct shape_field fields[] = {
    [M_NAME] = { .name = "name",
                 .type = SHAPE_STRING,
                 .offset = offsetof(struct me_update_in, name),
                 .min = 1,
                 .max = ACCOUNT_NAME_MAX,
                 .doc = "Name shown to others.",
                 .example = "\"Ada\"" },
    [M_PHOTO_URL] = { .name = "photo_url",
                      .type = SHAPE_STRING,
                      .flags = SHAPE_NULLABLE,
                      .offset = offsetof(struct me_update_in, photo_url),
                      .min = 1,
                      .max = 2000,
                      .format = "uri",
                      .doc = "Photo shown to others; it is not fetched." },
    [M_PHONE] = { .name = "phone",
                  .type = SHAPE_STRING,
                  .flags = SHAPE_NULLABLE,
                  .offset = offsetof(struct me_update_in, phone),
                  .min = 8,
                  .max = 16,
                  .format = "phone",
                  .doc = "Telephone number, E.164." },
    [M_ABOUT] = { .name = "about",
                  .type = SHAPE_STRING,
                  .flags = SHAPE_NULLABLE | SHAPE_MULTILINE,
                  .offset = offsetof(struct me_update_in, about),
                  .min = 0,
                  .max = 2000,
                  .doc = "What one says of oneself, plain text.",
                  .example = "\"I restore boats.\"" },
    [M_LANGUAGES] = { .name = "languages",
                      .type = SHAPE_LIST,
                      .flags = SHAPE_NULLABLE,
                      .offset = offsetof(struct me_update_in, languages),
                      .min = 0,
                      .max = 20,
                      .item = &language_item,
                      .doc = "Languages one speaks, BCP 47, each once." },
    [M_PREFERENCES] = { .name = "preferences",
                        .type = SHAPE_OBJECT,
                        .flags = SHAPE_NULLABLE,
                        .offset = offsetof(struct me_update_in, preferences),
                        .sub = &preferences_in_shape,
                        .doc = "How things are shown." },
};

static void check(const void *in, struct violations *v)
{
    const struct me_update_in *m = in;
    const struct str *list = m->languages.items;
    for (size_t i = 1; i < m->languages.count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (str_eq_nocase(list[i], list[k])) {
                violations_add(v, arena_printf(v->arena, "/languages/%zu", i), "duplicate",
                               "is in the list already");
                break;
            }
        }
    }
}

static const struct shape shape = {
    .name = "MeUpdate",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct me_update_in),
    .doc = "What is to change; members left out stay as they are, null takes them away.",
    .check = check,
};
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_NONE };

const struct op op_me_update = {
    .name = "me_update",
    .method = METHOD_PATCH,
    .path = "/v1/me",
    .tag = "Accounts",
    .summary = "Change one's own account",
    .doc = "Members left out stay as they are. With If-Match the change is made only to that version. "
           "Password and "
           "e-mail address have operations of their own.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &shape,
    .entity = &entity_account,
    .errors = errors,
    .exec = me_update_exec,
};

/* For the statement: null leaves as it is, empty is none. */
static struct db_param text_or_none(const struct me_update_in *in, int member, struct str value)
{
    return db_text(SHAPE_NULL(in, member) ? STR("") : value);
}

static struct db_param languages_of(struct request *rq, const struct me_update_in *in)
{
    return SHAPE_HAS(in, M_LANGUAGES) ? db_text_array(rq->arena, in->languages.items, in->languages.count)
                                      : db_null(DB_TEXT_ARRAY);
}

static struct str preferences_of(struct request *rq, const struct me_update_in *in)
{
    if (SHAPE_NULL(in, M_PREFERENCES)) {
        return preferences_none;
    }
    return SHAPE_HAS(in, M_PREFERENCES) ? preferences_patch(rq->arena, &in->preferences) : STR_NONE;
}

static int add_update(struct request *rq, struct db_batch *b, const struct me_update_in *in)
{
    return DB_ADD(b, &q_account_update, db_uuid(&rq->principal.user), db_bool(rq->arena, in->seen.given != 0),
                  if_match_param(rq), db_text(in->name), text_or_none(in, M_ABOUT, in->about),
                  languages_of(rq, in), text_or_none(in, M_PHOTO_URL, in->photo_url),
                  text_or_none(in, M_PHONE, in->phone), db_text(preferences_of(rq, in)));
}

static enum err me_update_exec(struct request *rq)
{
    const struct plan *plan;
    struct selection *sel;
    bool replayed;
    int item;
    struct db_batch *b = write_batch(rq);
    int changed = add_update(rq, b, rq->in);
    enum err e = plan_add_item(rq, b, &entity_account, &rq->principal.user, &item, &plan, &sel);
    if (e || (e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, changed)) == 0 && PQntuples(db_result(b, item)) > 0) {
        return fail(rq, ERR_PRECONDITION, NULL, NULL);
    }
    return plan_write(rq, plan, sel, db_result(b, item)); /* no row: the account is gone */
}
