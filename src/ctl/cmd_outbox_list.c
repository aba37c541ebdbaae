/* nexusctl outbox list: what waits to be sent, and what was. */
#include "ctl/commands.h"
#include "ctl/pg.h"

static enum ctl_exit outbox_list_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "limit", "N", "Show at most N rows, newest first (default 50, at most 100000)." },
    { "to", "EMAIL", "Only mails to this address." },
    { "unsent", NULL, "Only what was not sent yet." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_outbox_list = {
    .name = "outbox list",
    .args = "",
    .example = "nexusctl outbox list --unsent --to ada@example.com",
    .summary = "Show mails and events, newest first",
    .doc =
        "Prints what changes have put into the outbox, with the links and tokens of the mails: whoever reads "
        "them can act for the recipient. Without option smtp_url this is how links reach people; of what was "
        "sent they are taken out.",
    .options = options,
    .run = outbox_list_run,
};

#define SELECT_ROWS                                                                                          \
    "select id, kind, topic, recipient, payload, created_at, available_at, sent_at, failed_at, attempts, "   \
    "last_error"                                                                                             \
    "  from outbox where not withheld and ($2::text is null or recipient = lower($2))"                       \
    "   and ($3::text is null or sent_at is null and failed_at is null)"                                     \
    " order by id desc limit $1::integer"

static const char *const table_sql =
    "select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    "       case when sent_at is not null then 'sent' when failed_at is not null then 'given up' when "
    "attempts > 0 then 'failing' else 'waiting' end,"
    "       topic, coalesce(recipient, '-'), payload::text from (" SELECT_ROWS ") x";
static const char *const json_sql = "select coalesce(json_agg(x), '[]') from (" SELECT_ROWS ") x";

static enum ctl_exit outbox_list_run(struct ctl *ctl)
{
    long limit;
    if (!ctl_number(ctl, "limit", 50, 1, 100000, &limit)) {
        return CTL_USAGE;
    }
    char text[24];
    snprintf(text, sizeof(text), "%ld", limit);
    const char *params[] = { text, ctl_value(ctl, "to"), ctl_given(ctl, "unsent") ? "yes" : NULL };
    return pg_list(ctl, table_sql, json_sql, 3, params);
}
