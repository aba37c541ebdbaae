/*
 * Fuzzes a whole request: lines of FastCGI parameters, a blank line, the body. It goes through all gates up
 * to small ops without servers; whatever comes in, a well-formed answer comes out: a known status, headers
 * that nobody has split, JSON.
 */
#include "base/log.h"
#include "http/etag.h"
#include "http/op.h"
#include "http/service.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdlib.h>

#define PARAMS_MAX 64

struct echo_in {
    struct shape_seen seen;
    struct uuid id;
    struct str name;
    int64_t count;
};

static const struct shape_field echo_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct echo_in, id),
      .doc = "Id." },
    { .name = "name",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct echo_in, name),
      .min = 1,
      .max = 20,
      .doc = "Name." },
    { .name = "count",
      .type = SHAPE_INT,
      .in = IN_QUERY,
      .offset = offsetof(struct echo_in, count),
      .min = 1,
      .max = 9,
      .doc = "Count." },
};
static const struct shape echo_shape = { .name = "Echo",
                                         .fields = echo_fields,
                                         .count = SHAPE_COUNT(echo_fields),
                                         .size = sizeof(struct echo_in),
                                         .doc = "Echo." };

static enum err answer(struct request *rq)
{
    buf_addz(rq->res.body, "{\"good\":true}");
    rq->res.etag_version = 3;
    return if_match_allows(rq, 3) ? ERR_NONE : ERR_PRECONDITION;
}

static const struct op op_read = { .name = "read",
                                   .method = METHOD_GET,
                                   .path = "/v1/echo",
                                   .perm = PERM_PUBLIC,
                                   .rate = RATE_READ,
                                   .exec = answer };
static const struct op op_write = { .name = "write",
                                    .method = METHOD_POST,
                                    .path = "/v1/echo/{id}",
                                    .perm = PERM_PUBLIC,
                                    .rate = RATE_WRITE,
                                    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
                                    .in = &echo_shape,
                                    .exec = answer };
static const struct op op_mine = { .name = "mine",
                                   .method = METHOD_GET,
                                   .path = "/v1/mine",
                                   .perm = PERM_ACCOUNT,
                                   .rate = RATE_READ,
                                   .exec = answer };
const struct op *const op_registry[] = { &op_read,        &op_write,        &op_mine,
                                         &op_problem_get, &op_problem_list, NULL };

static struct service *service;

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char error[256];
    struct options *o = options_load(NULL, error, sizeof error);
    check(o != NULL);
    o->redis = "";
    o->cors_origins = "https://app.example";
    o->rate_read = o->rate_write = (struct rate_limit){ 0 };
    log_init("request_fuzz", LOG_ERROR);
    service = service_start(o, NULL, op_registry);
    service->cache = cache_create(o);
    return 0;
}

/* Cut the input into parameters; the rest is the body. */
static struct str split(char *text, size_t size, char **env)
{
    size_t n = 0;
    char *at = text;
    char *end = text + size;
    while (at < end && *at != '\n' && n < PARAMS_MAX) {
        char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end) {
            break;
        }
        *line_end = 0;
        env[n++] = at;
        at = line_end + 1;
    }
    env[n] = NULL;
    return at < end ? (struct str){ at + 1, (size_t)(end - at) - 1 } : STR("");
}

static bool is_clean(struct str head)
{
    for (size_t i = 0; i < head.n; i++) {
        unsigned char c = (unsigned char)head.p[i];
        bool line_end = (c == '\r' && i + 1 < head.n && head.p[i + 1] == '\n') ||
                        (c == '\n' && i > 0 && head.p[i - 1] == '\r');
        if ((c < 0x20 || c == 0x7f) && !line_end) {
            return false;
        }
    }
    return true;
}

static void check_answer(const struct request *rq)
{
    struct str head = buf_str(&service->head);
    check(str_starts(head, STR("Status: ")) && head.n > 4 && memcmp(head.p + head.n - 4, "\r\n\r\n", 4) == 0);
    check(rq->res.status >= 200 && rq->res.status < 600 && rq->res.status != 500 && is_clean(head));
    struct str body = buf_str(rq->res.body);
    if (body.n > 0) {
        struct json_tokener *t = json_tokener_new();
        struct json_object *o = json_tokener_parse_ex(t, body.p, (int)body.n);
        check(o != NULL);
        json_object_put(o);
        json_tokener_free(t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char *env[PARAMS_MAX + 1];
    memcpy(text, data, size);
    text[size] = '\n';
    struct str body = split(text, size, env);
    struct request *rq = request_start(service, env);
    rq->body = body;
    pipeline_run(rq);
    check_answer(rq);
    request_end(rq);
    free(text);
    return 0;
}
