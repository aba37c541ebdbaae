/* nexusctl rates import, rates list: the exchange rates prices are shown with. */
#include "ctl/commands.h"
#include "ctl/csv.h"
#include "ctl/pg.h"
#include "json/format.h"

#include <errno.h>
#include <string.h>

static enum ctl_exit rates_import_run(struct ctl *ctl);
static enum ctl_exit rates_list_run(struct ctl *ctl);

static const struct ctl_option import_options[] = {
    { "as-of", "TIME", "When the rates held, as in 2027-05-01T15:00:00Z (default: now)." },
    { "base", "CURRENCY", "What one unit of is worth so many units of the others (default EUR)." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_rates_import = {
    .name = "rates import",
    .args = "FILE",
    .example = "nexusctl rates import --base EUR rates.csv",
    .summary = "Store exchange rates from a file",
    .doc = "The file has comma-separated lines CURRENCY,RATE, with or without a heading, plain or gzip: how "
           "many units of the "
           "currency one unit of the base is worth. All lines are stored or none. Quotes that are shown in "
           "another currency use "
           "the latest rates that come from one file; what is charged does not depend on them.",
    .options = import_options,
    .min_args = 1,
    .max_args = 1,
    .run = rates_import_run,
};

const struct ctl_command ctl_rates_list = {
    .name = "rates list",
    .args = "",
    .example = "nexusctl rates list",
    .summary = "Show the latest exchange rates",
    .doc = "The latest rate of each currency and base.",
    .run = rates_list_run,
};

/* ---- import */

#define RATES_MAX 500

/* Two array literals; what goes into them is checked letter by letter. */
struct rates {
    struct buf currencies, rates;
    char seen[RATES_MAX][4];
    int count;
};

static void rates_free(struct rates *r)
{
    buf_free(&r->currencies);
    buf_free(&r->rates);
}

/* Digits, at most 12 on either side of an optional point, and not zero. */
static bool is_rate(struct str s)
{
    size_t whole = 0, point = 0, fraction = 0, zeros = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (!digit && (s.p[i] != '.' || point > 0)) {
            return false;
        }
        zeros += s.p[i] == '0';
        point += !digit;
        whole += digit && point == 0;
        fraction += digit && point > 0;
    }
    return whole > 0 && whole <= 12 && fraction <= 12 && (point == 0 || fraction > 0) &&
           zeros < whole + fraction;
}

static bool is_seen(const struct rates *r, struct str currency)
{
    for (int i = 0; i < r->count; i++) {
        if (str_eqz(currency, r->seen[i])) {
            return true;
        }
    }
    return false;
}

static bool add_rate(struct rates *r, struct str currency, struct str rate)
{
    if (r->count == RATES_MAX || currency_exponent(currency) < 0 || !is_rate(rate) || is_seen(r, currency)) {
        return false;
    }
    memcpy(r->seen[r->count], currency.p, 3);
    buf_addc(&r->currencies, r->count == 0 ? '{' : ',');
    buf_adds(&r->currencies, currency);
    buf_addc(&r->rates, r->count == 0 ? '{' : ',');
    buf_adds(&r->rates, rate);
    r->count++;
    return true;
}

/* A first line without a rate is the heading. */
static enum ctl_exit read_line(const char *path, const struct csv *csv, struct rates *out)
{
    struct str currency = csv_field(csv, 0), rate = csv_field(csv, 1);
    if (csv_count(csv) == 2 && add_rate(out, currency, rate)) {
        return CTL_OK;
    }
    if (csv_line(csv) == 1 && currency_exponent(currency) < 0) {
        return CTL_OK;
    }
    return ctl_fail(CTL_PROBLEMS,
                    "%s:%lld: expected an ISO 4217 currency, each once, and a rate above 0, as in "
                    "USD,1.0945; nothing was stored",
                    path, (long long)csv_line(csv));
}

static enum ctl_exit read_rates(const char *path, struct rates *out)
{
    struct csv *csv = csv_open(path);
    if (!csv) {
        return ctl_fail(CTL_NOT_FOUND, "%s: %s", path, strerror(errno));
    }
    enum ctl_exit exit = CTL_OK;
    enum csv_state state;
    while (exit == CTL_OK && (state = csv_next(csv)) != CSV_END) {
        exit = state == CSV_ROW ? read_line(path, csv, out)
                                : ctl_fail(CTL_PROBLEMS, "%s:%lld: %s; nothing was stored", path,
                                           (long long)csv_line(csv), csv_why(csv));
    }
    csv_close(csv);
    if (exit == CTL_OK && out->count == 0) {
        exit = ctl_fail(CTL_PROBLEMS, "%s: there is no rate in it", path);
    }
    return exit;
}

static const char *const insert_sql =
    "insert into exchange_rates (base, currency, as_of, rate)"
    " select $1, x.currency, coalesce($2::timestamptz, now()), x.rate"
    "   from (select u.currency, u.rate from unnest($3::text[], $4::numeric[]) u(currency, rate) where "
    "u.currency <> $1"
    "         union all select $1, 1) x"
    " on conflict (base, as_of, currency) do update set rate = excluded.rate";

static enum ctl_exit store(struct ctl *ctl, const char *base, const char *currencies, const char *rates)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    const char *params[] = { base, ctl_value(ctl, "as-of"), currencies, rates };
    PGresult *r = pg_query_params(c, insert_sql, 4, params);
    exit = r ? CTL_OK : pg_exit(c);
    if (r) {
        printf("%s rates stored\n", PQcmdTuples(r));
    }
    PQclear(r);
    pg_close(c);
    return exit;
}

static enum ctl_exit rates_import_run(struct ctl *ctl)
{
    struct rates r = { 0 };
    const char *base = ctl_value(ctl, "base") ? ctl_value(ctl, "base") : "EUR";
    if (currency_exponent(str_from(base)) < 0) {
        return ctl_fail(CTL_USAGE, "--base: '%s' is no ISO 4217 currency", base);
    }
    buf_init(&r.currencies, 1u << 20);
    buf_init(&r.rates, 1u << 20);
    enum ctl_exit exit = read_rates(ctl_arg(ctl, 0), &r);
    if (exit == CTL_OK) {
        buf_add(&r.currencies, "}", 2);
        buf_add(&r.rates, "}", 2);
        exit = store(ctl, base, r.currencies.p, r.rates.p);
    }
    rates_free(&r);
    return exit;
}

/* ---- list */

#define LATEST                                                                                               \
    "select distinct on (base, currency) base, currency, rate, as_of from exchange_rates"                    \
    " order by base, currency, as_of desc"
static const char *const table_sql = "select base, currency, trim_scale(rate)::text, to_char(as_of at time "
                                     "zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
                                     "from (" LATEST ") x";
static const char *const json_sql = "select coalesce(json_agg(x), '[]') from (" LATEST ") x";

static enum ctl_exit rates_list_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    PGresult *r = pg_query(c, ctl_json(ctl) ? json_sql : table_sql);
    if (r && ctl_json(ctl)) {
        puts(PQgetvalue(r, 0, 0));
    }
    for (int i = 0; r && !ctl_json(ctl) && i < PQntuples(r); i++) {
        printf("1 %s = %s %s  %s\n", PQgetvalue(r, i, 0), PQgetvalue(r, i, 2), PQgetvalue(r, i, 1),
               PQgetvalue(r, i, 3));
    }
    exit = r ? CTL_OK : pg_exit(c);
    PQclear(r);
    pg_close(c);
    return exit;
}
