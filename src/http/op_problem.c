/* What the `type` of a problem points to: the entry of errors.def. */
#include "http/op.h"
#include "http/service.h"
#include "json/write.h"

#include <stddef.h>

static enum err problem_get_exec(struct request *rq);
static enum err problem_list_exec(struct request *rq);

struct problem_get_in {
    struct shape_seen seen;
    struct str code;
};

static const struct shape_field problem_get_fields[] = {
    { .name = "code",
      .type = SHAPE_STRING,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct problem_get_in, code),
      .min = 1,
      .max = 64,
      .doc = "Code of the problem.",
      .example = "\"not_found\"" },
};
static const struct shape problem_get_in = {
    .name = "ProblemGet",
    .fields = problem_get_fields,
    .count = SHAPE_COUNT(problem_get_fields),
    .size = sizeof(struct problem_get_in),
};

static const struct shape_field kind_fields[] = {
    { .name = "type",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .format = "uri",
      .doc = "What problems of this kind have as type." },
    { .name = "code",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Stable; what programs look at.",
      .example = "\"not_found\"" },
    { .name = "title",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "A few words.",
      .example = "\"Not found\"" },
    { .name = "status",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .min = 400,
      .max = 599,
      .doc = "HTTP status.",
      .example = "404" },
    { .name = "description",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What has happened.",
      .example = "\"There is no such resource.\"" },
};
static const struct shape kind_out = {
    .name = "ProblemKind",
    .fields = kind_fields,
    .count = SHAPE_COUNT(kind_fields),
    .doc = "A kind of failure.",
};

static const struct shape_field kind_item = { .type = SHAPE_OBJECT, .sub = &kind_out };
static const struct shape_field list_fields[] = {
    { .name = "data", .type = SHAPE_LIST, .flags = SHAPE_REQUIRED, .item = &kind_item, .doc = "All kinds." },
};
static const struct shape list_out = {
    .name = "ProblemKindList",
    .fields = list_fields,
    .count = SHAPE_COUNT(list_fields),
    .doc = "Every kind of failure there is.",
};

static const enum err get_errors[] = { ERR_NOT_FOUND, ERR_NONE };
static const enum err list_errors[] = { ERR_NONE };

const struct op op_problem_get = {
    .name = "problem_get",
    .method = METHOD_GET,
    .path = "/problems/{code}",
    .tag = "Problems",
    .summary = "What a problem means",
    .doc = "The `type` of every problem document points here.",
    .perm = PERM_PUBLIC,
    .rate = RATE_NONE,
    .flags = OP_NO_RATE | OP_RAW,
    .in = &problem_get_in,
    .out = &kind_out,
    .errors = get_errors,
    .exec = problem_get_exec,
};

const struct op op_problem_list = {
    .name = "problem_list",
    .method = METHOD_GET,
    .path = "/problems",
    .tag = "Problems",
    .summary = "All problems there are",
    .doc = "The closed list of failures with their codes and statuses.",
    .perm = PERM_PUBLIC,
    .rate = RATE_NONE,
    .flags = OP_NO_RATE | OP_RAW,
    .out = &list_out,
    .errors = list_errors,
    .exec = problem_list_exec,
};

static void write_kind(struct request *rq, struct json_writer *w, enum err e)
{
    const struct err_info *info = err_info(e);
    json_write_object(w);
    JSON_MEMBER(w, "type", strz, arena_printf(rq->arena, "%s%s", rq->service->problem_base, info->code));
    JSON_MEMBER(w, "code", strz, info->code);
    JSON_MEMBER(w, "title", strz, info->title);
    JSON_MEMBER(w, "status", int, info->status);
    JSON_MEMBER(w, "description", strz, info->doc);
    json_write_object_end(w);
}

static enum err problem_get_exec(struct request *rq)
{
    const struct problem_get_in *in = rq->in;
    for (enum err e = ERR_NONE + 1; e < ERR_COUNT; e++) {
        if (str_eqz(in->code, err_info(e)->code)) {
            struct json_writer w = json_write_start(rq->res.body);
            write_kind(rq, &w, e);
            return ERR_NONE;
        }
    }
    return fail(rq, ERR_NOT_FOUND, NULL, "There is no problem of this code.");
}

static enum err problem_list_exec(struct request *rq)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("data"));
    json_write_array(&w);
    for (enum err e = ERR_NONE + 1; e < ERR_COUNT; e++) {
        write_kind(rq, &w, e);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    return ERR_NONE;
}
