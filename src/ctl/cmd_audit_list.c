/* nexusctl audit list */
#include "audit/audit.h"
#include "base/near.h"
#include "ctl/commands.h"
#include "ctl/pg.h"

static enum ctl_exit audit_list_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "action", "ACTION", "Only entries of this action, such as user.suspend." },
    { "limit", "N", "Show at most N entries, newest first (default 50, at most 100000)." },
    { "since", "TIME", "Only entries from TIME on, as PostgreSQL reads it: 2026-11-23T08:00Z, yesterday." },
    { "target", "ID", "Only entries about this user, property, role or key." },
    { "user", "ID", "Only what this user did, or was done by somebody acting as this user." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_audit_list = {
    .name = "audit list",
    .args = "",
    .example = "nexusctl audit list --action user.suspend --limit 10",
    .summary = "Show the audit log, newest first",
    .doc = "Prints when, what, to what and by whom; with --json also the state before and after, the request "
           "id and "
           "the network it came from.",
    .options = options,
    .run = audit_list_run,
};

#define SELECT_ROWS                                                                                          \
    "select id, at, user_id, actor_id, client_id, operator, request_id, network::text, action, target_type," \
    "       target_id, before, after"                                                                        \
    "  from audit_log where ($2::text is null or action = $2) and ($3::text is null or target_id = $3)"      \
    "   and ($4::uuid is null or user_id = $4 or actor_id = $4)"                                             \
    "   and ($5::timestamptz is null or at >= $5)"                                                           \
    " order by at desc, id desc limit $1::integer"

static const char *const table_sql =
    "select to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), action,"
    "       target_type || ' ' || coalesce(target_id, '-'),"
    "       'by ' || coalesce(operator, actor_id || ' as ' || user_id, user_id::text, 'nobody'),"
    "       coalesce(after::text, '') from (" SELECT_ROWS ") x";
static const char *const json_sql = "select coalesce(json_agg(x), '[]') from (" SELECT_ROWS ") x";

/* An action that is not known any more may be in the log all the same: only the nearest name is told. */
static void warn_unknown(const char *action)
{
    struct near near = near_start(str_from(action));
    for (int i = 0; i < AUDIT_COUNT; i++) {
        if (strcmp(audit_action_names[i], action) == 0) {
            return;
        }
        near_offer(&near, audit_action_names[i]);
    }
    const char *best = near_best(&near);
    ctl_say("no action is called '%.40s'%s%s%s", action, best ? "; did you mean '" : "", best ? best : "",
            best ? "'?" : "");
}

static enum ctl_exit check_values(struct ctl *ctl, long *limit)
{
    struct uuid ignored;
    const char *user = ctl_value(ctl, "user"), *action = ctl_value(ctl, "action");
    if (user && !uuid_parse(str_from(user), &ignored)) {
        return ctl_fail(CTL_USAGE, "--user is the id of an account");
    }
    if (!ctl_number(ctl, "limit", 50, 1, 100000, limit)) {
        return CTL_USAGE;
    }
    if (action) {
        warn_unknown(action);
    }
    return CTL_OK;
}

static enum ctl_exit audit_list_run(struct ctl *ctl)
{
    long limit;
    char text[24];
    enum ctl_exit exit = check_values(ctl, &limit);
    snprintf(text, sizeof(text), "%ld", exit == CTL_OK ? limit : 0);
    const char *params[] = { text, ctl_value(ctl, "action"), ctl_value(ctl, "target"), ctl_value(ctl, "user"),
                             ctl_value(ctl, "since") };
    return exit == CTL_OK ? pg_list(ctl, table_sql, json_sql, 5, params) : exit;
}
