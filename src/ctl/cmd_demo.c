/* nexusctl demo: invented properties, hosts, guests, stays and reviews. */
#include "base/clock.h"
#include "ctl/commands.h"
#include "ctl/demo_load.h"
#include "ctl/demo_rows.h"

#include <json-c/json.h>

static enum ctl_exit demo_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "properties", "N", "How many properties, up to 1000000 (default 1000)." },
    { "seed", "S", "Chooses the content; a second load needs another seed or count (default 1)." },
    { "today", "DATE", "The day that parts past from future stays (default: today, UTC)." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_demo = {
    .name = "demo",
    .args = "",
    .example = "nexusctl demo --properties 10000 --seed 7",
    .summary = "Fill the database with invented content",
    .doc = "Makes properties in forty real cities, their hosts, five stays each (three past, two to come), "
           "guests and "
           "reviews. The same N, S and DATE make the same rows. What is in the database stays; loading is "
           "fastest into "
           "an empty one.",
    .options = options,
    .run = demo_run,
};

#define ROWS_MAX 16

static void print_timings(const struct demo_timing *timings, int64_t total_us)
{
    for (int i = 0; i < demo_rows_count; i++) {
        fprintf(stderr, "  %-20s rows %6.1f s, indexes %6.1f s\n", demo_rows[i].table,
                (double)timings[i].copy_us / 1e6, (double)timings[i].index_us / 1e6);
    }
    fprintf(stderr, "  %-20s %.1f s\n", "in all", (double)total_us / 1e6);
}

static void print_json(const struct demo_world *w, const struct demo_timing *timings, int64_t total_us)
{
    struct json_object *o = json_object_new_object(), *tables = json_object_new_object();
    json_object_object_add(o, "properties", json_object_new_int64(w->properties));
    json_object_object_add(o, "users", json_object_new_int64(w->hosts + w->guests));
    json_object_object_add(o, "stays", json_object_new_int64(w->properties * DEMO_STAYS));
    json_object_object_add(o, "seed", json_object_new_int64((int64_t)w->seed));
    json_object_object_add(o, "milliseconds", json_object_new_int64(total_us / 1000));
    for (int i = 0; i < demo_rows_count; i++) {
        struct json_object *t = json_object_new_object();
        json_object_object_add(t, "rows_ms", json_object_new_int64(timings[i].copy_us / 1000));
        json_object_object_add(t, "indexes_ms", json_object_new_int64(timings[i].index_us / 1000));
        json_object_object_add(tables, demo_rows[i].table, t);
    }
    json_object_object_add(o, "tables", tables);
    puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    json_object_put(o);
}

static bool read_world(struct ctl *ctl, struct demo_world *w)
{
    long properties, seed;
    const char *today = ctl_value(ctl, "today");
    if (!ctl_number(ctl, "properties", 1000, 1, DEMO_PROPERTIES_MAX, &properties) ||
        !ctl_number(ctl, "seed", 1, 0, 1000000000, &seed)) {
        return false;
    }
    *w = (struct demo_world){ .properties = properties, .seed = (uint64_t)seed };
    w->today = (date_t)(clock_unix_us() / ((int64_t)86400 * 1000000));
    if (today && (!date_parse(str_from(today), &w->today) || w->today < date_from_ymd(1975, 1, 1))) {
        ctl_say("--today: '%.40s' is not a date like 2026-01-31", today);
        return false;
    }
    return true;
}

static enum ctl_exit demo_run(struct ctl *ctl)
{
    struct demo_world world;
    if (!read_world(ctl, &world)) {
        return CTL_USAGE;
    }
    const struct options *o = ctl_options(ctl);
    if (!o) {
        return CTL_FAILED;
    }
    struct demo_timing timings[ROWS_MAX] = { { 0, 0 } };
    int64_t start = clock_mono_us();
    demo_world_init(&world);
    enum ctl_exit exit = demo_load(o, &world, ctl_json(ctl), timings);
    int64_t took = clock_mono_us() - start;
    if (exit == CTL_OK && ctl_json(ctl)) {
        print_json(&world, timings, took);
    } else if (exit == CTL_OK) {
        print_timings(timings, took);
        printf("%lld properties, %lld users, %lld stays\n", (long long)world.properties,
               (long long)(world.hosts + world.guests), (long long)world.properties * DEMO_STAYS);
    }
    demo_world_free(&world);
    return exit;
}
