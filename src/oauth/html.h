/*
 * Pages from templates. Values are always escaped and there is no way to put one in as it is, so that nothing
 * a client or a user has chosen can become markup.
 *
 *     {{name}}                  the value, escaped for text and for quoted attributes
 *     {{?name}} ... {{/name}}   only when the value is there
 *     {{^name}} ... {{/name}}   only when it is not
 *     {{#name}} ... {{/name}}   once for each row of the list; inside, names are looked for in the row first
 *
 * Templates are constants of the program: a faulty one is a bug and aborts.
 */
#ifndef NEXUS_OAUTH_HTML_H
#define NEXUS_OAUTH_HTML_H

#include "base/buf.h"

struct html_list;

struct html_value {
    const char *name;
    struct str text;              /* absent: the value is not there */
    const struct html_list *list; /* of {{#name}} */
};

#define HTML_END                                                                                             \
    {                                                                                                        \
        NULL, STR_NONE, NULL                                                                                 \
    }

/* Ends with a NULL name. */
struct html_values {
    const struct html_value *values;
    const struct html_values *outer; /* where names are looked for next; NULL: nowhere */
};

struct html_list {
    const struct html_value *const *rows; /* each ends with a NULL name */
    size_t count;
};

void html_render(struct buf *out, const char *page, const struct html_values *values);

#endif
