/* Writing JSON pointers. */
#include "json/pointer.h"

#include "base/utf8.h"

#include <stdio.h>

struct text {
    size_t n;
    bool full;
    char p[JSON_POINTER_MAX + 1];
};

static void put(struct text *t, struct str s)
{
    if (t->full || s.n > JSON_POINTER_MAX - t->n) {
        t->full = true;
        return;
    }
    memcpy(t->p + t->n, s.p, s.n);
    t->n += s.n;
}

/* RFC 6901, section 3: ~ is ~0 and / is ~1. Whole characters only, should the text be cut. */
static void put_name(struct text *t, struct str name)
{
    while (name.n > 0 && !t->full) {
        uint32_t scalar;
        size_t n = utf8_decode(name, &scalar);
        n = n > 0 ? n : 1;
        put(t, name.p[0] == '~' ? STR("~0") : name.p[0] == '/' ? STR("~1") : (struct str){ name.p, n });
        name = str_skip(name, n);
    }
}

static void put_path(struct text *t, const struct json_path *path)
{
    if (!path->up) {
        return;
    }
    put_path(t, path->up);
    put(t, STR("/"));
    if (path->name.p) {
        put_name(t, path->name);
    } else {
        char index[24];
        int n = snprintf(index, sizeof(index), "%zu", path->index);
        put(t, (struct str){ index, (size_t)n });
    }
}

const char *json_pointer(struct arena *a, const struct json_path *path)
{
    struct text t;
    t.n = 0;
    t.full = false;
    put_path(&t, path);
    return arena_strdup(a, (struct str){ t.p, t.n });
}
