/*
 * libFuzzer target: a line that is a Content-Type, then a body of multipart/form-data. Beside memory errors it
 * holds that
 * - what is called does not depend on the pieces the body comes in;
 * - parts begin and end in turns, names are within their bounds, no piece of data is empty or has more bytes than came;
 * - a body without a fault ends all it has begun.
 */
#include "base/utf8.h"
#include "http/multipart.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    int parts;
    bool open;
    size_t bytes;
    uint64_t hash; /* of all calls; data as if it came at once */
};

static void hold(bool held)
{
    if (!held) {
        abort();
    }
}

static void mix(struct seen *s, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s->hash = (s->hash ^ (unsigned char)p[i]) * 1099511628211U;
    }
}

static bool on_part(void *data, struct str name, bool is_file)
{
    struct seen *s = data;
    hold(!s->open && name.n > 0 && name.n <= MULTIPART_NAME_MAX && utf8_valid(name));
    s->open = true;
    s->parts++;
    mix(s, is_file ? "<" : "[", 1);
    mix(s, name.p, name.n);
    return name.p[0] != '!';
}

static bool on_data(void *data, struct str bytes)
{
    struct seen *s = data;
    hold(s->open && bytes.n > 0);
    s->bytes += bytes.n;
    mix(s, bytes.p, bytes.n);
    return true;
}

static bool on_end(void *data)
{
    struct seen *s = data;
    hold(s->open);
    s->open = false;
    mix(s, "|", 1);
    return true;
}

static const struct multipart_calls calls = { .part = on_part, .data = on_data, .end = on_end };

static enum multipart_fault run(struct str boundary, const char *p, size_t n, size_t piece, struct seen *seen)
{
    static struct multipart m;
    *seen = (struct seen){ .hash = 14695981039346656037U };
    multipart_start(&m, boundary, &calls, seen);
    for (size_t at = 0; at < n; at += piece) {
        size_t size = n - at < piece ? n - at : piece;
        char *copy = malloc(size); /* exact, so that a read past the end is seen */
        memcpy(copy, p + at, size);
        (void)multipart_feed(&m, (struct str){ copy, size });
        free(copy);
    }
    enum multipart_fault f = multipart_finish(&m);
    hold(f < MULTIPART_FAULT_COUNT && seen->bytes <= n && seen->parts <= MULTIPART_PARTS_MAX);
    hold(f || (!seen->open && seen->parts > 0));
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
    struct str boundary = STR("b");
    struct seen whole, pieces;
    size_t skip = 0;
    if (end && multipart_boundary((struct str){ text, (size_t)(end - text) }, &boundary)) {
        hold(boundary.n > 0 && boundary.n <= MULTIPART_BOUNDARY_MAX);
        skip = (size_t)(end - text) + 1;
    } else {
        boundary = STR("b");
    }
    enum multipart_fault f = run(boundary, text + skip, size - skip, size + 1, &whole);
    for (size_t piece = 1; piece <= 7; piece += 2) {
        hold(run(boundary, text + skip, size - skip, piece, &pieces) == f);
        hold(pieces.hash == whole.hash && pieces.parts == whole.parts && pieces.bytes == whole.bytes);
    }
    return 0;
}
