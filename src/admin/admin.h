/*
 * Looking after accounts: finding, suspending and restoring them, acting as their users, and the audit log.
 *
 * Nobody touches an account that may do what they may not themselves; nobody suspends their own. What a
 * suspended host offers is not found and not booked while the suspension lasts; bookings that were made stay.
 *
 * A member of the staff acts as a user with an access token of a session of its own, which says so and cannot
 * be refreshed. It allows what the user may, except what is only the user's own (account, sessions, consents,
 * properties made, removed and shared) and whatever staff may (PERM_NOT_ACTING); every request made with it
 * is in the audit log before it is carried out. It ends with the log-out, its time, or the suspension of
 * either.
 */
#ifndef NEXUS_ADMIN_ADMIN_H
#define NEXUS_ADMIN_ADMIN_H

#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_managed_user, entity_audit_entry;
extern const struct op op_admin_user_list, op_admin_user_read, op_admin_user_suspend, op_admin_user_restore,
    op_admin_user_act, op_audit_list, op_audit_read;

#define ADMIN_REASON_MAX 500 /* characters */

/* Input of what is done to an account: path and reason. */
struct admin_change_in {
    struct shape_seen seen;
    struct uuid id;
    struct str reason;
};
extern const struct shape admin_change_shape;

struct admin_facts {
    enum admin_status { ADMIN_ACTIVE, ADMIN_SUSPENDED, ADMIN_DEACTIVATED } status;
    uint64_t perms; /* of the account's roles */
};
/* An account, locked until the transaction ends; the request's writes must be atomic. ERR_NOT_FOUND,
 * recorded. *replayed as in write_run. */
enum err admin_lock(struct request *rq, const struct uuid *id, struct admin_facts *out,
                    bool *replayed) MUST_CHECK;

/* Set the status, append the entry and answer with the account as it is then. */
enum audit_action;
struct admin_change {
    const struct uuid *id;
    enum admin_status from, to;
    struct str reason;
};
struct db_batch;
enum err admin_finish(struct request *rq, struct db_batch *b, const struct admin_change *change) MUST_CHECK;

#endif
