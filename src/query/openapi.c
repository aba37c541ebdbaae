/* GET /v1/openapi.json: the document, written once per process. */
#include "query/openapi.h"

#include "base/log.h"
#include "http/route.h"
#include "query/openapi_parts.h"

#include <stdlib.h>

static enum err openapi_exec(struct request *rq);

static const enum err errors[] = { ERR_NONE };

const struct op op_openapi = {
    .name = "openapi",
    .method = METHOD_GET,
    .path = "/v1/openapi.json",
    .tag = "About",
    .summary = "This document",
    .doc = "The OpenAPI 3.1 description of everything this server offers.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .errors = errors,
    .exec = openapi_exec,
};

static const char description[] = "Places to stay, their calendars, prices and bookings. Money is in minor "
                                  "units of its currency, dates are calendar "
                                  "days at the property, nights run from check_in (included) to check_out "
                                  "(not included), instants are UTC. Every "
                                  "failure is a problem document (RFC 9457) with a stable `code`; `errors[]` "
                                  "names everything that is wrong with a "
                                  "request at once. Lists are walked with `cursor`.";

/* An op is written with the first of its path; others of the same path follow it there. */
static bool is_first_of_path(const struct op *const *ops, const struct op *const *op)
{
    for (const struct op *const *o = ops; o < op; o++) {
        if (strcmp((*o)->path, (*op)->path) == 0) {
            return false;
        }
    }
    return true;
}

static void write_path(struct openapi *d, const struct op *const *from)
{
    static const char *const keys[METHOD_UNKNOWN] = {
        [METHOD_GET] = "get",     [METHOD_POST] = "post",     [METHOD_PUT] = "put",
        [METHOD_PATCH] = "patch", [METHOD_DELETE] = "delete",
    };
    const char *path = (*from)->path;
    json_write_key(&d->w, str_from(path));
    json_write_object(&d->w);
    for (const struct op *const *op = from; *op; op++) {
        if (strcmp((*op)->path, path) == 0 && keys[(*op)->method]) {
            json_write_key(&d->w, str_from(keys[(*op)->method]));
            openapi_operation(d, *op);
        }
    }
    OPENAPI_END(d);
}

static void write_paths(struct openapi *d, const struct op *const *ops)
{
    OPENAPI_OBJECT(d, "paths");
    for (const struct op *const *op = ops; *op; op++) {
        if (is_first_of_path(ops, op)) {
            write_path(d, op);
        }
    }
    OPENAPI_END(d);
}

static bool is_first_of_tag(const struct op *const *ops, const struct op *const *op)
{
    for (const struct op *const *o = ops; o < op; o++) {
        if (strcmp((*o)->tag, (*op)->tag) == 0) {
            return false;
        }
    }
    return true;
}

static void write_tags(struct openapi *d, const struct op *const *ops)
{
    OPENAPI_ARRAY(d, "tags");
    for (const struct op *const *op = ops; *op; op++) {
        if (is_first_of_tag(ops, op)) {
            json_write_object(&d->w);
            OPENAPI_TEXT(d, "name", (*op)->tag);
            OPENAPI_END(d);
        }
    }
    OPENAPI_ARRAY_END(d);
}

static void write_info(struct openapi *d)
{
    OPENAPI_TEXT(d, "openapi", "3.1.0");
    OPENAPI_OBJECT(d, "info");
    OPENAPI_TEXT(d, "title", "Nexus");
    OPENAPI_TEXT(d, "version", PACKAGE_VERSION);
    OPENAPI_TEXT(d, "description", description);
    OPENAPI_END(d);
    OPENAPI_ARRAY(d, "servers");
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "url", d->options->public_url);
    OPENAPI_END(d);
    OPENAPI_ARRAY_END(d);
}

static void write_components(struct openapi *d)
{
    OPENAPI_OBJECT(d, "components");
    OPENAPI_OBJECT(d, "schemas");
    openapi_common_schemas(d);
    openapi_schemas(d);
    OPENAPI_END(d);
    OPENAPI_OBJECT(d, "headers");
    openapi_common_headers(d);
    OPENAPI_END(d);
    OPENAPI_OBJECT(d, "parameters");
    openapi_common_parameters(d);
    OPENAPI_END(d);
    OPENAPI_OBJECT(d, "examples");
    openapi_common_examples(d);
    OPENAPI_END(d);
    OPENAPI_OBJECT(d, "securitySchemes");
    OPENAPI_KEY(d, "bearer");
    json_write_raw(&d->w, STR("{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\","
                              "\"description\":\"The access_token of POST /v1/auth/login.\"}"));
    OPENAPI_KEY(d, "client");
    json_write_raw(&d->w,
                   STR("{\"type\":\"http\",\"scheme\":\"basic\",\"description\":\"Identifier and secret of a "
                       "client, each form-urlencoded (RFC 6749, 2.3.1); or both as members of the form.\"}"));
    OPENAPI_END(d);
    OPENAPI_END(d);
}

void openapi_write(struct buf *out, const struct op *const *ops, const struct options *o)
{
    struct openapi *d = calloc(1, sizeof *d);
    if (!d) {
        abort();
    }
    d->options = o;
    d->w = json_write_start(out);
    json_write_object(&d->w);
    write_info(d);
    write_tags(d, ops);
    write_paths(d, ops);
    write_components(d);
    OPENAPI_END(d);
    free(d);
}

static enum err openapi_exec(struct request *rq)
{
    static struct buf document;
    if (document.n == 0) {
        buf_init(&document, OPENAPI_SIZE_MAX);
        openapi_write(&document, op_registry, rq->options);
    }
    if (document.overflow) {
        return ERR_INTERNAL;
    }
    buf_adds(rq->res.body, buf_str(&document));
    return ERR_NONE;
}
