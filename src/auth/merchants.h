/*
 * What payment providers know this marketplace by (options payment_providers and those of each provider):
 * their address, our key, and the secrets their webhooks are signed with. Secrets are in files only.
 */
#ifndef NEXUS_AUTH_MERCHANTS_H
#define NEXUS_AUTH_MERCHANTS_H

#include "base/arena.h"
#include "base/options.h"
#include "base/str.h"

#define MERCHANT_SECRETS_MAX 4

struct merchant {
    const char *name; /* "stripe" */
    const char *url;  /* without a slash at its end */
    struct str key;
    struct str webhook[MERCHANT_SECRETS_MAX]; /* any of them signs: an old one goes on until it is replaced */
    size_t webhook_count;
};

struct merchants;

/* Read the secrets of all providers named in payment_providers. NULL with one line in error[]: an unknown or
 * repeated name, a secret that is missing or cannot be read. */
struct merchants *merchants_load(const struct options *o, char *error, size_t error_size);
void merchants_free(struct merchants *m);

/* NULL: the provider is unknown or not switched on. */
const struct merchant *merchants_find(const struct merchants *m, struct str name);
/* The first one of the option: whom a payment is made with when none is named. NULL: there is none. */
const struct merchant *merchants_first(const struct merchants *m);

#endif
