/* A service without servers, a few small ops, and requests through the whole pipeline. */
#include "http/http_tests.h"

#include "auth/key_folder.h"
#include "base/log.h"
#include "json/write.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARAMS_MAX 40

struct options test_options;
struct service *test_service;
char test_seen_key[300];
bool test_seen_principal;
unsigned test_executions;

static char head_text[HEAD_LIMIT + 1];
static char *body_text;
static struct json_object *body_json;
static char header_value[1024];
static struct options *loaded; /* owns the texts of test_options */
static char key_folder[] = "/tmp/nexus-http-XXXXXX";
static struct key_entry key;

/* ---- ops ---- */

struct echo_in {
    struct shape_seen seen;
    struct uuid id;
    struct str name;
    int64_t count;
    int64_t page;
};

static const struct shape_field echo_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct echo_in, id),
      .doc = "Key." },
    { .name = "name",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct echo_in, name),
      .min = 1,
      .max = 20,
      .doc = "Name." },
    { .name = "count",
      .type = SHAPE_INT,
      .offset = offsetof(struct echo_in, count),
      .min = 1,
      .max = 9,
      .doc = "Count." },
    { .name = "page",
      .type = SHAPE_INT,
      .in = IN_QUERY,
      .offset = offsetof(struct echo_in, page),
      .min = 1,
      .max = 9,
      .doc = "Page." },
};
static const struct shape echo_shape = {
    .name = "EchoIn",
    .fields = echo_fields,
    .count = SHAPE_COUNT(echo_fields),
    .size = sizeof(struct echo_in),
    .doc = "What to echo.",
};

static enum err echo_exec(struct request *rq)
{
    const struct echo_in *in = rq->in;
    test_executions++;
    test_seen_principal = rq->principal.known;
    snprintf(test_seen_key, sizeof test_seen_key, STR_FMT,
             STR_ARG(rq->idempotency_key.p ? rq->idempotency_key : STR("-")));
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "name", str, in->name);
    json_write_object_end(&w);
    rq->res.etag_version = 3;
    response_header(rq, "Location", "/v1/echo/1");
    return ERR_NONE;
}

static enum err hello_exec(struct request *rq)
{
    test_executions++;
    test_seen_principal = rq->principal.known;
    buf_addz(rq->res.body, "{\"hello\":true}");
    rq->res.etag_version = 7;
    return ERR_NONE;
}

static enum err broken_exec(struct request *rq)
{
    buf_addz(rq->res.body, "{\"half\":");
    response_header(rq, "Location", "/nowhere");
    return ERR_INTERNAL;
}

static enum err taken_exec(struct request *rq)
{
    return fail(rq, ERR_DATES_UNAVAILABLE, "/check_in", "The nights from %s are taken.", "2027-01-01");
}

static enum err away_exec(struct request *rq)
{
    return fail(rq, ERR_UNAVAILABLE, NULL, NULL);
}

static enum err gone_exec(struct request *rq)
{
    rq->res.status = 204;
    return ERR_NONE;
}

#define OP(id, verb, where, ...)                                                                             \
    static const struct op op_##id = {                                                                       \
        .name = #id, .method = verb, .path = where, .tag = "Test", .summary = #id, .doc = #id, __VA_ARGS__   \
    }

OP(hello, METHOD_GET, "/v1/hello", .perm = PERM_PUBLIC, .rate = RATE_READ, .exec = hello_exec);
OP(mine, METHOD_GET, "/v1/mine", .perm = PERM_ACCOUNT, .rate = RATE_READ, .flags = OP_ACTING,
   .exec = hello_exec);
OP(change, METHOD_DELETE, "/v1/mine", .perm = PERM_ACCOUNT, .rate = RATE_WRITE, .status = 204,
   .exec = gone_exec);
OP(staff, METHOD_GET, "/v1/staff", .perm = PERM_USER_READ, .rate = RATE_READ, .exec = hello_exec);
OP(echo, METHOD_POST, "/v1/echo/{id}", .perm = PERM_PUBLIC, .rate = RATE_WRITE, .status = 201,
   .in = &echo_shape, .flags = OP_IDEMPOTENT, .exec = echo_exec);
OP(broken, METHOD_GET, "/v1/broken", .perm = PERM_PUBLIC, .rate = RATE_READ, .exec = broken_exec);
OP(taken, METHOD_GET, "/v1/taken", .perm = PERM_PUBLIC, .rate = RATE_READ, .exec = taken_exec);
OP(away, METHOD_GET, "/v1/away", .perm = PERM_PUBLIC, .rate = RATE_READ, .exec = away_exec);
OP(gone, METHOD_DELETE, "/v1/hello", .perm = PERM_PUBLIC, .rate = RATE_WRITE, .status = 204,
   .exec = gone_exec);

const struct op *const op_registry[] = { &op_hello,        &op_mine,    &op_change, &op_staff,
                                         &op_echo,         &op_broken,  &op_taken,  &op_away,
                                         &op_gone,         &op_healthz, &op_readyz, &op_problem_get,
                                         &op_problem_list, NULL };

