/* What nexusctl puts into the audit log. */
#ifndef NEXUS_CTL_AUDIT_H
#define NEXUS_CTL_AUDIT_H

#include "audit/audit.h"
#include "ctl/pg.h"

/*
 * Append an entry inside the caller's transaction; the operator is "nexusctl:" and the name of the system's
 * user who runs it, and of whoever became that user with sudo. `target` is a UUID or a name; `before` and
 * `after` are JSON objects or NULL. False after the reason has been printed.
 */
bool ctl_audit(PGconn *c, enum audit_action action, const char *target, const char *before,
               const char *after);

/*
 * For changes of one user, property or booking by several statements: ctl_audit_watch before them,
 * ctl_audit_change after them appends what differs, or nothing when nothing does.
 */
bool ctl_audit_watch(PGconn *c, enum audit_action action, const char *target);
bool ctl_audit_change(PGconn *c, enum audit_action action, const char *target);

#endif
