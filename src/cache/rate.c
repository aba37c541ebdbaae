/* Classes of requests and their limits. */
#include "cache/cache.h"

#include "base/str.h"

const char *const rate_class_names[RATE_CLASSES] = {
    [RATE_NONE] = "none",   [RATE_READ] = "read",   [RATE_SEARCH] = "search",
    [RATE_WRITE] = "write", [RATE_LOGIN] = "login", [RATE_HASH] = "hash",
};

const struct rate_limit *rate_class_limit(const struct options *o, enum rate_class cls, bool known)
{
    switch (cls) {
    case RATE_READ:
        return &o->rate_read;
    case RATE_SEARCH:
        return &o->rate_search;
    case RATE_WRITE:
        return &o->rate_write;
    case RATE_LOGIN:
        return known ? &o->rate_login : &o->rate_login_anonymous;
    case RATE_HASH:
        return &o->rate_hash;
    case RATE_NONE:
    case RATE_CLASSES:
        break;
    }
    return NULL;
}

static bool holds(struct str roles, const char *role)
{
    struct str name;
    while (str_split(&roles, ' ', &name)) {
        if (str_eqz(name, role)) {
            return true;
        }
    }
    return false;
}

/* Events per period, across different periods; no limit is the most. */
static bool is_more_generous(const struct rate_limit *a, const struct rate_limit *b)
{
    if (a->count == 0 || b->count == 0) {
        return b->count != 0;
    }
    return (double)a->count * (double)b->period_us > (double)b->count * (double)a->period_us;
}

unsigned rate_role_find(const struct options *o, struct str roles, enum rate_class cls)
{
    const struct role_rate *list = o->rate_roles;
    unsigned best = 0;
    for (unsigned i = 0; list && list[i].role; i++) {
        if (strcmp(list[i].rate_class, rate_class_names[cls]) == 0 && holds(roles, list[i].role) &&
            (best == 0 || is_more_generous(&list[i].limit, &list[best - 1].limit))) {
            best = i + 1;
        }
    }
    return best;
}
