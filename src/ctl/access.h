/* Commits that change what tokens are good for. */
#ifndef NEXUS_CTL_ACCESS_H
#define NEXUS_CTL_ACCESS_H

#include "base/uuid.h"
#include "ctl/pg.h"

/*
 * Commit the running transaction and tell all workers, before and after, that what tokens of these users are
 * good for has changed; no users: of everybody. When Redis cannot be told that is said, and workers notice by
 * themselves.
 */
enum ctl_exit ctl_commit_access(struct ctl *ctl, PGconn *c, const struct uuid *users, size_t count);

#endif
