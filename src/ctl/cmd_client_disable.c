/* nexusctl client disable */
#include "cache/cache.h"
#include "ctl/audit.h"
#include "ctl/client.h"
#include "ctl/commands.h"

static enum ctl_exit client_disable_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "enable", NULL, "Switch it on again; what it had before does not come back." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_client_disable = {
    .name = "client disable",
    .args = "CLIENT_ID",
    .example = "nexusctl client disable 0192f3a4-5b6c-7d8e-9f01-23456789abcd",
    .summary = "Switch an OAuth client off and end its sessions",
    .doc = "Nobody is asked to allow it anything any more, its secret is worth nothing, and its tokens are "
           "refused "
           "at once.",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = client_disable_run,
};

/* Whose tokens it is about nobody counts: everybody's are looked at anew. */
static enum ctl_exit commit(struct ctl *ctl, PGconn *c)
{
    struct cache *cache = cache_create(ctl_options(ctl));
    bool announced = cache_announce(cache, CHANGE_PENDING, NULL, 0);
    bool done = pg_exec(c, "commit");
    announced = cache_announce(cache, CHANGE_DONE, NULL, 0) && announced;
    if (done && !announced && cache_configured(cache)) {
        fprintf(stderr, "Redis cannot be told (%s): workers notice within half a minute\n",
                cache_error(cache));
    }
    cache_close(cache);
    return done ? CTL_OK : pg_exit(c);
}

static enum ctl_exit change(struct ctl *ctl, PGconn *c, const char *id, bool disable)
{
    static const char *const sql[] = {
        "delete from oauth_codes where client_id = $1::uuid and used_at is null",
        "update sessions set ended_at = now(), end_reason = 'revoked' where client_id = $1::uuid and "
        "ended_at is null",
    };
    const char *params[] = { id, disable ? "true" : "false" };
    PGresult *r =
        pg_exec(c, "begin")
            ? pg_query_params(c,
                              "update oauth_clients set disabled_at = case when $2::boolean then"
                              " coalesce(disabled_at, now()) end, version = version + 1, updated_at = now()"
                              " where id = $1::uuid returning 1",
                              2, params)
            : NULL;
    bool done = r != NULL;
    bool found = done && PQntuples(r) == 1;
    PQclear(r);
    if (done && !found) {
        return ctl_fail(CTL_NOT_FOUND, "there is no client %s", id);
    }
    for (int i = 0; done && disable && i < 2; i++) {
        r = pg_query_params(c, sql[i], 1, params);
        done = r != NULL;
        PQclear(r);
    }
    done = done && ctl_audit(c, AUDIT_CLIENT_UPDATE, id, NULL,
                             disable ? "{\"disabled\":true}" : "{\"disabled\":false}");
    return done ? commit(ctl, c) : pg_exit(c);
}

static enum ctl_exit client_disable_run(struct ctl *ctl)
{
    const char *id = client_argument(ctl);
    const struct options *o = id ? ctl_options(ctl) : NULL;
    enum ctl_exit exit = id ? CTL_FAILED : CTL_USAGE;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = change(ctl, c, id, !ctl_given(ctl, "enable"));
        pg_close(c);
    }
    return exit;
}
