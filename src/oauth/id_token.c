/* ID tokens. */
#include "oauth/id_token.h"

#include "auth/claims.h"
#include "auth/jwt.h"

#define SECOND_US   INT64_C(1000000)
#define CLAIMS_SIZE 8192

static void write_methods(struct json_writer *w, struct str methods)
{
    struct str name;
    json_write_key(w, STR("amr"));
    json_write_array(w);
    while (methods.n > 0 && str_split(&methods, ' ', &name)) {
        json_write_str(w, name);
    }
    json_write_array_end(w);
}

enum err id_token_make(struct request *rq, const struct id_token_spec *spec, struct str *out)
{
    struct buf text;
    buf_init(&text, CLAIMS_SIZE);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    JSON_MEMBER(&w, "iss", strz, auth_issuer(rq->auth));
    JSON_MEMBER(&w, "sub", uuid, &spec->user);
    JSON_MEMBER(&w, "aud", strz, spec->client->id_text);
    JSON_MEMBER(&w, "azp", strz, spec->client->id_text);
    JSON_MEMBER(&w, "iat", int, rq->now_us / SECOND_US);
    JSON_MEMBER(&w, "exp", int, (rq->now_us + rq->options->token_lifetime) / SECOND_US);
    JSON_MEMBER(&w, "auth_time", int, spec->authenticated_us / SECOND_US);
    JSON_MEMBER(&w, "sid", uuid, &spec->browser);
    JSON_MEMBER(&w, "at_hash", str, jwt_half_hash(rq->auth, rq->arena, spec->access_token));
    write_methods(&w, spec->methods);
    if (spec->nonce.p) {
        JSON_MEMBER(&w, "nonce", str, spec->nonce);
    }
    if (spec->claims && spec->about && PQntuples(spec->about) == 1) {
        claims_write(&w, spec->about, spec->claims);
    }
    json_write_object_end(&w);
    enum err e = text.overflow ? ERR_INTERNAL : jwt_sign(rq->auth, rq->arena, "JWT", buf_str(&text), out);
    buf_free(&text);
    return e;
}

bool id_token_read(struct request *rq, struct str token, struct id_token_hint *out)
{
    struct str json, iss, sub, aud, sid;
    struct claims c;
    return jwt_open(rq->auth, rq->arena, "JWT", token, &json) && claims_parse(json, &c) &&
           claims_text(&c, "iss", &iss) && str_eqz(iss, auth_issuer(rq->auth)) &&
           claims_text(&c, "sub", &sub) && uuid_parse(sub, &out->user) && claims_text(&c, "aud", &aud) &&
           uuid_parse(aud, &out->client) && claims_text(&c, "sid", &sid) && uuid_parse(sid, &out->browser);
}
