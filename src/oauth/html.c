/* Templates. */
#include "oauth/html.h"

#include "base/log.h"

#include <stdlib.h>

static void bug(const char *rule)
{
    LOG(LOG_ERROR, "bad template", LOG_TEXT("rule", rule));
    abort();
}

/* What stands for a character that means something in markup; NULL: itself. */
static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void add_escaped(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        const char *entity = entity_of(text.p[i]);
        if (entity) {
            buf_addz(out, entity);
        } else {
            buf_addc(out, text.p[i]);
        }
    }
}

static const struct html_value *find(const struct html_values *values, struct str name)
{
    for (; values; values = values->outer) {
        for (const struct html_value *v = values->values; v->name; v++) {
            if (str_eqz(name, v->name)) {
                return v;
            }
        }
    }
    bug("every name has a value");
    return NULL;
}

/* A tag at `at`, which starts with "{{": its kind ('?', '^', '#', '/' or 0), name, and what follows it. */
struct tag {
    char kind;
    struct str name;
    struct str rest;
};

static struct tag read_tag(struct str at)
{
    const char *end = memmem(at.p, at.n, "}}", 2);
    if (!end) {
        bug("every tag ends");
        abort();
    }
    struct tag t = { .name = { at.p + 2, (size_t)(end - at.p) - 2 },
                     .rest = str_skip(at, (size_t)(end - at.p) + 2) };
    if (t.name.n > 0 && strchr("?^#/", t.name.p[0])) {
        t.kind = t.name.p[0];
        t.name = str_skip(t.name, 1);
    }
    return t;
}

static size_t next_tag(struct str text)
{
    const char *at = text.n > 1 ? memmem(text.p, text.n, "{{", 2) : NULL;
    return at ? (size_t)(at - text.p) : text.n;
}

/* What stands between a section's start and its end; *rest is what follows. Sections of one name do not nest.
 */
static struct str section(struct str text, struct str name, struct str *rest)
{
    struct str left = text;
    for (;;) {
        size_t n = next_tag(left);
        if (n == left.n) {
            bug("every section ends");
        }
        struct tag t = read_tag(str_skip(left, n));
        if (t.kind == '/' && str_eq(t.name, name)) {
            *rest = t.rest;
            return (struct str){ text.p, (size_t)(left.p + n - text.p) };
        }
        left = t.rest;
    }
}

static void render(struct buf *out, struct str text, const struct html_values *values);

static void render_section(struct buf *out, const struct tag *t, struct str inside,
                           const struct html_values *values)
{
    const struct html_value *v = find(values, t->name);
    if (t->kind == '#') {
        for (size_t i = 0; v->list && i < v->list->count; i++) {
            struct html_values row = { v->list->rows[i], values };
            render(out, inside, &row);
        }
    } else if ((v->text.p != NULL) == (t->kind == '?')) {
        render(out, inside, values);
    }
}

static void render(struct buf *out, struct str text, const struct html_values *values)
{
    while (text.n > 0) {
        size_t n = next_tag(text);
        buf_add(out, text.p, n);
        if (n == text.n) {
            return;
        }
        struct tag t = read_tag(str_skip(text, n));
        text = t.rest;
        if (t.kind == '/') {
            bug("every section starts");
        } else if (t.kind) {
            struct str inside = section(t.rest, t.name, &text);
            render_section(out, &t, inside, values);
        } else {
            add_escaped(out, find(values, t.name)->text);
        }
    }
}

void html_render(struct buf *out, const char *page, const struct html_values *values)
{
    render(out, str_from(page), values);
}
