/*
 * libFuzzer target: the JSON of tokens through claims_parse, and the same bytes through base64url. Beside
 * memory errors it holds that
 * - what is accepted is one object to json-c too, with as many members;
 * - every claim points into the text, and its value is what the typed readers make of it;
 * - text that decodes from base64url is the one encoding gives back.
 */
#include "auth/claims.h"
#include "base/base64url.h"
#include "base/utf8.h"

#include <json-c/json.h>
#include <stdlib.h>

static void hold(bool held)
{
    if (!held) {
        abort();
    }
}

static void check_text(void *data, struct str text)
{
    hold(utf8_valid(text) && (text.n == 0 || !memchr(text.p, '\\', text.n)));
}

static void check_members(struct str json, const struct claims *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct claim *claim = &c->claim[i];
        char name[4096];
        struct str text = STR("");
        int64_t seconds = 0;
        hold(claim->value.p >= json.p && claim->value.p + claim->value.n <= json.p + json.n &&
             claim->value.n > 0);
        if (claim->name.n >= sizeof(name) || memchr(claim->name.p, '\0', claim->name.n)) {
            continue;
        }
        memcpy(name, claim->name.p, claim->name.n);
        name[claim->name.n] = '\0';
        hold(claims_has(c, name));
        hold(!claims_text(c, name, &text) || claim->value.p[0] == '"');
        hold(!claims_seconds(c, name, &seconds) || (seconds >= 0 && seconds < 1000000000000));
        (void)claims_texts(c, name, check_text, NULL);
    }
}

static void check_claims(struct str json)
{
    struct claims c;
    if (!claims_parse(json, &c)) {
        return;
    }
    check_members(json, &c);
    struct json_tokener *t = json_tokener_new_ex(64);
    json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    struct json_object *o = json_tokener_parse_ex(t, json.p, (int)json.n);
    hold(o && json_object_is_type(o, json_type_object) && (size_t)json_object_object_length(o) == c.count);
    json_object_put(o);
    json_tokener_free(t);
}

static void check_base64url(struct str text)
{
    size_t n;
    unsigned char *bytes = malloc(text.n + 1);
    char *back = malloc(text.n + 4);
    if (base64url_decode(text, bytes, text.n, &n)) {
        hold(base64url_encode(back, bytes, n) == text.n && memcmp(back, text.p, text.n) == 0);
    }
    hold(!base64url_decode(text, bytes, 0, &n) || text.n == 0);
    free(bytes);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1); /* exact, so that a read past the end is seen; never NULL */
    memcpy(copy, data, size);
    copy = realloc(copy, size ? size : 1);
    check_claims((struct str){ copy, size });
    check_base64url((struct str){ copy, size });
    free(copy);
    return 0;
}
