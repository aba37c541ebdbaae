/* What the ops of roles and co-hosts share. */
#include "access/access.h"

#include "db/queries.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "query/plan.h"
#include "json/write.h"

_Static_assert(PERM_PUBLIC == 0, "public is left out of what can be given");

const char *const access_all_permissions[] = {
#define PERM(id, name, doc) [id] = name,
#include "auth/permissions.def"
#undef PERM
    [PERM_COUNT] = NULL,
};

const char *const access_member_permissions[] = { "property.write", "calendar.write", "booking.read",
                                                  "booking.manage", NULL };

static const struct shape_field path_fields[] = {
    { .name = "name",
      .type = SHAPE_STRING,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct role_path_in, name),
      .min = 1,
      .max = ROLE_NAME_MAX,
      .format = "name",
      .doc = "The role.",
      .example = "\"guest\"" },
};
const struct shape role_path_shape = { .name = "RolePath",
                                       .fields = path_fields,
                                       .count = SHAPE_COUNT(path_fields),
                                       .size = sizeof(struct role_path_in),
                                       .doc = "Which role." };

/* ---- names */

struct str *access_words(struct arena *a, const struct shape_list *list, const char *const *words)
{
    const int *index = list->items;
    struct str *names = ARENA_ARRAY(a, struct str, list->count);
    for (size_t i = 0; i < list->count; i++) {
        names[i] = str_from(words[index[i]]);
    }
    return names;
}

enum err access_require_held(struct request *rq, const char *pointer, const struct str *names, size_t count,
                             uint64_t free)
{
    uint64_t held = rq->principal.perms | free;
    for (size_t i = 0; i < count; i++) {
        if (perm_set(names[i]) & ~held) {
            (void)fail(rq, ERR_FORBIDDEN, arena_printf(rq->arena, "%s/%zu", pointer, i),
                       "Nobody gives or takes a permission that they do not hold: " STR_FMT ".",
                       STR_ARG(names[i]));
        }
    }
    return rq->err;
}

void access_write_names(struct json_writer *w, struct str names)
{
    struct str name;
    json_write_array(w);
    while (perm_next(&names, &name)) {
        json_write_str(w, name);
    }
    json_write_array_end(w);
}

/* `user` NULL: none is named. */
static const char *names_json(struct arena *a, const struct uuid *user, const char *key, struct str names)
{
    struct buf text;
    buf_init(&text, 65536);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    if (user) {
        JSON_MEMBER(&w, "user_id", uuid, user);
    }
    json_write_key(&w, str_from(key));
    access_write_names(&w, names);
    json_write_object_end(&w);
    const char *z = arena_strdup(a, buf_str(&text));
    buf_free(&text);
    return z;
}

const char *access_json(struct arena *a, const char *key, struct str names)
{
    return names_json(a, NULL, key, names);
}

const char *access_member_json(struct arena *a, const struct uuid *user, struct str names)
{
    return names_json(a, user, "permissions", names);
}

struct str access_join(struct arena *a, const struct str *names, size_t count)
{
    size_t size = 1;
    for (size_t i = 0; i < count; i++) {
        size += names[i].n + 1;
    }
    char *text = arena_alloc(a, size);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(text + n, names[i].p, names[i].n);
        n += names[i].n;
        text[n++] = ',';
    }
    return (struct str){ text, n };
}

/* ---- roles */

enum err role_lock(struct request *rq, struct str name, struct role_facts *out, bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    int locked = DB_ADD(b, &q_role_lock, db_text(name));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    const PGresult *r = db_result(b, locked);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such role.");
    }
    out->built_in = db_get_bool(r, 0, 0);
    out->permissions = arena_str(rq->arena, db_get_text(r, 0, 2));
    out->in_use = db_get_bool(r, 0, 3);
    return if_match_allows(rq, db_get_int8(r, 0, 1))
               ? ERR_NONE
               : fail(rq, ERR_PRECONDITION, NULL, "The role was changed since; read it again.");
}

enum err role_add_answer(struct request *rq, struct db_batch *b, const struct str *name,
                         struct access_answer *out)
{
    struct db_param *key = ARENA_NEW(rq->arena, struct db_param);
    *key = db_text(*name);
    out->selection = selection_default(rq, &entity_role, &(struct uuid){ 0 });
    out->selection->key_value = key;
    struct db_param *params;
    int nparams;
    enum err e = plan_make(rq, out->selection, &out->plan, &params, &nparams);
    if (e) {
        return e;
    }
    out->index = db_add(b, plan_statement(out->plan), params, nparams);
    return ERR_NONE;
}
