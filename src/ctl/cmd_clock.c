/* nexusctl clock */
#include "ctl/commands.h"
#include "ctl/pg.h"

#include <string.h>

static enum ctl_exit clock_run(struct ctl *ctl);

const struct ctl_command ctl_clock = {
    .name = "clock",
    .args = "[SHIFT]",
    .example = "nexusctl clock +3d",
    .summary = "Show or move business time, in sandbox mode",
    .doc = "Prints what time it is for quotes, bookings, payments and the ledger. With SHIFT (+3d, -2h, as "
           "in option clock) that "
           "time is first moved by so much from where it is, and with 0 put back; everybody sees it at once. "
           "Tokens and "
           "sessions keep the time of the clock on the wall. Refused without option sandbox.",
    .max_args = 1,
    .run = clock_run,
};

/* An interval as PostgreSQL reads it; NULL when the text is none. */
static const char *interval_of(const char *text, char out[64])
{
    static const struct {
        const char *unit, *name;
    } units[] = { { "d", "days" }, { "h", "hours" }, { "m", "minutes" }, { "s", "seconds" } };
    size_t digits = strspn(text + 1, "0123456789");
    if ((text[0] != '+' && text[0] != '-') || digits == 0 || digits > 9) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text + 1 + digits, units[i].unit) == 0) {
            snprintf(out, 64, "%.*s %s", (int)digits + 1, text, units[i].name);
            return out;
        }
    }
    return NULL;
}

static const char *const statements[] = {
    "delete from sandbox_clock where $1::text = '0'",
    "insert into sandbox_clock (shift) select $1::interval where $1 <> '0'"
    " on conflict (one) do update set shift = sandbox_clock.shift + excluded.shift",
};

static bool move(PGconn *c, const char *by)
{
    for (size_t i = 0; by && i < sizeof(statements) / sizeof(statements[0]); i++) {
        PGresult *r = pg_query_params(c, statements[i], 1, &by);
        if (!r) {
            return false;
        }
        PQclear(r);
    }
    return true;
}

static enum ctl_exit clock_run(struct ctl *ctl)
{
    char interval[64];
    const char *given = ctl_arg(ctl, 0);
    const char *by = !given || strcmp(given, "0") == 0 ? given : interval_of(given, interval);
    if (given && !by) {
        return ctl_fail(CTL_USAGE, "'%.32s' is no shift; write +3d, -2h, +30m, +10s or 0", given);
    }
    const struct options *o = ctl_options(ctl);
    if (o && !o->sandbox) {
        return ctl_fail(CTL_PERMISSION, "business time is moved in sandbox mode only; sandbox is no");
    }
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    PGresult *r =
        move(c, by)
            ? pg_query(
                  c, "select to_char((now() + coalesce((select shift from sandbox_clock), '0')) at time zone "
                     "'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
            : NULL;
    if (r) {
        printf(ctl_json(ctl) ? "{\"time\":\"%s\"}\n" : "%s\n", PQgetvalue(r, 0, 0));
    }
    exit = r ? CTL_OK : pg_exit(c);
    PQclear(r);
    pg_close(c);
    return exit;
}
