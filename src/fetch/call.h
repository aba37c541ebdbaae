/* One call by libcurl, in whatever process it is made. */
#ifndef NEXUS_FETCH_CALL_H
#define NEXUS_FETCH_CALL_H

#include "fetch/fetch.h"

struct call_way {
    struct arena *arena; /* of the answer */
    const char *issuer;  /* as in struct fetch_session */
    const char *ca;
    int64_t deadline_us; /* monotonic */
    const char *inside;  /* origins that may have a private address; NULL: none */
    bool own_inside;     /* and so may the issuer's */
    /* Look at all addresses of a name before the first is called: one that is not public refuses them all.
     * Not where the resolver could hold up more than this call. */
    bool resolve;
};

void call_run(const struct call_way *way, const struct fetch *f, struct fetched *out);

#endif
