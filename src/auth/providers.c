/* Files of OpenID providers. */
#include "auth/providers.h"

#include "base/conf.h"
#include "base/near.h"
#include "base/options_table.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX (16 * 1024 * 1024)

static const struct option_row rows[] = {
#define PROVIDER(type, name, def, min, max, doc)                                                             \
    { OPTION_TYPE_##type, OPTION_RELOAD, #name, def, min, max, doc, offsetof(struct provider, name) },
#include "auth/providers.def"
#undef PROVIDER
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

struct reading { /* of one file */
    struct provider *provider;
    struct arena *memory;
    unsigned line[ROW_COUNT]; /* where a name is; 0: not there */
};

static bool refuse(char *error, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static bool refuse(char *error, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(error, size, fmt, ap);
    va_end(ap);
    return false;
}

static size_t find_row(struct str name)
{
    size_t i = 0;
    while (i < ROW_COUNT && !str_eqz(name, rows[i].name)) {
        i++;
    }
    return i;
}

static bool refuse_unknown(const struct conf_line *line, char *error, size_t size)
{
    struct near near = near_start(line->name);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        near_offer(&near, rows[i].name);
    }
    const char *best = near_best(&near);
    int shown = line->name.n > 64 ? 64 : (int)line->name.n;
    return best ? refuse(error, size, "%s: unknown setting '%.*s'; did you mean '%s'?", line->where, shown,
                         line->name.p, best)
                : refuse(error, size, "%s: unknown setting '%.*s'", line->where, shown, line->name.p);
}

static bool take_line(void *data, const struct conf_line *line, char *error, size_t size)
{
    struct reading *r = data;
    char reason[OPTION_WHY_SIZE];
    size_t i = find_row(line->name);
    if (i == ROW_COUNT) {
        return refuse_unknown(line, error, size);
    }
    if (r->line[i] > 0) {
        return refuse(error, size, "%s: %s is already set in line %u", line->where, rows[i].name, r->line[i]);
    }
    r->line[i] = line->number;
    struct str value;
    const char *why = conf_value(r->memory, line->raw, &value);
    if (why) {
        return refuse(error, size, "%s: %s: %s", line->where, rows[i].name, why);
    }
    return option_value_parse(&rows[i], value, r->provider, r->memory, reason) ||
           refuse(error, size, "%s: %s", line->where, reason);
}

/* Values that are not in the file, and those that must be. */
static bool complete(struct reading *r, const char *file, char *error, size_t size)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (r->line[i] == 0 && rows[i].min > 0 && !rows[i].value[0]) {
            return refuse(error, size, "%s: %s is missing", file, rows[i].name);
        }
        if (r->line[i] == 0) {
            *(const char **)((char *)r->provider + rows[i].offset) = rows[i].value;
        }
    }
    if (!r->provider->label[0]) {
        r->provider->label = r->provider->name;
    }
    return true;
}

/* Kept in the arena, which wipes nothing: providers_free does. */
static bool read_secret(struct provider *p, struct arena *memory, const char *file, char *error, size_t size)
{
    char why[400];
    size_t n;
    p->secret = STR_NONE;
    if (!p->client_secret_file[0]) {
        return true;
    }
    char *text = options_secret(p->client_secret_file, &n, why, sizeof(why));
    if (!text) {
        return refuse(error, size, "%s: client_secret_file: %s", file, why);
    }
    p->secret = arena_str(memory, (struct str){ text, n });
    explicit_bzero(text, n);
    free(text);
    return true;
}

static bool read_provider(struct providers *all, const struct options *o, struct provider *p, char *error,
                          size_t size)
{
    char file[PATH_MAX];
    struct reading r = { .provider = p, .memory = all->memory };
    snprintf(file, sizeof(file), "%s/%s.conf", o->login_providers_dir, p->name);
    FILE *in = fopen(file, "re");
    if (!in) {
        return refuse(error, size, "%s: %s", file, strerror(errno));
    }
    bool ok = conf_read(in, file, take_line, &r, error, size);
    fclose(in);
    if (!ok || !complete(&r, file, error, size) || !read_secret(p, all->memory, file, error, size)) {
        return false;
    }
    for (const struct provider *other = all->item; other < p; other++) {
        if (strcmp(other->issuer, p->issuer) == 0) {
            return refuse(error, size, "%s: the issuer is that of %s, too", file, other->name);
        }
    }
    return true;
}

struct providers *providers_load(const struct options *o, char *error, size_t error_size)
{
    struct arena *memory = arena_create(4096, MEMORY_MAX);
    struct providers *all = ARENA_NEW(memory, struct providers);
    const char *cursor = o->login_providers;
    char name[64];
    *all = (struct providers){ ARENA_ARRAY(memory, struct provider, PROVIDERS_MAX), 0, memory };
    while (option_list_next(&cursor, name, sizeof(name))) {
        if (all->count == PROVIDERS_MAX) {
            refuse(error, error_size, "login_providers: more than %d providers", PROVIDERS_MAX);
            providers_free(all);
            return NULL;
        }
        struct provider *p = &all->item[all->count];
        p->name = arena_strdup(memory, str_from(name));
        p->index = (unsigned)all->count++;
        if (!read_provider(all, o, p, error, error_size)) {
            providers_free(all);
            return NULL;
        }
    }
    return all;
}

void providers_free(struct providers *all)
{
    if (!all) {
        return;
    }
    for (size_t i = 0; i < all->count; i++) {
        if (all->item[i].secret.p) {
            explicit_bzero((char *)(uintptr_t)all->item[i].secret.p, all->item[i].secret.n);
        }
    }
    arena_destroy(all->memory);
}

const struct provider *providers_find(const struct providers *all, struct str name)
{
    for (size_t i = 0; all && i < all->count; i++) {
        if (str_eqz(name, all->item[i].name)) {
            return &all->item[i];
        }
    }
    return NULL;
}

void providers_write_man(FILE *out)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        option_write_man(out, &rows[i]);
    }
}
