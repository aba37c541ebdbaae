/* nexusctl user show */
#include "ctl/commands.h"
#include "ctl/pg.h"

static enum ctl_exit user_show_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "email", "EMAIL", "The account; required." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_user_show = {
    .name = "user show",
    .args = "",
    .example = "nexusctl user show --email ada@example.com",
    .summary = "Show an account",
    .doc =
        "Prints what is known of the account that matters for looking after it; with --json as one object.",
    .options = options,
    .run = user_show_run,
};

#define SELECT_ROW                                                                                           \
    "select u.id, u.email, u.email_verified_at is not null as email_verified, u.name, u.status,"             \
    "       array(select role_name from user_roles r where r.user_id = u.id order by role_name) as roles,"   \
    "       exists (select from user_totp t where t.user_id = u.id and t.confirmed_at is not null)"          \
    "           as second_factor,"                                                                           \
    "       (select count(*) from sessions s where s.user_id = u.id and s.ended_at is null"                  \
    "           and s.expires_at > now()) as sessions,"                                                      \
    "       (select count(*) from properties p where p.host_id = u.id and p.status <> 'removed')"            \
    "           as properties,"                                                                              \
    "       (select count(*) from bookings b where b.guest_id = u.id) as bookings,"                          \
    "       to_char(u.created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as created_at"        \
    "  from users u where u.email = lower($1)"

static const char *const json_sql = "select row_to_json(x) from (" SELECT_ROW ") x";
static const char *const table_sql =
    "select key, case jsonb_typeof(value) when 'array' then"
    "       (select string_agg(e, ', ') from jsonb_array_elements_text(value) e) else value #>> '{}' end"
    "  from (" SELECT_ROW ") x, jsonb_each(to_jsonb(x)) with ordinality"
    " order by array_position(array['id', 'email', 'email_verified', 'name', 'status', 'roles', "
    "'second_factor',"
    " 'sessions', 'properties', 'bookings', 'created_at'], key)";

static void print_rows(const PGresult *r)
{
    for (int i = 0; i < PQntuples(r); i++) {
        char *value = PQgetvalue(r, i, 1);
        ctl_clean(value);
        printf("%-15s %s\n", PQgetvalue(r, i, 0), value);
    }
}

static enum ctl_exit show(struct ctl *ctl, PGconn *c, const char *email)
{
    PGresult *r = pg_query_params(c, ctl_json(ctl) ? json_sql : table_sql, 1, &email);
    enum ctl_exit exit = r ? CTL_OK : pg_exit(c);
    if (r && PQntuples(r) == 0) {
        exit = ctl_fail(CTL_NOT_FOUND, "no account has the address %.254s", email);
    } else if (r && ctl_json(ctl)) {
        puts(PQgetvalue(r, 0, 0));
    } else if (r) {
        print_rows(r);
    }
    PQclear(r);
    return exit;
}

static enum ctl_exit user_show_run(struct ctl *ctl)
{
    const char *email = ctl_value(ctl, "email");
    if (!email) {
        return ctl_fail(CTL_USAGE, "user show needs --email EMAIL");
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = show(ctl, c, email);
        pg_close(c);
    }
    return exit;
}
