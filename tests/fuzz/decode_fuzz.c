/*
 * libFuzzer target: a request's parameters and body through shape_decode. Input: an optional first line
 * "?a=b&c=d", then the body. Beside memory errors, which the sanitizers find, it holds that
 * - a text that passed the scan is one that json-c parses;
 * - only the documented results come back, with violations exactly when they say so;
 * - any bytes quoted by the writer are JSON.
 */
#include "base/buf.h"
#include "base/utf8.h"
#include "json/sample_shape.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

#define PARAMS_MAX 16

static void hold(bool held)
{
    if (!held) {
        abort();
    }
}

static size_t split_params(struct str line, struct json_param *params)
{
    struct str pair;
    size_t count = 0;
    while (count < PARAMS_MAX && str_split(&line, '&', &pair)) {
        struct json_param *p = &params[count++];
        p->value = pair;
        str_split(&p->value, '=', &p->name);
        p->value = p->value.p ? p->value : STR("");
    }
    return count;
}

static void check_quote(struct arena *a, struct str text)
{
    struct buf b;
    struct violations v = { .arena = a };
    const char *why;
    buf_init(&b, 1 << 20);
    json_quote(&b, text);
    hold(b.overflow || (utf8_valid(buf_str(&b)) && json_scan(buf_str(&b), a, &v, &why) == ERR_NONE));
    buf_free(&b);
}

static void check_strings(const struct sample *in)
{
    const struct str *all[] = { &in->name, &in->about, &in->email, &in->password, &in->photo, &in->zone };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        hold(!all[i]->p || (utf8_valid(*all[i]) && (all[i]->n == 0 || !memchr(all[i]->p, '\0', all[i]->n))));
    }
    hold(utf8_count(in->name) >= 2 && utf8_count(in->name) <= 10);
    hold(!SHAPE_HAS(in, 12) || (in->guests >= 1 && in->guests <= 16));
}

static void check_decode(struct arena *a, struct str line, struct str body)
{
    struct json_param params[PARAMS_MAX];
    static const struct json_param id = { { "id", 2 }, { "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 36 } };
    struct violations v = { .arena = a }, scanned = { .arena = a };
    const char *why = NULL;
    void *out;
    size_t count = utf8_valid(line) ? split_params(line, params) : 0;
    bool is_json = json_scan(body, a, &scanned, &why) == ERR_NONE;
    hold(is_json || why);
    enum err e = shape_decode(&sample_shape, a, body, &id, 1, params, count, &out, &v, &why);
    hold((e == ERR_BAD_JSON) == !is_json);
    hold(e == ERR_NONE || e == ERR_BAD_JSON || e == ERR_VALIDATION || e == ERR_BAD_PARAMETER);
    hold(e == ERR_BAD_JSON ? why != NULL : (v.count > 0) == (e != ERR_NONE));
    if (e == ERR_NONE) {
        check_strings(out);
    }
    for (size_t i = 0; i < v.count; i++) {
        hold(utf8_valid(str_from(v.list[i].pointer)) && utf8_valid(str_from(v.list[i].detail)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_create(65536, 64 << 20);
    struct str body = { (const char *)data, size }, line = STR("");
    check_quote(a, body);
    if (size > 0 && data[0] == '?') {
        struct str rest = str_skip(body, 1);
        str_split(&rest, '\n', &line);
        body = rest.p ? rest : STR("");
    }
    check_decode(a, line, body);
    arena_destroy(a);
    return 0;
}
