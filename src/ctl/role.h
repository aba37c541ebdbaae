/* What the role commands share. */
#ifndef NEXUS_CTL_ROLE_H
#define NEXUS_CTL_ROLE_H

#include "audit/audit.h"
#include "ctl/pg.h"

/* Whether the permissions from argument `first` on exist; CTL_NOT_FOUND after the first unknown one was named
 * with the nearest that is known. */
enum ctl_exit role_check_permissions(const struct ctl *ctl, int first);
/* Those arguments as an array literal of PostgreSQL, malloc'd. They are known: none needs quotes. */
char *role_permission_array(const struct ctl *ctl, int first);

/*
 * Change the permissions of the role named by the first argument with one statement of two parameters, its
 * name and the array of the other arguments; the change is in the audit log and counts for tokens that are
 * out.
 */
enum ctl_exit role_change(struct ctl *ctl, const char *sql);

/* {"permissions": [...]} of a role, malloc'd; NULL after the reason was printed, or with *known false when
 * there is no such role. */
char *role_state(PGconn *c, const char *role, bool *known);

#endif
