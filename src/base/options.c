/* Loading options: defaults, then the file, then the environment. */
#include "base/options.h"

#include "base/arena.h"
#include "base/conf.h"
#include "base/near.h"
#include "base/options_table.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>

#define WORKERS_PER_CORE 4
#define FILE_SIZE_MAX    (1024 * 1024)

const struct option_row option_rows[] = {
#define SECTION(title) { .type = OPTION_TYPE_SECTION, .doc = (title) },
#define OPTION(type, name, def, min, max, reload, doc)                                                       \
    { OPTION_TYPE_##type, OPTION_##reload, #name, def, min, max, doc, offsetof(struct options, name) },
#include "base/options.def"
#undef SECTION
#undef OPTION
};

#define ROW_COUNT (sizeof(option_rows) / sizeof(option_rows[0]))

const size_t option_row_count = ROW_COUNT;

/* What the caller gets is its first member; the rest is found again by option_text and option_origin. */
struct loaded {
    struct options options;
    struct arena *memory;
    struct given {
        const char *text;
        const char *origin;
        unsigned line; /* in the file; 0 elsewhere */
    } given[ROW_COUNT];
};

struct error_line {
    char *text;
    size_t size;
};

static bool refuse(struct error_line error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct error_line error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(error.text, error.size, fmt, ap);
    va_end(ap);
    return false;
}

const struct option_row *option_row_find(struct str name)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (option_rows[i].name && str_eqz(name, option_rows[i].name)) {
            return &option_rows[i];
        }
    }
    return NULL;
}

size_t option_row_index(const struct option_row *row)
{
    return (size_t)(row - option_rows);
}

static const char *nearest_name(struct str name)
{
    struct near near = near_start(name);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (option_rows[i].name) {
            near_offer(&near, option_rows[i].name);
        }
    }
    return near_best(&near);
}

static bool set_value(struct loaded *l, const struct option_row *row, struct str text, struct given from,
                      struct error_line error)
{
    char why[OPTION_WHY_SIZE];
    if (!option_value_parse(row, text, &l->options, l->memory, why)) {
        return refuse(error, "%s: %s", from.origin, why);
    }
    from.text = arena_strdup(l->memory, text);
    from.origin = arena_strdup(l->memory, str_from(from.origin));
    l->given[option_row_index(row)] = from;
    return true;
}

static bool load_defaults(struct loaded *l, struct error_line error)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        struct given from = { .origin = "default" };
        if (row->name && !set_value(l, row, str_from(row->value), from, error)) {
            return false;
        }
    }
    return true;
}

static bool refuse_unknown(struct str name, const char *where, struct error_line error)
{
    const char *near = nearest_name(name);
    int shown = name.n > 64 ? 64 : (int)name.n;
    return near ? refuse(error, "%s: unknown option '%.*s'; did you mean '%s'?", where, shown, name.p, near)
                : refuse(error, "%s: unknown option '%.*s'", where, shown, name.p);
}

static bool take_line(void *data, const struct conf_line *line, char *text, size_t size)
{
    struct loaded *l = data;
    struct error_line error = { text, size };
    const struct option_row *row = option_row_find(line->name);
    if (!row) {
        return refuse_unknown(line->name, line->where, error);
    }
    unsigned before = l->given[option_row_index(row)].line;
    if (before > 0) {
        return refuse(error, "%s: %s is already set in line %u", line->where, row->name, before);
    }
    struct str value;
    const char *why = conf_value(l->memory, line->raw, &value);
    if (why) {
        return refuse(error, "%s: %s: %s", line->where, row->name, why);
    }
    return set_value(l, row, value, (struct given){ .origin = line->where, .line = line->number }, error);
}

static bool load_file(struct loaded *l, const char *file, struct error_line error)
{
    FILE *in = fopen(file, "re");
    if (!in) {
        bool may_be_missing = errno == ENOENT && strcmp(file, OPTIONS_DEFAULT_FILE) == 0;
        return may_be_missing || refuse(error, "%s: %s", file, strerror(errno));
    }
    bool ok = conf_read(in, file, take_line, l, error.text, error.size);
    fclose(in);
    return ok;
}

static const char *environment_name(struct arena *a, const char *name)
{
    char *env = arena_printf(a, "NEXUS_%s", name);
    for (char *p = env; *p; p++) {
        if (*p >= 'a' && *p <= 'z') {
            *p = (char)(*p - 'a' + 'A');
        }
    }
    return env;
}

/* Other names that start with NEXUS_ belong to scripts around the programs and are left alone. */
static bool load_environment(struct loaded *l, struct error_line error)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (!row->name) {
            continue;
        }
        const char *env = environment_name(l->memory, row->name);
        const char *text = getenv(env);
        if (text && !set_value(l, row, str_from(text), (struct given){ .origin = env }, error)) {
            return false;
        }
    }
    return true;
}

/* What one option asks of another. */
static bool check_together(const struct loaded *l, struct error_line error)
{
    const struct option_row *row = option_row_find(STR("clock"));
    return l->options.clock == 0 || l->options.sandbox ||
           refuse(error, "%s: business time is moved in sandbox mode only; sandbox is no",
                  l->given[option_row_index(row)].origin);
}

struct options *options_load(const char *file, char *error, size_t error_size)
{
    struct error_line line = { error, error_size };
    struct loaded *l = calloc(1, sizeof(*l));
    if (!l) {
        refuse(line, "out of memory");
        return NULL;
    }
    l->memory = arena_create(16384, 16 * FILE_SIZE_MAX);
    if (load_defaults(l, line) && (!file || load_file(l, file, line)) && load_environment(l, line) &&
        check_together(l, line)) {
        return &l->options;
    }
    options_free(&l->options);
    return NULL;
}

static struct loaded *loaded_of(const struct options *o)
{
    return (struct loaded *)((uintptr_t)o - offsetof(struct loaded, options));
}

void options_free(struct options *o)
{
    if (o) {
        arena_destroy(loaded_of(o)->memory);
        free(loaded_of(o));
    }
}

const char *option_text(const struct options *o, const struct option_row *row)
{
    return loaded_of(o)->given[option_row_index(row)].text;
}

const char *option_origin(const struct options *o, const struct option_row *row)
{
    return loaded_of(o)->given[option_row_index(row)].origin;
}

bool option_list_next(const char **cursor, char *out, size_t out_size)
{
    struct str rest = str_from(*cursor), item;
    while (str_split(&rest, ',', &item)) {
        *cursor = rest.p;
        item = str_trim(item);
        if (item.n == 0) {
            continue;
        }
        /* An item that does not fit is cut: it then matches nothing, which is the safe side. */
        size_t n = item.n < out_size ? item.n : out_size - 1;
        memcpy(out, item.p, n);
        out[n] = '\0';
        return true;
    }
    return false;
}

unsigned options_cores(void)
{
    cpu_set_t cpus;
    return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (unsigned)CPU_COUNT(&cpus) : 1;
}

unsigned options_workers(const struct options *o)
{
    return o->workers > 0 ? (unsigned)o->workers : options_cores() * WORKERS_PER_CORE;
}
