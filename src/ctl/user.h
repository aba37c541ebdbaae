/* What the user commands share. */
#ifndef NEXUS_CTL_USER_H
#define NEXUS_CTL_USER_H

#include "ctl/audit.h"
#include "ctl/pg.h"

/*
 * Give the user exactly these roles, and tell the audit log. Runs inside the caller's transaction.
 * CTL_NOT_FOUND after naming the nearest role when one is unknown.
 */
enum ctl_exit user_set_roles(PGconn *c, const char *user_id, const char *const *roles, int count);

/* Run of a command that moves the account --email from one status to another because of --reason, and with
 * suspension ends its sessions. */
struct user_change {
    const char *from, *to;
    enum audit_action action;
};
enum ctl_exit user_change_status(struct ctl *ctl, const struct user_change *change);

#endif
