/* Components that belong to no entry: money, problems, pages, headers. */
#include "http/problem.h"
#include "query/openapi_parts.h"

#include <stdio.h>

/* Written by hand, since they are not decoded by anything of ours; the text is JSON. */
static const struct {
    const char *name, *json;
} schemas[] = {
    { "Money",
      "{\"type\":\"object\",\"description\":\"An amount in minor units (cents) of its currency.\","
      "\"additionalProperties\":false,\"required\":[\"amount\",\"currency\"],\"properties\":{"
      "\"amount\":{\"type\":\"integer\",\"format\":\"int64\",\"description\":\"Minor "
      "units.\",\"examples\":[12900]},"
      "\"currency\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{3}$\",\"description\":\"ISO 4217 code.\","
      "\"examples\":[\"USD\"]}}}" },
    { "Point",
      "{\"type\":\"object\",\"description\":\"A place on the earth (WGS "
      "84).\",\"additionalProperties\":false,"
      "\"required\":[\"lat\",\"lng\"],\"properties\":{"
      "\"lat\":{\"type\":\"number\",\"minimum\":-90,\"maximum\":90,\"description\":\"Latitude in degrees.\","
      "\"examples\":[42.6526]},"
      "\"lng\":{\"type\":\"number\",\"minimum\":-180,\"maximum\":180,\"description\":\"Longitude in "
      "degrees.\","
      "\"examples\":[-73.7562]}}}" },
    { "Page", "{\"type\":\"object\",\"description\":\"Where a list goes on.\",\"additionalProperties\":false,"
              "\"required\":[\"next_cursor\",\"has_more\"],\"properties\":{"
              "\"next_cursor\":{\"type\":[\"string\",\"null\"],\"description\":\"Value of cursor for the "
              "next page; null on the "
              "last one.\",\"examples\":[null]},"
              "\"has_more\":{\"type\":\"boolean\",\"description\":\"Whether there is a next "
              "page.\",\"examples\":[false]}}}" },
    { "Violation", "{\"type\":\"object\",\"description\":\"One thing that is wrong with a "
                   "request.\",\"additionalProperties\":false,"
                   "\"required\":[\"pointer\",\"code\",\"detail\"],\"properties\":{"
                   "\"pointer\":{\"type\":\"string\",\"description\":\"JSON pointer (RFC 6901) into the "
                   "body; /name for a parameter."
                   "\",\"examples\":[\"/check_in\"]},"
                   "\"code\":{\"type\":\"string\",\"description\":\"What is wrong with it, for programs.\","
                   "\"examples\":[\"required\"]},"
                   "\"detail\":{\"type\":\"string\",\"description\":\"The same for people.\","
                   "\"examples\":[\"is required\"]}}}" },
    { "Problem",
      "{\"type\":\"object\",\"description\":\"A failure (RFC 9457).\","
      "\"required\":[\"type\",\"title\",\"status\",\"detail\",\"code\",\"request_id\",\"errors\"],"
      "\"properties\":{"
      "\"type\":{\"type\":\"string\",\"format\":\"uri-reference\",\"description\":\"Address of a "
      "description.\"},"
      "\"title\":{\"type\":\"string\",\"description\":\"The same for every problem of this code.\"},"
      "\"status\":{\"type\":\"integer\",\"minimum\":400,\"maximum\":599,\"description\":\"The HTTP "
      "status.\"},"
      "\"detail\":{\"type\":\"string\",\"description\":\"What happened here, for people.\"},"
      "\"code\":{\"type\":\"string\",\"pattern\":\"^[a-z_]+$\",\"description\":\"Stable; what programs look "
      "at.\"},"
      "\"request_id\":{\"type\":\"string\",\"description\":\"Finds the request in the server's log.\"},"
      "\"violated-policies\":{\"type\":\"array\",\"maxItems\":1,\"items\":{\"type\":\"string\"},"
      "\"description\":\"Of rate_limited: names of the quotas that are used up.\"},"
      "\"errors\":{\"type\":\"array\",\"maxItems\":50,\"description\":\"Everything that is wrong with the "
      "request.\","
      "\"items\":{\"$ref\":\"#/components/schemas/Violation\"}},"
      "\"reasons\":{\"type\":\"array\",\"maxItems\":40,\"description\":\"Of stay_rules and "
      "dates_unavailable: "
      "every rule that stands against the stay, as GET /v1/properties/{id}/availability/explain tells "
      "them.\","
      "\"items\":{\"type\":\"object\"}}}}" },
};

