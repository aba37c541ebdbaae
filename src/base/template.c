/* Templates. */
#include "base/template.h"

#include "base/log.h"

#include <stdlib.h>

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

bool template_write_html(struct buf *out, struct str text, struct str how, const void *context)
{
    for (size_t i = 0; i < text.n; i++) {
        const char *entity = entity_of(text.p[i]);
        if (entity) {
            buf_addz(out, entity);
        } else {
            buf_addc(out, text.p[i]);
        }
    }
    return how.p == NULL;
}

static const struct template_value *find(const struct template_values *values, struct str name)
{
    for (; values; values = values->outer) {
        for (const struct template_value *v = values->values; v->name; v++) {
            if (str_eqz(name, v->name)) {
                return v;
            }
        }
    }
    return NULL;
}

/* A tag, which starts with "{{": its kind ('?', '^', '#', '/' or 0), name, form, and what follows it. */
struct tag {
    char kind;
    struct str name, how;
    struct str rest;
};

/* False: it does not end. */
static bool read_tag(struct str at, struct tag *t)
{
    const char *end = memmem(at.p, at.n, "}}", 2);
    if (!end) {
        return false;
    }
    *t = (struct tag){ .rest = str_skip(at, (size_t)(end - at.p) + 2) };
    struct str inside = { at.p + 2, (size_t)(end - at.p) - 2 };
    if (inside.n > 0 && strchr("?^#/", inside.p[0])) {
        t->kind = inside.p[0];
        inside = str_skip(inside, 1);
    }
    (void)str_split(&inside, '|', &t->name);
    t->how = inside;
    return true;
}

static size_t next_tag(struct str text)
{
    const char *at = text.n > 1 ? memmem(text.p, text.n, "{{", 2) : NULL;
    return at ? (size_t)(at - text.p) : text.n;
}

/* What stands between a section's start and its end; *rest is what follows. Sections of one name do not nest.
 * Absent: it does not end. */
static struct str section(struct str text, struct str name, struct str *rest)
{
    struct str left = text;
    for (struct tag t;; left = t.rest) {
        size_t n = next_tag(left);
        if (n == left.n || !read_tag(str_skip(left, n), &t)) {
            return STR_NONE;
        }
        if (t.kind == '/' && str_eq(t.name, name)) {
            *rest = t.rest;
            return (struct str){ text.p, (size_t)(left.p + n - text.p) };
        }
    }
}

struct rendering {
    struct buf *out;
    const struct template_kind *kind;
    const void *context;
};

static const char *render(const struct rendering *r, struct str text, const struct template_values *values);

static const char *render_section(const struct rendering *r, const struct tag *t, struct str inside,
                                  const struct template_value *v, const struct template_values *values)
{
    const char *why = NULL;
    if (t->kind == '#') {
        for (size_t i = 0; !why && v->list && i < v->list->count; i++) {
            struct template_values row = { v->list->rows[i], values };
            why = render(r, inside, &row);
        }
    } else if ((v->text.p != NULL) == (t->kind == '?')) {
        why = render(r, inside, values);
    }
    return why;
}

static const char *render_tag(const struct rendering *r, const struct tag *t, struct str *rest,
                              const struct template_values *values)
{
    static const struct template_value nothing = { "", { NULL, 0 }, NULL };
    const struct template_value *v = find(values, t->name);
    *rest = t->rest;
    if (t->kind == '/') {
        return "every section starts";
    }
    if (!v && !r->kind->lenient) {
        return "every name has a value";
    }
    v = v ? v : &nothing;
    if (!t->kind) {
        return !v->text.p || r->kind->write(r->out, v->text, t->how, r->context) ? NULL
                                                                                 : "every form is known";
    }
    struct str inside = section(t->rest, t->name, rest);
    return inside.p ? render_section(r, t, inside, v, values) : "every section ends";
}

static const char *render(const struct rendering *r, struct str text, const struct template_values *values)
{
    while (text.n > 0) {
        size_t n = next_tag(text);
        struct tag t;
        buf_add(r->out, text.p, n);
        if (n == text.n) {
            return NULL;
        }
        if (!read_tag(str_skip(text, n), &t)) {
            return "every tag ends";
        }
        const char *why = render_tag(r, &t, &text, values);
        if (why) {
            return why;
        }
    }
    return NULL;
}

const char *template_render(struct buf *out, struct str text, const struct template_values *values,
                            const struct template_kind *kind, const void *context)
{
    struct rendering r = { out, kind, context };
    return render(&r, text, values);
}

const char *template_names(struct str text, void (*seen)(void *data, struct str name), void *data)
{
    for (struct tag t;; text = t.rest) {
        size_t n = next_tag(text);
        if (n == text.n) {
            return NULL;
        }
        if (!read_tag(str_skip(text, n), &t)) {
            return "every tag ends";
        }
        seen(data, t.name);
    }
}

void html_render(struct buf *out, const char *page, const struct template_values *values)
{
    static const struct template_kind html = { .write = template_write_html };
    const char *why = template_render(out, str_from(page), values, &html, NULL);
    if (why) {
        LOG(LOG_ERROR, "bad template", LOG_TEXT("rule", why));
        abort();
    }
}
