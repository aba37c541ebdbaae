/* GET /v1/auth/providers: with whom one can sign in. */
#include "federation/federation.h"

#include "json/write.h"

static enum err provider_list_exec(struct request *rq);

static const struct shape_field provider_fields[] = {
    { .name = "name",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Its name here.",
      .example = "\"google\"" },
    { .name = "label",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What people know it as, for a button.",
      .example = "\"Google\"" },
    { .name = "start_url",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Where a browser sets out to sign in.",
      .example = "\"https://api.example.com/oauth/login/google\"" },
};
static const struct shape provider_shape = { .name = "LoginProvider",
                                             .fields = provider_fields,
                                             .count = SHAPE_COUNT(provider_fields),
                                             .doc = "An OpenID provider users may sign in with." };
static const struct shape_field provider_item = { .type = SHAPE_OBJECT, .sub = &provider_shape };
static const struct shape_field list_fields[] = {
    { .name = "data",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &provider_item,
      .doc = "All of them, in the order of their buttons." },
};
static const struct shape list_shape = { .name = "LoginProviderList",
                                         .fields = list_fields,
                                         .count = SHAPE_COUNT(list_fields),
                                         .doc = "With whom one can sign in." };
static const enum err errors[] = { ERR_NONE };

const struct op op_provider_list = {
    .name = "provider_list",
    .method = METHOD_GET,
    .path = "/v1/auth/providers",
    .tag = "Accounts",
    .summary = "List sign-in providers",
    .doc = "OpenID providers whose accounts one can log in with. Applications of others use "
           "/oauth/authorize, whose "
           "log-in page offers the same.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .out = &list_shape,
    .errors = errors,
    .exec = provider_list_exec,
};

static enum err provider_list_exec(struct request *rq)
{
    struct json_writer w = json_write_start(rq->res.body);
    size_t count = rq->providers ? rq->providers->count : 0;
    json_write_object(&w);
    json_write_key(&w, STR("data"));
    json_write_array(&w);
    for (size_t i = 0; i < count; i++) {
        const struct provider *p = &rq->providers->item[i];
        json_write_object(&w);
        JSON_MEMBER(&w, "name", strz, p->name);
        JSON_MEMBER(&w, "label", strz, p->label);
        JSON_MEMBER(&w, "start_url", strz, federation_start_url(rq, p));
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    return ERR_NONE;
}
