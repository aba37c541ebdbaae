/*
 * The audit log: who did what to what, when and from where. It is only ever added to; each entry is chained
 * to the one before by SHA-256 when its transaction commits (sql/migrations), and `nexusctl audit
 * verify` finds what was edited, removed or put elsewhere.
 *
 * An entry is a statement in the transaction of what it tells of: neither is there without the other. Ops use
 * http/audit.h, which knows who is asking; nexusctl uses ctl/audit.h.
 *
 * Entries hold identifiers and no personal text, so that the chain survives an erasure; never a secret or a
 * hash of one. The database refuses members whose names look like one.
 */
#ifndef NEXUS_AUDIT_AUDIT_H
#define NEXUS_AUDIT_AUDIT_H

#include "db/db.h"

/* The closed list of what is recorded: audit/actions.def. */
enum audit_action {
#define AUDIT(id, name, target, doc) id,
#include "audit/actions.def"
#undef AUDIT
    AUDIT_COUNT
};

const char *audit_action_name(enum audit_action action);   /* "user.suspend" */
const char *audit_action_target(enum audit_action action); /* "user" */
const char *audit_action_doc(enum audit_action action);
/* All names, NULL-terminated. */
extern const char *const audit_action_names[];
/* All types of targets, each once, NULL-terminated. */
extern const char *const audit_target_types[];

struct audit_entry {
    enum audit_action action;
    struct uuid user;      /* whose rights were used; nil: nobody's */
    struct uuid actor;     /* the member of the staff who acted as `user`; nil: nobody */
    struct uuid client;    /* nil: the product's own front-ends */
    struct str operator;   /* who typed it, when it came from the shell; else absent */
    struct str request_id; /* absent: none */
    struct str
        address;       /* of whoever asked; only its network is kept (/24, /48). Absent or no address: none */
    struct str target; /* UUID text, or name of a role or key; absent: none */
    struct str before, after; /* JSON objects with the members that tell what changed; absent: none */
};

/* Add the statement that appends an entry. Texts must live until the batch has run. */
void audit_append(struct db_batch *b, struct arena *a, const struct audit_entry *e);

/*
 * For changes made by one UPDATE, whose effect is not known before it has run: remember the state of the
 * target (users, properties and bookings have one, see audit_view in the migration) and lock it; the change;
 * then append what differs, or nothing when nothing does.
 */
void audit_append_watch(struct db_batch *b, enum audit_action action, const struct uuid *target);
void audit_append_change(struct db_batch *b, struct arena *a, const struct audit_entry *e);

#endif
