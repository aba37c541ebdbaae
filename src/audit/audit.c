/* Entries of the audit log as statements. */
#include "audit/audit.h"

#include "db/queries.h"

#include <arpa/inet.h>

static const struct {
    const char *name, *target, *doc;
} actions[] = {
#define AUDIT(id, name, target, doc) [id] = { name, target, doc },
#include "audit/actions.def"
#undef AUDIT
};

const char *const audit_action_names[] = {
#define AUDIT(id, name, target, doc) [id] = name,
#include "audit/actions.def"
#undef AUDIT
    [AUDIT_COUNT] = NULL,
};

const char *const audit_target_types[] = { "user",   "role",     "property", "client",  "key",
                                           "coupon", "booking",  "payment",  "payout",  "job",
                                           "photo",  "schedule", "block",    "webhook", NULL };

const char *audit_action_name(enum audit_action action)
{
    return actions[action].name;
}

const char *audit_action_target(enum audit_action action)
{
    return actions[action].target;
}

const char *audit_action_doc(enum audit_action action)
{
    return actions[action].doc;
}

static bool is_address(struct arena *a, struct str text)
{
    struct in6_addr any;
    const char *z = text.p ? arena_strdup(a, text) : "";
    return inet_pton(AF_INET, z, &any) == 1 || inet_pton(AF_INET6, z, &any) == 1;
}

/* The entry may be gone when the batch runs. */
static struct db_param id_param(struct arena *a, const struct uuid *id)
{
    if (uuid_is_nil(id)) {
        return db_null(DB_UUID);
    }
    struct uuid *kept = ARENA_NEW(a, struct uuid);
    *kept = *id;
    return db_uuid(kept);
}

static struct db_param new_id(struct arena *a)
{
    struct uuid id = uuid_v7();
    return id_param(a, &id);
}

static struct db_param name_param(const char *name)
{
    return db_text(str_from(name));
}

void audit_append(struct db_batch *b, struct arena *a, const struct audit_entry *e)
{
    (void)DB_ADD(b, &q_audit_append, new_id(a), id_param(a, &e->user), id_param(a, &e->actor),
                 id_param(a, &e->client), db_text(e->operator), db_text(e->request_id),
                 db_text(is_address(a, e->address) ? e->address : STR_NONE),
                 name_param(audit_action_name(e->action)), name_param(audit_action_target(e->action)),
                 db_text(e->target), db_text(e->before), db_text(e->after));
}

void audit_append_watch(struct db_batch *b, enum audit_action action, const struct uuid *target)
{
    (void)DB_ADD(b, &q_audit_watch, name_param(audit_action_target(action)), db_uuid(target));
}

void audit_append_change(struct db_batch *b, struct arena *a, const struct audit_entry *e)
{
    (void)DB_ADD(b, &q_audit_append_change, new_id(a), id_param(a, &e->user), id_param(a, &e->actor),
                 id_param(a, &e->client), db_text(e->operator), db_text(e->request_id),
                 db_text(is_address(a, e->address) ? e->address : STR_NONE),
                 name_param(audit_action_name(e->action)), name_param(audit_action_target(e->action)),
                 db_text(e->target));
}
