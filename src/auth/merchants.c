/* Addresses and secrets of payment providers. */
#include "auth/merchants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MERCHANTS_MAX 4
#define MEMORY_MAX    (1024 * 1024)
#define NAME_SIZE     64
#define WHY_SIZE      400

struct merchants {
    struct merchant item[MERCHANTS_MAX];
    size_t count;
    struct arena *memory;
};

/* The providers there are, and the options each is set up with. offline needs none. */
static const struct source {
    const char *name;
    size_t url, key, webhook; /* offsets into struct options; 0: none */
} sources[] = {
    { "offline", 0, 0, 0 },
    { "stripe", offsetof(struct options, stripe_url), offsetof(struct options, stripe_secret_file),
      offsetof(struct options, stripe_webhook_secret_file) },
    { "chapa", offsetof(struct options, chapa_url), offsetof(struct options, chapa_secret_file),
      offsetof(struct options, chapa_webhook_secret_file) },
};
#define SOURCES (sizeof(sources) / sizeof(sources[0]))

static const char *text_at(const struct options *o, size_t offset)
{
    const char *text;
    memcpy(&text, (const char *)o + offset, sizeof(text));
    return text;
}

/* Kept in the arena, which wipes nothing: merchants_free does. */
static bool read_secret(struct arena *memory, const char *provider, const char *path, struct str *out,
                        char *error, size_t error_size)
{
    char why[WHY_SIZE];
    size_t n;
    if (!path[0]) {
        snprintf(error, error_size, "payment_providers: %s has no secret file", provider);
        return false;
    }
    char *text = options_secret(path, &n, why, sizeof(why));
    if (!text) {
        snprintf(error, error_size, "payment_providers: %s: %s", provider, why);
        return false;
    }
    *out = arena_str(memory, (struct str){ text, n });
    explicit_bzero(text, n);
    free(text);
    return true;
}

/* One secret a line. */
static bool split_secrets(struct merchant *m, struct str text)
{
    struct str line;
    while (str_split(&text, '\n', &line)) {
        line = str_trim(line);
        if (line.n > 0 && m->webhook_count < MERCHANT_SECRETS_MAX) {
            m->webhook[m->webhook_count++] = line;
        }
    }
    return m->webhook_count > 0;
}

static const char *without_slash(struct arena *memory, const char *url)
{
    struct str text = str_from(url);
    while (text.n > 0 && text.p[text.n - 1] == '/') {
        text.n--;
    }
    return arena_strdup(memory, text);
}

static bool fill(struct merchants *all, const struct options *o, const struct source *s, char *error,
                 size_t error_size)
{
    struct merchant *m = &all->item[all->count++];
    struct str webhook;
    *m = (struct merchant){ .name = s->name, .url = "" };
    if (s->url == 0) {
        return true;
    }
    m->url = without_slash(all->memory, text_at(o, s->url));
    if (!read_secret(all->memory, s->name, text_at(o, s->key), &m->key, error, error_size) ||
        !read_secret(all->memory, s->name, text_at(o, s->webhook), &webhook, error, error_size)) {
        return false;
    }
    if (!split_secrets(m, webhook) || strpbrk(m->key.p, "\r\n")) {
        snprintf(error, error_size,
                 "payment_providers: a secret file of %s is empty, or has lines it should not", s->name);
        return false;
    }
    return true;
}

static bool add(struct merchants *all, const struct options *o, const char *name, char *error,
                size_t error_size)
{
    for (size_t i = 0; i < SOURCES; i++) {
        if (strcmp(name, sources[i].name) != 0) {
            continue;
        }
        if (merchants_find(all, str_from(name))) {
            snprintf(error, error_size, "payment_providers: %s is named twice", name);
            return false;
        }
        return fill(all, o, &sources[i], error, error_size);
    }
    snprintf(error, error_size, "payment_providers: \"%s\" is none of offline, stripe, chapa", name);
    return false;
}

struct merchants *merchants_load(const struct options *o, char *error, size_t error_size)
{
    struct merchants *all = calloc(1, sizeof(*all));
    const char *cursor = o->payment_providers;
    char name[NAME_SIZE];
    if (!all) {
        abort();
    }
    all->memory = arena_create(4096, MEMORY_MAX);
    while (option_list_next(&cursor, name, sizeof(name))) {
        if (!add(all, o, name, error, error_size)) {
            merchants_free(all);
            return NULL;
        }
    }
    return all;
}

static void wipe(struct str secret)
{
    if (secret.p) {
        explicit_bzero((char *)secret.p, secret.n);
    }
}

void merchants_free(struct merchants *m)
{
    if (!m) {
        return;
    }
    for (size_t i = 0; i < m->count; i++) {
        wipe(m->item[i].key);
        for (size_t k = 0; k < m->item[i].webhook_count; k++) {
            wipe(m->item[i].webhook[k]);
        }
    }
    arena_destroy(m->memory);
    free(m);
}

const struct merchant *merchants_find(const struct merchants *m, struct str name)
{
    for (size_t i = 0; m && i < m->count; i++) {
        if (str_eqz(name, m->item[i].name)) {
            return &m->item[i];
        }
    }
    return NULL;
}

const struct merchant *merchants_first(const struct merchants *m)
{
    return m && m->count > 0 ? &m->item[0] : NULL;
}