static const struct {
    const char *name, *doc, *example;
} headers[] = {
    { "RequestId", "Finds the request in the server's logs.", "7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f" },
    { "Traceparent", "W3C trace context of the request.",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" },
    { "CacheControl", "Whether and where the answer may be kept.", "private, no-store" },
    { "ETag", "Names this state and form of the resource.", "\"3.9b2a6c1f00d4e5a7\"" },
    { "Location", "Path of the resource that was made.",
      "/v1/bookings/0192f3a4-5b6c-7d8e-9f01-23456789abcd" },
    { "RateLimit", "What is left of the quota and the seconds until it is whole again.",
      "\"read\";r=5999;t=1" },
    { "RateLimitPolicy", "The quota and its window in seconds.", "\"read\";q=6000;w=60" },
    { "RetryAfter", "Seconds to wait before the next attempt.", "1" },
    { "IdempotencyReplayed", "`true` when this is the stored answer to an earlier request with the same key.",
      "true" },
    { "PreferenceApplied", "`dry-run` when nothing was changed because that was asked for.", "dry-run" },
    { "SetCookie", "Cookies of the log-in pages.",
      "__Host-nexus_flow=x; Path=/; Secure; HttpOnly; SameSite=Lax" },
    { "WWWAuthenticate", "How to authenticate.", "Bearer realm=\"nexus\"" },
};

static const struct {
    const char *name, *header, *doc, *schema;
} parameters[] = {
    { "BrowserSession", "__Host-nexus_session", "The browser's log-in; set by the log-in page.",
      "{\"type\":\"string\",\"examples\":[\"Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6MTI\"]}" },
    { "BrowserFlow", "__Host-nexus_flow",
      "Binds forms to the browser they were shown in; set by the first page.",
      "{\"type\":\"string\",\"examples\":[\"Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6MTI\"]}" },
    { "IdempotencyKey", "Idempotency-Key",
      "Makes the request safe to repeat: the same key and body get the same answer, and only one effect.",
      "{\"type\":\"string\",\"minLength\":1,\"maxLength\":255,\"pattern\":\"^[!-~]+$\","
      "\"examples\":[\"8e03978e-40d5-43dd-bc93-6894a57f9324\"]}" },
    { "IfMatch", "If-Match", "Change only if the resource still has this ETag.",
      "{\"type\":\"string\",\"examples\":[\"\\\"3.9b2a6c1f00d4e5a7\\\"\"]}" },
    { "IfNoneMatch", "If-None-Match", "Answer 304 if the resource still has this ETag.",
      "{\"type\":\"string\",\"examples\":[\"\\\"3.9b2a6c1f00d4e5a7\\\"\"]}" },
    { "Prefer", "Prefer",
      "With `dry-run` everything is checked and done, answered as it would be, and taken back.",
      "{\"type\":\"string\",\"examples\":[\"dry-run\"]}" },
    { "Traceparent", "traceparent", "W3C trace context of the caller; an invalid one is ignored.",
      "{\"type\":\"string\",\"examples\":[\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"]}" },
};

void openapi_common_schemas(struct openapi *d)
{
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        json_write_key(&d->w, str_from(schemas[i].name));
        json_write_raw(&d->w, str_from(schemas[i].json));
    }
}

void openapi_common_headers(struct openapi *d)
{
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        json_write_key(&d->w, str_from(headers[i].name));
        json_write_object(&d->w);
        OPENAPI_TEXT(d, "description", headers[i].doc);
        OPENAPI_OBJECT(d, "schema");
        OPENAPI_TEXT(d, "type", "string");
        OPENAPI_END(d);
        OPENAPI_TEXT(d, "example", headers[i].example);
        OPENAPI_END(d);
    }
}

void openapi_common_parameters(struct openapi *d)
{
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        json_write_key(&d->w, str_from(parameters[i].name));
        json_write_object(&d->w);
        OPENAPI_TEXT(d, "name", parameters[i].header);
        OPENAPI_TEXT(d, "in", parameters[i].header[0] == '_' ? "cookie" : "header");
        OPENAPI_KEY(d, "required");
        json_write_bool(&d->w, false);
        OPENAPI_TEXT(d, "description", parameters[i].doc);
        OPENAPI_KEY(d, "schema");
        json_write_raw(&d->w, str_from(parameters[i].schema));
        OPENAPI_END(d);
    }
}

static void problem_example(struct openapi *d, enum err e)
{
    const struct err_info *info = err_info(e);
    char type[512];
    snprintf(type, sizeof type, "%s/problems/%s", d->options->public_url, info->code);
    if (e == ERR_RATE_LIMITED) {
        snprintf(type, sizeof type, "%s", PROBLEM_QUOTA_TYPE);
    }
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "summary", info->title);
    OPENAPI_OBJECT(d, "value");
    OPENAPI_TEXT(d, "type", type);
    OPENAPI_TEXT(d, "title", info->title);
    JSON_MEMBER(&d->w, "status", int, info->status);
    OPENAPI_TEXT(d, "detail", info->doc);
    OPENAPI_TEXT(d, "code", info->code);
    OPENAPI_TEXT(d, "request_id", "7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f");
    OPENAPI_ARRAY(d, "errors");
    OPENAPI_ARRAY_END(d);
    OPENAPI_END(d);
    OPENAPI_END(d);
}

void openapi_common_examples(struct openapi *d)
{
    for (enum err e = ERR_NONE + 1; e < ERR_COUNT; e++) {
        json_write_key(&d->w, str_from(err_info(e)->code));
        problem_example(d, e);
    }
}
