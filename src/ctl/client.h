/* What the client commands share. */
#ifndef NEXUS_CTL_CLIENT_H
#define NEXUS_CTL_CLIENT_H

#include "base/arena.h"
#include "ctl/pg.h"

/* A new secret (in the arena), and its hash as hexadecimal digits. */
const char *client_new_secret(struct arena *a, const char **hash);

/* Print identifier and secret; NULL: a public client has none. */
void client_print(const struct ctl *ctl, const char *id, const char *secret);

/* The first argument, when it is a UUID; else NULL after saying so. */
const char *client_argument(const struct ctl *ctl);

#endif
