/*
 * OpenID providers that users may sign in with (option login_providers): what their files say. What is
 * learned from the providers themselves is src/federation's.
 */
#ifndef NEXUS_AUTH_PROVIDERS_H
#define NEXUS_AUTH_PROVIDERS_H

#include "base/arena.h"
#include "base/options.h"

#include <stdio.h>

#define PROVIDERS_MAX 256

struct provider {
#define PROVIDER(type, name, def, min, max, doc) option_##type name;
#include "auth/providers.def"
#undef PROVIDER
    const char *name;
    struct str secret; /* absent: a public client */
    unsigned index;    /* among all */
};

struct providers {
    struct provider *item;
    size_t count;
    struct arena *memory;
};

/*
 * Read the files of all providers named in the options. NULL with one line "FILE:LINE: reason" in error[];
 * unknown and repeated names, missing ones and unreadable secrets refuse the file.
 */
struct providers *providers_load(const struct options *o, char *error, size_t error_size);
void providers_free(struct providers *providers);

/* NULL: there is none of this name. */
const struct provider *providers_find(const struct providers *providers, struct str name);

/* For nexus.conf(5): the table in roff. */
void providers_write_man(FILE *out);

#endif
