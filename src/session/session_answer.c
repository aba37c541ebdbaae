/* The answer that hands tokens out: RFC 6749, 5.1. */
#include "session/session.h"

#include "json/write.h"

static const struct shape_field fields[] = {
    { .name = "access_token",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .doc = "Send it as Authorization: Bearer.",
      .example = "\"eyJhbGciOiJFZERTQSJ9.e30.AA\"" },
    { .name = "token_type",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Always Bearer.",
      .example = "\"Bearer\"" },
    { .name = "expires_in",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .min = 1,
      .max = 86400,
      .doc = "Seconds from now until it is no longer accepted.",
      .example = "900" },
    { .name = "refresh_token",
      .type = SHAPE_STRING,
      .flags = SHAPE_SECRET,
      .doc = "Gives new tokens once, see auth_refresh. Keep it where nothing else can read it.",
      .example = "\"nxr_AZpWvL7mcTCqT4o1\"" },
    { .name = "scope",
      .type = SHAPE_STRING,
      .doc = "What the tokens are limited to; left out: everything the account may.",
      .example = "\"bookings\"" },
};
const struct shape session_tokens_shape = {
    .name = "SessionTokens",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .doc = "An access token, and the refresh token that keeps its session going.",
};

void session_tokens_write(struct request *rq, const struct session_tokens *tokens)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "access_token", str, tokens->access_token);
    JSON_MEMBER(&w, "token_type", strz, "Bearer");
    JSON_MEMBER(&w, "expires_in", int, tokens->expires_in);
    if (tokens->refresh_token.p) {
        JSON_MEMBER(&w, "refresh_token", str, tokens->refresh_token);
    }
    if (tokens->scope.p) {
        JSON_MEMBER(&w, "scope", str, tokens->scope);
    }
    json_write_object_end(&w);
}
