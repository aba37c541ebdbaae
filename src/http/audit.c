/* Entries of the audit log made by requests. */
#include "http/audit.h"

#include "http/op.h"
#include "json/write.h"

#define TEXTS_MAX 16384

static struct audit_entry entry_of(struct request *rq, enum audit_action action, struct str target)
{
    return (struct audit_entry){
        .action = action,
        .user = rq->principal.user,
        .actor = rq->principal.actor,
        .client = rq->principal.client,
        .request_id = str_from(rq->id),
        .address = rq->headers[HEADER_REMOTE_ADDR],
        .target = target,
    };
}

static struct str id_text(struct arena *a, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    if (!id) {
        return STR_NONE;
    }
    uuid_format(text, id);
    return arena_str(a, str_from(text));
}

void audit_add_named(struct request *rq, struct db_batch *b, enum audit_action action, struct str target,
                     const char *before, const char *after)
{
    struct audit_entry e = entry_of(rq, action, target);
    e.before = str_from(before);
    e.after = str_from(after);
    audit_append(b, rq->arena, &e);
}

void audit_add(struct request *rq, struct db_batch *b, enum audit_action action, const struct uuid *target,
               const char *before, const char *after)
{
    audit_add_named(rq, b, action, id_text(rq->arena, target), before, after);
}

void audit_watch(struct db_batch *b, enum audit_action action, const struct uuid *target)
{
    audit_append_watch(b, action, target);
}

void audit_add_change(struct request *rq, struct db_batch *b, enum audit_action action,
                      const struct uuid *target)
{
    struct audit_entry e = entry_of(rq, action, id_text(rq->arena, target));
    audit_append_change(b, rq->arena, &e);
}

const char *audit_texts(struct arena *a, const struct audit_text *members, size_t n)
{
    struct buf text;
    buf_init(&text, TEXTS_MAX);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    for (size_t i = 0; i < n; i++) {
        if (members[i].value.p) {
            json_write_key(&w, str_from(members[i].name));
            json_write_str(&w, members[i].value);
        }
    }
    json_write_object_end(&w);
    const char *z = text.overflow ? "{}" : arena_strdup(a, buf_str(&text));
    buf_free(&text);
    return z;
}

/* Without the query: it may hold what somebody typed. */
static struct str path_of(const struct request *rq)
{
    struct str rest = rq->headers[HEADER_URI], path = STR_NONE;
    (void)str_split(&rest, '?', &path);
    return path;
}

enum err audit_acting(struct request *rq)
{
    if (uuid_is_nil(&rq->principal.actor)) {
        return ERR_NONE;
    }
    struct db_failure failure;
    const struct audit_text after[] = { { "op", str_from(rq->op->name) }, { "path", path_of(rq) } };
    struct db_batch *b = db_batch(rq->db, rq->arena);
    audit_add(rq, b, AUDIT_ACTING_REQUEST, &rq->principal.user, NULL, audit_texts(rq->arena, after, 2));
    return db_run(b, &failure) == ERR_NONE ? ERR_NONE : fail_db(rq, &failure);
}
