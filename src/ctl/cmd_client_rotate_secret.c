/* nexusctl client rotate-secret */
#include "ctl/audit.h"
#include "ctl/client.h"
#include "ctl/commands.h"

static enum ctl_exit client_rotate_secret_run(struct ctl *ctl);

const struct ctl_command ctl_client_rotate_secret = {
    .name = "client rotate-secret",
    .args = "CLIENT_ID",
    .example = "nexusctl client rotate-secret 0192f3a4-5b6c-7d8e-9f01-23456789abcd",
    .summary = "Give an OAuth client another secret",
    .doc =
        "The old secret is worth nothing from now on; tokens that were issued stay good. Prints the new one, "
        "this once. Public clients have none.",
    .min_args = 1,
    .max_args = 1,
    .run = client_rotate_secret_run,
};

static enum ctl_exit rotate(PGconn *c, const char *id, const char *hash)
{
    const char *params[] = { id, hash };
    PGresult *r = pg_exec(c, "begin")
                      ? pg_query_params(c,
                                        "update oauth_clients set secret_hash = decode($2, 'hex'),"
                                        " version = version + 1, updated_at = now()"
                                        " where id = $1::uuid and secret_hash is not null returning 1",
                                        2, params)
                      : NULL;
    int found = r ? PQntuples(r) : -1;
    PQclear(r);
    if (found == 0) {
        return ctl_fail(CTL_NOT_FOUND, "there is no confidential client %s", id);
    }
    return found == 1 && ctl_audit(c, AUDIT_CLIENT_SECRET, id, NULL, NULL) && pg_exec(c, "commit")
               ? CTL_OK
               : pg_exit(c);
}

static enum ctl_exit client_rotate_secret_run(struct ctl *ctl)
{
    const char *id = client_argument(ctl), *hash;
    const struct options *o = id ? ctl_options(ctl) : NULL;
    enum ctl_exit exit = id ? CTL_FAILED : CTL_USAGE;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    struct arena *a = arena_create(4096, 65536);
    const char *secret = client_new_secret(a, &hash);
    exit = rotate(c, id, hash);
    if (exit == CTL_OK) {
        client_print(ctl, id, secret);
    }
    arena_destroy(a);
    pg_close(c);
    return exit;
}
