/* What the user commands share. */
#ifndef NEXUS_CTL_USER_H
#define NEXUS_CTL_USER_H

#include "ctl/pg.h"

/*
 * Give the user exactly these roles. Runs inside the caller's transaction. CTL_NOT_FOUND after naming the
 * nearest role when one is unknown.
 */
enum ctl_exit user_set_roles(PGconn *c, const char *user_id, const char *const *roles, int count);

#endif
