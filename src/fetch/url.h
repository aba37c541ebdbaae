/* What may be called, by its URL. One parser for what is checked and what is called: libcurl's. */
#ifndef NEXUS_FETCH_URL_H
#define NEXUS_FETCH_URL_H

#include "base/arena.h"

enum reach {
    REACH_NOT,
    REACH_PUBLIC, /* https on port 443 */
    REACH_OWN,    /* the issuer's origin */
    REACH_INSIDE, /* an origin that is listed */
};

/* `issuer` and `inside`, origins in a list as options have them, may be NULL. */
enum reach url_reach(const char *issuer, const char *inside, struct str url);

/* What a Location means, seen from `base`; NULL when it is none. */
const char *url_resolve(struct arena *a, const char *base, const char *location);

/* Host without brackets, and port, of a URL that may be called. */
struct url_place {
    char host[256];
    char port[8];
};
bool url_place(const char *url, struct url_place *out);

#endif
