/*
 * What ops put into the audit log (audit/audit.h): everything that changes who may do what, and what somebody
 * may have to answer for. Who asked, from where and under which request id is known from the request.
 *
 * Reading, bookings and their quotes, and failed log-ins do not go through it: the first two are the hot
 * path, the third would let anybody fill it.
 */
#ifndef NEXUS_HTTP_AUDIT_H
#define NEXUS_HTTP_AUDIT_H

#include "audit/audit.h"
#include "http/request.h"

/*
 * An entry in the batch's transaction: `before` and `after` are JSON objects with what changed, or NULL; no
 * secrets, no personal text. For changes that are certain when the batch commits.
 */
void audit_add(struct request *rq, struct db_batch *b, enum audit_action action, const struct uuid *target,
               const char *before, const char *after);
/* The same for a target that has a name and no UUID: a role, a key. */
void audit_add_named(struct request *rq, struct db_batch *b, enum audit_action action, struct str target,
                     const char *before, const char *after);

/*
 * For a change of one user, property or booking whose effect is not known before the statement has run: in
 * this order audit_watch, the statements, audit_add_change. What differs is found by the database; when
 * nothing does, there is no entry.
 */
void audit_watch(struct db_batch *b, enum audit_action action, const struct uuid *target);
void audit_add_change(struct request *rq, struct db_batch *b, enum audit_action action,
                      const struct uuid *target);

/* A JSON object of texts in the arena, for `before` and `after`; members without a value are left out. */
struct audit_text {
    const char *name;
    struct str value;
};
const char *audit_texts(struct arena *a, const struct audit_text *members, size_t n);

/* Called by the pipeline: a request of somebody who acts as another is told before it is carried out, so that
 * nothing can be done that is not in the log. */
enum err audit_acting(struct request *rq) MUST_CHECK;

#endif
