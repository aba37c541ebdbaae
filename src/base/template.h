/*
 * Texts from templates. How a value is written is decided by the kind of the template alone, and there is no
 * way to put one in as it is, so that nothing a client or a user has chosen can become markup or a header.
 *
 *     {{name}}                  the value, escaped as the kind says: in HTML for text and quoted attributes
 *     {{name|how}}              the value in another form the kind knows
 *     {{?name}} ... {{/name}}   only when the value is there
 *     {{^name}} ... {{/name}}   only when it is not
 *     {{#name}} ... {{/name}}   once for each row of the list; inside, names are looked for in the row first
 */
#ifndef NEXUS_BASE_TEMPLATE_H
#define NEXUS_BASE_TEMPLATE_H

#include "base/buf.h"

struct template_list;

struct template_value {
    const char *name;
    struct str text;                  /* absent: the value is not there */
    const struct template_list *list; /* of {{#name}} */
};

#define TEMPLATE_END                                                                                         \
    {                                                                                                        \
        NULL, STR_NONE, NULL                                                                                 \
    }

/* Ends with a NULL name. */
struct template_values {
    const struct template_value *values;
    const struct template_values *outer; /* where names are looked for next; NULL: nowhere */
};

struct template_list {
    const struct template_value *const *rows; /* each ends with a NULL name */
    size_t count;
};

struct template_kind {
    /* Write a value; `how` is absent or what stood behind the bar. False: there is no such form. */
    bool (*write)(struct buf *out, struct str text, struct str how, const void *context);
    bool lenient; /* a name that has no value stands for one that is not there */
};

/* NULL, or what is wrong with the template: a rule it breaks, as a literal. `out` then holds a part. */
const char *template_render(struct buf *out, struct str text, const struct template_values *values,
                            const struct template_kind *kind, const void *context);

/* Call `seen` with every name in the template, "name" of {{name|how}}. The same answer. */
const char *template_names(struct str text, void (*seen)(void *data, struct str name), void *data);

/* Values escaped for HTML; the only form. */
bool template_write_html(struct buf *out, struct str text, struct str how, const void *context);

/* HTML from a constant of the program: a faulty one is a bug and aborts. */
void html_render(struct buf *out, const char *page, const struct template_values *values);

#endif
