/* Commits that workers are told of. */
#include "ctl/access.h"

#include "cache/cache.h"

/* Workers that cannot be told look again by themselves (http/access.c). */
enum ctl_exit ctl_commit_access(struct ctl *ctl, PGconn *c, const struct uuid *users, size_t count)
{
    struct cache *cache = cache_create(ctl_options(ctl));
    bool announced = cache_announce(cache, CHANGE_PENDING, users, count);
    bool done = pg_exec(c, "commit");
    announced = cache_announce(cache, CHANGE_DONE, users, count) && announced;
    if (done && !announced && cache_configured(cache)) {
        ctl_say("Redis cannot be told (%s): workers notice within half a minute", cache_error(cache));
    }
    cache_close(cache);
    return done ? CTL_OK : pg_exit(c);
}
