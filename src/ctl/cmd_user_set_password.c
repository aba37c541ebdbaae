/* nexusctl user set-password */
#include "auth/auth.h"
#include "ctl/access.h"
#include "ctl/commands.h"
#include "ctl/password.h"
#include "ctl/user.h"

static enum ctl_exit user_set_password_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "email", "EMAIL", "The account; required." },
    { "password-file", "FILE", "Read the password from FILE; without it, it is asked for on the terminal." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_user_set_password = {
    .name = "user set-password",
    .args = "",
    .example = "nexusctl user set-password --email ada@example.com",
    .summary = "Give an account another password",
    .doc = "By the rules of signing up. All sessions of the account end, and links mailed to it are no "
           "longer good. Prefer "
           "that users reset it themselves, because then nobody else knows it.",
    .options = options,
    .run = user_set_password_run,
};

struct change {
    char id[UUID_TEXT_SIZE];
    const char *hash;
};

static bool run(PGconn *c, const char *sql, const char *const *params, int count)
{
    PGresult *r = pg_query_params(c, sql, count, params);
    PQclear(r);
    return r != NULL;
}

/* In a transaction. */
static enum ctl_exit apply(struct ctl *ctl, PGconn *c, const struct change *change)
{
    struct uuid id;
    const char *params[] = { change->id, change->hash };
    bool good =
        uuid_parse(str_from(change->id), &id) &&
        run(c,
            "insert into user_credentials as c (user_id, password_hash) values ($1::uuid, $2)"
            " on conflict (user_id) do update set password_hash = excluded.password_hash, changed_at = now()",
            params, 2) &&
        run(c, "delete from mailed_tokens where user_id = $1::uuid and purpose <> 'verify_email'", params,
            1) &&
        run(c,
            "update sessions set ended_at = now(), end_reason = 'password'"
            " where user_id = $1::uuid and ended_at is null",
            params, 1) &&
        ctl_audit(c, AUDIT_USER_PASSWORD, change->id, NULL, NULL);
    return good ? ctl_commit_access(ctl, c, &id, 1) : pg_exit(c);
}

/* The password is hashed before the transaction, with the account's address and name at hand for the rules.
 */
static enum ctl_exit take_and_apply(struct ctl *ctl, const struct options *o, PGconn *c, PGresult *account)
{
    struct ctl_password password;
    struct change change;
    struct str hash;
    struct arena *a = arena_create(4096, (size_t)1 << 20);
    snprintf(change.id, sizeof(change.id), "%s", PQgetvalue(account, 0, 0));
    enum ctl_exit exit = ctl_password_take(&password, ctl_value(ctl, "password-file"),
                                           PQgetvalue(account, 0, 1), PQgetvalue(account, 0, 2));
    if (exit == CTL_OK && password_hash(o, a, str_from(password.text), &hash) != ERR_NONE) {
        exit = ctl_fail(CTL_FAILED, "the password could not be hashed: not enough memory?");
    }
    ctl_password_wipe(&password);
    if (exit == CTL_OK) {
        change.hash = arena_strdup(a, hash);
        exit = pg_exec(c, "begin") ? apply(ctl, c, &change) : pg_exit(c);
    }
    arena_destroy(a);
    return exit;
}

static enum ctl_exit find_and_apply(struct ctl *ctl, const struct options *o, PGconn *c)
{
    const char *email = ctl_value(ctl, "email");
    PGresult *r = pg_query_params(c, "select id, email, name from users where email = lower($1)", 1, &email);
    enum ctl_exit exit = !r ? pg_exit(c)
                         : PQntuples(r) == 0
                             ? ctl_fail(CTL_NOT_FOUND, "no account has the address %.254s", email)
                             : take_and_apply(ctl, o, c, r);
    PQclear(r);
    return exit;
}

static enum ctl_exit user_set_password_run(struct ctl *ctl)
{
    if (!ctl_value(ctl, "email")) {
        return ctl_fail(CTL_USAGE, "user set-password needs --email EMAIL");
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = find_and_apply(ctl, o, c);
        pg_close(c);
    }
    return exit;
}
