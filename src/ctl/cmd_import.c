/* nexusctl import inside-airbnb */
#include "base/clock.h"
#include "ctl/commands.h"
#include "ctl/import.h"
#include "ctl/text.h"

#include <json-c/json.h>

static enum ctl_exit import_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "dry-run", NULL, "Do everything, print the summary, and keep nothing." },
    { "city", "NAME", "City of the listings (default: from DIR, inside-airbnb-albany is Albany)." },
    { "country", "CC", "Country, two letters of ISO 3166 (default US)." },
    { "time-zone", "TZ", "Time zone of the listings (default America/New_York)." },
    { "currency", "CUR", "Currency of the prices (default USD)." },
    { "move-to", "DATE",
      "Move the calendar by whole weeks so that it begins on DATE or up to six days later." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_import = {
    .name = "import inside-airbnb",
    .args = "DIR",
    .example = "nexusctl import inside-airbnb ./inside-airbnb-albany --dry-run",
    .summary = "Load listings, calendar and reviews of a city",
    .doc = "Reads listings, calendar and reviews (.csv or .csv.gz) as published by Inside Airbnb. A bad row "
           "is reported as "
           "FILE:LINE: reason and the rest is loaded. What was imported before stays as it is: a second run "
           "changes "
           "nothing. Unavailable nights become blocks, hosts become users without a password, "
           "coordinates have six decimals.",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = import_run,
};

#define MEMORY_MAX ((size_t)1024 * 1024 * 1024)

const char *const import_names[IMPORT_WHATS] = { "listings", "hosts", "nights", "prices", "reviews" };

static void print_table(const struct import *im)
{
    printf("%-10s %10s %10s %10s %10s\n", "", "read", "loaded", "unchanged", "rejected");
    for (int i = 0; i < IMPORT_WHATS; i++) {
        const struct import_count *n = &im->counts[i];
        printf("%-10s %10lld %10lld %10lld %10lld\n", import_names[i], (long long)n->read,
               (long long)n->loaded, (long long)n->unchanged, (long long)n->rejected);
    }
}

static void print_json(const struct import *im)
{
    struct json_object *all = json_object_new_object();
    for (int i = 0; i < IMPORT_WHATS; i++) {
        const struct import_count *n = &im->counts[i];
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "read", json_object_new_int64(n->read));
        json_object_object_add(o, "loaded", json_object_new_int64(n->loaded));
        json_object_object_add(o, "unchanged", json_object_new_int64(n->unchanged));
        json_object_object_add(o, "rejected", json_object_new_int64(n->rejected));
        json_object_object_add(all, import_names[i], o);
    }
    puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PLAIN));
    json_object_put(all);
}

static bool query_flag(struct import *im, const char *sql, const char *param, int64_t fallback, int64_t *out)
{
    PGresult *r = pg_query_params(im->c, sql, 1, &param);
    *out = fallback;
    if (r && PQntuples(r) == 1) {
        str_int64(str_from(PQgetvalue(r, 0, 0)), out);
    }
    PQclear(r);
    return r != NULL;
}

static enum ctl_exit check_place(struct import *im)
{
    int64_t exponent, zone;
    if (!query_flag(im, "select exponent from currencies where code = $1", im->currency, -1, &exponent) ||
        !query_flag(im, "select time_zone_known($1)::integer", im->time_zone, 0, &zone)) {
        return pg_exit(im->c);
    }
    if (exponent < 0 || zone == 0) {
        return ctl_fail(CTL_USAGE,
                        exponent < 0 ? "--currency: %.40s is not known" : "--time-zone: %.40s is not known",
                        exponent < 0 ? im->currency : im->time_zone);
    }
    im->exponent = (int)exponent;
    return CTL_OK;
}

/* A snapshot is of the past soon. Whole weeks keep week-ends what they are. Reviews stay where they were. */
static bool move_calendar(struct import *im)
{
    static const char sql[] = "update import_calendar set night = night + s.days from (select ceil(($1::date "
                              "- min(night)) / 7.0)::int * 7 as days"
                              " from import_calendar) s";
    PGresult *r = im->move_to ? pg_query_params(im->c, sql, 1, &im->move_to) : NULL;
    bool moved = !im->move_to || r;
    PQclear(r);
    return moved;
}

static enum ctl_exit import_all(struct import *im, bool dry)
{
    if (!pg_exec(im->c, "set statement_timeout = 0; begin")) {
        return pg_exit(im->c);
    }
    enum ctl_exit exit = check_place(im);
    exit = exit == CTL_OK ? import_read(im) : exit;
    if (exit == CTL_OK && !move_calendar(im)) {
        return pg_exit(im->c);
    }
    exit = exit == CTL_OK ? import_merge(im) : exit;
    if (exit == CTL_OK && !pg_exec(im->c, dry ? "rollback" : "commit")) {
        exit = pg_exit(im->c);
    }
    return exit;
}

static bool country_valid(const char *country)
{
    return strlen(country) == 2 && country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' &&
           country[1] <= 'Z';
}

static const char *value_or(const struct ctl *ctl, const char *option, const char *fallback)
{
    const char *value = ctl_value(ctl, option);
    return value ? value : fallback;
}

static enum ctl_exit import_with(struct ctl *ctl, struct import *im)
{
    im->memory = arena_create(65536, MEMORY_MAX);
    idset_init(&im->listings, im->memory);
    idset_init(&im->hosts, im->memory);
    enum ctl_exit exit = import_all(im, ctl_given(ctl, "dry-run"));
    if (exit == CTL_OK) {
        ctl_json(ctl) ? print_json(im) : print_table(im);
        if (ctl_given(ctl, "dry-run")) {
            ctl_say("dry run: nothing was kept");
        }
    }
    arena_destroy(im->memory);
    return exit;
}

static enum ctl_exit import_run(struct ctl *ctl)
{
    char city[121];
    text_city(ctl_arg(ctl, 0), city, sizeof(city));
    struct import im = { .dir = ctl_arg(ctl, 0),
                         .city = value_or(ctl, "city", city),
                         .country = value_or(ctl, "country", "US"),
                         .time_zone = value_or(ctl, "time-zone", "America/New_York"),
                         .currency = value_or(ctl, "currency", "USD"),
                         .move_to = ctl_value(ctl, "move-to"),
                         .quiet = ctl_json(ctl) };
    date_t date;
    if (im.move_to && !date_parse(str_from(im.move_to), &date)) {
        return ctl_fail(CTL_USAGE, "--move-to: \"%.40s\" is not a date like 2026-01-31", im.move_to);
    }
    if (!country_valid(im.country) || !im.city[0] || strlen(im.city) > 120) {
        return ctl_fail(CTL_USAGE, "--country needs two capital letters, --city 1 to 120 bytes");
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    im.c = o ? pg_connect(o, &exit) : NULL;
    if (im.c) {
        exit = import_with(ctl, &im);
        pg_close(im.c);
    }
    return exit;
}
