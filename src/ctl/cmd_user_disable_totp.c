/* nexusctl user disable-totp */
#include "ctl/access.h"
#include "ctl/commands.h"
#include "ctl/user.h"

static enum ctl_exit user_disable_totp_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "email", "EMAIL", "The account; required." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_user_disable_totp = {
    .name = "user disable-totp",
    .args = "",
    .example = "nexusctl user disable-totp --email ada@example.com",
    .summary = "Remove an account's second factor",
    .doc = "For who has lost both the authenticator app and the recovery codes, after you have made sure "
           "that it is the "
           "owner who asks. From then on the password suffices; with a role of totp_required_roles nothing "
           "is allowed but to "
           "set up a new second factor.",
    .options = options,
    .run = user_disable_totp_run,
};

/* In a transaction. */
static enum ctl_exit apply(struct ctl *ctl, PGconn *c, const char *user_id)
{
    struct uuid id;
    PGresult *r = pg_query_params(c,
                                  "with codes as (delete from recovery_codes where user_id = $1::uuid)"
                                  " delete from user_totp where user_id = $1::uuid returning confirmed_at",
                                  1, &user_id);
    bool there = r && PQntuples(r) == 1;
    PQclear(r);
    if (r && !there) {
        return ctl_fail(CTL_FAILED, "the account has no second factor");
    }
    if (!r || !uuid_parse(str_from(user_id), &id) ||
        !ctl_audit(c, AUDIT_SECOND_FACTOR_OFF, user_id, NULL, NULL)) {
        return pg_exit(c);
    }
    return ctl_commit_access(ctl, c, &id, 1);
}

static enum ctl_exit find_and_apply(struct ctl *ctl, PGconn *c)
{
    const char *email = ctl_value(ctl, "email");
    PGresult *r = pg_exec(c, "begin")
                      ? pg_query_params(c, "select id from users where email = lower($1)", 1, &email)
                      : NULL;
    enum ctl_exit exit = !r ? pg_exit(c)
                         : PQntuples(r) == 0
                             ? ctl_fail(CTL_NOT_FOUND, "no account has the address %.254s", email)
                             : apply(ctl, c, PQgetvalue(r, 0, 0));
    PQclear(r);
    return exit;
}

static enum ctl_exit user_disable_totp_run(struct ctl *ctl)
{
    if (!ctl_value(ctl, "email")) {
        return ctl_fail(CTL_USAGE, "user disable-totp needs --email EMAIL");
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = find_and_apply(ctl, c);
        pg_close(c);
    }
    return exit;
}
