/* nexusctl block add, block list, block remove */
#include "ctl/audit.h"
#include "ctl/commands.h"
#include "tracking/tracking.h"

#include <stdlib.h>

static enum ctl_exit block_add_run(struct ctl *ctl);
static enum ctl_exit block_list_run(struct ctl *ctl);
static enum ctl_exit block_remove_run(struct ctl *ctl);

static const struct ctl_option add_options[] = {
    { "reason", "TEXT", "Why; required." },
    { "for", "TIME", "How long, such as 90m, 12h or 30d; without, until it is removed." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_block_add = {
    .name = "block add",
    .args = "NETWORK",
    .example = "nexusctl block add 203.0.113.0/24 --reason 'Tries passwords.' --for 12h",
    .summary = "Block an address or a network",
    .doc = "Every request from it is answered 403 within a second, on all hosts; probes of the service's "
           "health are not.",
    .options = add_options,
    .min_args = 1,
    .max_args = 1,
    .run = block_add_run,
};

const struct ctl_command ctl_block_list = {
    .name = "block list",
    .args = "",
    .example = "nexusctl block list",
    .summary = "List blocked networks, newest first",
    .doc = "Prints each network, until when it is blocked, and why.",
    .run = block_list_run,
};

const struct ctl_command ctl_block_remove = {
    .name = "block remove",
    .args = "NETWORK",
    .example = "nexusctl block remove 203.0.113.0/24",
    .summary = "Let a blocked network in again",
    .doc = "Takes the very network that was blocked; another block that holds it stays.",
    .min_args = 1,
    .max_args = 1,
    .run = block_remove_run,
};

/* ---- arguments ---- */

struct network {
    char text[NETWORK_TEXT_SIZE];
    char vague[32 + NETWORK_TEXT_SIZE]; /* JSON for the audit log */
};

static bool network_argument(const struct ctl *ctl, struct network *out)
{
    struct address first;
    unsigned prefix;
    if (!network_parse(str_from(ctl_arg(ctl, 0)), &first, &prefix)) {
        ctl_say("'%.64s' is no address or network, such as 203.0.113.7 or 2001:db8::/48", ctl_arg(ctl, 0));
        return false;
    }
    if (!block_fits(&first, prefix)) {
        ctl_say("'%.64s' is too wide: at most a /8 of IPv4 or a /16 of IPv6", ctl_arg(ctl, 0));
        return false;
    }
    network_format(out->text, &first, prefix);
    char vague[NETWORK_TEXT_SIZE];
    block_vague(&first, &prefix);
    network_format(vague, &first, prefix);
    snprintf(out->vague, sizeof(out->vague), "{\"network\":\"%s\"}", vague);
    return true;
}

/* A number and s, m, h or d: PostgreSQL reads it as an interval. */
static bool is_time(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits < 7 && strchr("smhd", text[digits]) && text[digits] && !text[digits + 1] &&
           strspn(text, "0") < digits;
}

/* ---- block add ---- */

static enum ctl_exit add(struct ctl *ctl, PGconn *c, const struct network *n)
{
    char id[UUID_TEXT_SIZE];
    struct uuid fresh = uuid_v7();
    uuid_format(id, &fresh);
    const char *params[] = { id, n->text, ctl_value(ctl, "reason"), ctl_value(ctl, "for") };
    PGresult *r = pg_exec(c, "begin")
                      ? pg_query_params(
                            c, "delete from address_blocks where network = $1::cidr and expires_at <= now()",
                            1, params + 1)
                      : NULL;
    bool done = r != NULL;
    PQclear(r);
    r = done ? pg_query_params(
                   c,
                   "insert into address_blocks (id, network, reason, expires_at) values ($1::uuid, $2::cidr, "
                   "$3, now() + $4::interval) on conflict (network) do nothing returning 1",
                   4, params)
             : NULL;
    bool made = r && PQntuples(r) == 1;
    if (r && !made) {
        PQclear(r);
        return ctl_fail(CTL_FAILED, "%s is blocked already", n->text);
    }
    PQclear(r);
    done = made && ctl_audit(c, AUDIT_BLOCK_ADD, id, NULL, n->vague) && pg_exec(c, "commit");
    return done ? CTL_OK : pg_exit(c);
}

static enum ctl_exit with_connection(struct ctl *ctl, const struct network *n,
                                     enum ctl_exit (*what)(struct ctl *, PGconn *, const struct network *))
{
    enum ctl_exit exit = CTL_FAILED;
    const struct options *o = ctl_options(ctl);
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    exit = what(ctl, c, n);
    pg_close(c);
    return exit;
}

static enum ctl_exit block_add_run(struct ctl *ctl)
{
    struct network n;
    const char *reason = ctl_value(ctl, "reason"), *time = ctl_value(ctl, "for");
    if (!network_argument(ctl, &n)) {
        return CTL_USAGE;
    }
    if (!reason || !reason[0] || strlen(reason) > BLOCK_REASON_MAX) {
        return ctl_fail(CTL_USAGE, "block add needs --reason TEXT, %d characters at most", BLOCK_REASON_MAX);
    }
    if (time && !is_time(time)) {
        return ctl_fail(CTL_USAGE, "--for: '%.20s' is not a number with s, m, h or d", time);
    }
    return with_connection(ctl, &n, add);
}

/* ---- block list ---- */

#define SELECT_ROWS                                                                                          \
    "select id, network::text, reason, expires_at, created_by, created_at,"                                  \
    "       expires_at is null or expires_at > now() as active"                                              \
    "  from address_blocks order by created_at desc, id desc"

static const char *const table_sql =
    "select rpad(network, 20), rpad(case when not active then 'ended' when expires_at is null then 'for good'"
    "       else to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') end, 22),"
    "       regexp_replace(reason, '[[:cntrl:]]', ' ', 'g') from (" SELECT_ROWS ") x";
static const char *const json_sql = "select coalesce(json_agg(x), '[]') from (" SELECT_ROWS ") x";

static enum ctl_exit list(struct ctl *ctl, PGconn *c, const struct network *n)
{
    (void)n;
    PGresult *r = pg_query(c, ctl_json(ctl) ? json_sql : table_sql);
    for (int i = 0; r && i < PQntuples(r); i++) {
        if (ctl_json(ctl)) {
            puts(PQgetvalue(r, i, 0));
        } else {
            printf("%s %s %s\n", PQgetvalue(r, i, 0), PQgetvalue(r, i, 1), PQgetvalue(r, i, 2));
        }
    }
    enum ctl_exit exit = r ? CTL_OK : pg_exit(c);
    PQclear(r);
    return exit;
}

static enum ctl_exit block_list_run(struct ctl *ctl)
{
    return with_connection(ctl, NULL, list);
}

/* ---- block remove ---- */

static enum ctl_exit take_away(struct ctl *ctl, PGconn *c, const struct network *n)
{
    (void)ctl;
    const char *params[] = { n->text };
    PGresult *r = pg_exec(c, "begin")
                      ? pg_query_params(c, "delete from address_blocks where network = $1::cidr returning id",
                                        1, params)
                      : NULL;
    if (r && PQntuples(r) == 0) {
        PQclear(r);
        return ctl_fail(CTL_NOT_FOUND, "%s is not blocked", n->text);
    }
    bool done =
        r && ctl_audit(c, AUDIT_BLOCK_REMOVE, PQgetvalue(r, 0, 0), n->vague, NULL) && pg_exec(c, "commit");
    PQclear(r);
    return done ? CTL_OK : pg_exit(c);
}

static enum ctl_exit block_remove_run(struct ctl *ctl)
{
    struct network n;
    return network_argument(ctl, &n) ? with_connection(ctl, &n, take_away) : CTL_USAGE;
}
