/* base64 with padding, by way of the alphabet of base64url. */
#include "oauth/base64.h"

#include "base/base64url.h"
#include "base/utf8.h"

#define TEXT_MAX 4096

bool base64_decode(struct arena *a, struct str text, struct str *out)
{
    if (text.n == 0 || text.n % 4 != 0 || text.n > TEXT_MAX || memchr(text.p, '-', text.n) ||
        memchr(text.p, '_', text.n)) {
        return false;
    }
    size_t n = text.n;
    n -= text.p[n - 1] == '=';
    n -= n < text.n && text.p[n - 1] == '=';
    char *copy = arena_strdup(a, (struct str){ text.p, n });
    for (size_t i = 0; i < n; i++) {
        copy[i] = copy[i] == '+' ? '-' : copy[i] == '/' ? '_' : copy[i];
    }
    char *bytes = arena_alloc(a, BASE64URL_BYTES(n) + 1);
    size_t size;
    if (!base64url_decode((struct str){ copy, n }, bytes, BASE64URL_BYTES(n) + 1, &size)) {
        return false;
    }
    *out = (struct str){ bytes, size };
    return utf8_valid(*out) && !memchr(bytes, 0, size);
}
