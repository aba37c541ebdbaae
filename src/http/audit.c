/* Entries of the audit log made by requests. */
#include "http/audit.h"

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