/* ---- service ---- */

static void write_key(void)
{
    char error[512];
    struct key_folder_edit e;
    memcpy(key_folder + sizeof key_folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(key_folder));
    ck_assert(key_folder_begin(&e, key_folder, error, sizeof error) &&
              key_folder_generate(&e, KEY_EDDSA, 0, &key, error, sizeof error));
    key_folder_end(&e);
}

static void remove_key(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.pem", key_folder, key.id);
    unlink(path);
    snprintf(path, sizeof path, "%s/keys", key_folder);
    unlink(path);
    rmdir(key_folder);
}

void test_options_reset(void)
{
    char error[256];
    loaded = options_load(NULL, error, sizeof error);
    ck_assert_msg(loaded != NULL, "%s", error);
    test_options = *loaded;
    test_options.redis = "";
    test_options.database = "host=/nonexistent";
    test_options.token_keys = key_folder;
    test_options.public_url = "https://api.example/";
}

void test_service_start(void)
{
    char error[256];
    write_key();
    test_service = service_create(&test_options, NULL, error, sizeof error);
    ck_assert_msg(test_service != NULL, "%s", error);
}

void test_service_stop(void)
{
    service_destroy(test_service);
    options_free(loaded);
    remove_key();
    json_object_put(body_json);
    free(body_text);
    body_json = NULL;
    body_text = NULL;
}

char *test_token_of(const struct token_spec *spec)
{
    struct arena *a = arena_create(4096, 1 << 20);
    struct str token;
    int64_t lifetime;
    ck_assert_int_eq(token_issue(test_service->auth, a, spec, &token, &lifetime), ERR_NONE);
    char *header = malloc(token.n + 64);
    snprintf(header, token.n + 64, "HTTP_AUTHORIZATION=Bearer " STR_FMT, STR_ARG(token));
    arena_destroy(a);
    return header;
}

char *test_token(void)
{
    return test_token_of(&(struct token_spec){ .user = uuid_v7(), .session = uuid_v7() });
}

/* ---- requests ---- */

static size_t name_length(const char *parameter)
{
    return (size_t)(strchr(parameter, '=') - parameter) + 1;
}

/* A parameter of the test replaces the default of the same name; two of a test are both kept. */
static void add_defaults(char **env, size_t given, char *const *defaults, size_t count)
{
    size_t n = given;
    for (size_t i = 0; i < count; i++) {
        bool replaced = false;
        for (size_t j = 0; j < given; j++) {
            replaced = replaced || strncmp(env[j], defaults[i], name_length(defaults[i])) == 0;
        }
        if (!replaced) {
            env[n++] = defaults[i];
        }
    }
    env[n] = NULL;
}

static void keep(const struct request *rq)
{
    struct str body = rq->head ? STR("") : buf_str(rq->res.body);
    snprintf(head_text, sizeof head_text, STR_FMT, STR_ARG(buf_str(&test_service->head)));
    free(body_text);
    body_text = strndup(body.p ? body.p : "", body.n);
    json_object_put(body_json);
    body_json = body.n > 0 ? json_tokener_parse(body_text) : NULL;
}

struct test_answer test_request(const char *method, const char *target, const char *body, ...)
{
    char *env[PARAMS_MAX];
    size_t given = 0;
    va_list ap;
    va_start(ap, body);
    for (char *p = va_arg(ap, char *); p; p = va_arg(ap, char *)) {
        env[given++] = p;
    }
    va_end(ap);
    char method_text[64];
    char *uri_text = malloc(strlen(target) + 32);
    snprintf(method_text, sizeof method_text, "REQUEST_METHOD=%s", method);
    snprintf(uri_text, strlen(target) + 32, "REQUEST_URI=%s", target);
    char *const defaults[] = { method_text,
                               uri_text,
                               (char *)"SERVER_PROTOCOL=HTTP/1.1",
                               (char *)"REMOTE_ADDR=192.0.2.1",
                               (char *)(body ? "CONTENT_TYPE=application/json" : "CONTENT_TYPE="),
                               (char *)"HTTP_HOST=api.example" };
    add_defaults(env, given, defaults, sizeof defaults / sizeof defaults[0]);
    struct request *rq = request_start(test_service, env);
    buf_addz(&test_service->in, body ? body : "");
    rq->body = buf_str(&test_service->in);
    pipeline_run(rq);
    keep(rq);
    struct test_answer answer = { rq->res.status, head_text, body_text, body_json };
    request_end(rq);
    free(uri_text);
    return answer;
}

const char *test_header(const char *name)
{
    size_t n = strlen(name);
    for (const char *line = head_text; *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            snprintf(header_value, sizeof header_value, "%.*s", (int)strcspn(line + n + 2, "\r"),
                     line + n + 2);
            return header_value;
        }
    }
    return NULL;
}

const char *test_member(const char *name)
{
    struct json_object *member;
    return json_object_object_get_ex(body_json, name, &member) ? json_object_get_string(member) : NULL;
}
