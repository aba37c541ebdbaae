/* nexusctl client create */
#include "ctl/audit.h"
#include "ctl/client.h"
#include "ctl/commands.h"
#include "oauth/client_in.h"
#include "json/decode.h"

#include <json-c/json.h>

static enum ctl_exit client_create_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "name", "NAME", "What users are shown; required." },
    { "redirect-uri", "URI", "Where users are sent; may be repeated." },
    { "post-logout-redirect-uri", "URI", "May be repeated." },
    { "grant", "GRANT", "May be repeated (default: authorization_code, refresh_token)." },
    { "scope", "SCOPE", "May be repeated (default: openid, profile, email)." },
    { "audience", "URI", "Another resource it may ask tokens for; may be repeated." },
    { "public", NULL, "It cannot keep a secret." },
    { "trusted", NULL, "Of the house: users are not asked." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_client_create = {
    .name = "client create",
    .args = "",
    .example = "nexusctl client create --name Shop --redirect-uri https://a.example/b",
    .summary = "Register an OAuth client",
    .doc = "Registers a program that uses the API for its users, or on its own, by the rules of POST "
           "/v1/oauth/clients. Prints its client_id and, this once, its client_secret.",
    .options = options,
    .run = client_create_run,
};

static void add_list(const struct ctl *ctl, struct json_object *o, const char *option, const char *member,
                     const char *const *otherwise)
{
    struct json_object *list = json_object_new_array();
    for (int i = 0; ctl_value_at(ctl, option, i); i++) {
        json_object_array_add(list, json_object_new_string(ctl_value_at(ctl, option, i)));
    }
    for (; otherwise && *otherwise && !ctl_given(ctl, option); otherwise++) {
        json_object_array_add(list, json_object_new_string(*otherwise));
    }
    json_object_object_add(o, member, list);
}

static struct json_object *body_of(const struct ctl *ctl)
{
    static const char *const grants[] = { "authorization_code", "refresh_token", NULL };
    static const char *const scopes[] = { "openid", "profile", "email", NULL };
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "confidential", json_object_new_boolean(!ctl_given(ctl, "public")));
    json_object_object_add(o, "name", json_object_new_string(ctl_value(ctl, "name")));
    json_object_object_add(o, "trusted", json_object_new_boolean(ctl_given(ctl, "trusted")));
    add_list(ctl, o, "redirect-uri", "redirect_uris", NULL);
    add_list(ctl, o, "post-logout-redirect-uri", "post_logout_redirect_uris", NULL);
    add_list(ctl, o, "grant", "grants", grants);
    add_list(ctl, o, "scope", "scopes", scopes);
    add_list(ctl, o, "audience", "audiences", NULL);
    return o;
}

/* By the shape of the API's own op; what is wrong is printed. */
static struct client_in *decode(struct arena *a, struct json_object *o)
{
    struct violations v = { .arena = a };
    const char *why;
    void *in;
    struct str body = str_from(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    if (shape_decode(&client_create_shape, a, body, NULL, 0, NULL, 0, &in, &v, &why) == ERR_NONE) {
        return in;
    }
    for (size_t i = 0; i < v.count; i++) {
        ctl_say("%s %s", v.list[i].pointer[0] ? v.list[i].pointer + 1 : "", v.list[i].detail);
    }
    if (v.count == 0) {
        ctl_say("%s", why ? why : "the texts are not UTF-8");
    }
    return NULL;
}

static const char *member(struct json_object *o, const char *name)
{
    struct json_object *value;
    return json_object_object_get_ex(o, name, &value) ? json_object_get_string(value) : NULL;
}

#define LIST(n) "array(select jsonb_array_elements_text($" #n "::jsonb))"

static enum ctl_exit insert(PGconn *c, struct json_object *o, const char *id, const char *hash,
                            const char *audit)
{
    const char *params[] = { id,
                             member(o, "name"),
                             hash,
                             member(o, "redirect_uris"),
                             member(o, "post_logout_redirect_uris"),
                             member(o, "grants"),
                             member(o, "scopes"),
                             member(o, "audiences"),
                             member(o, "trusted") };
    PGresult *r = pg_exec(c, "begin")
                      ? pg_query_params(c,
                                        "insert into oauth_clients (id, name, secret_hash, redirect_uris,"
                                        " post_logout_redirect_uris, grants, scopes, audiences, trusted)"
                                        " values ($1::uuid, $2, decode($3, 'hex'), " LIST(4) ", " LIST(
                                            5) ", " LIST(6) ", " LIST(7) ", " LIST(8) ", $9::boolean)",
                                        9, params)
                      : NULL;
    PQclear(r);
    return r && ctl_audit(c, AUDIT_CLIENT_CREATE, id, NULL, audit) && pg_exec(c, "commit") ? CTL_OK
                                                                                           : pg_exit(c);
}

static enum ctl_exit create(struct ctl *ctl, const struct options *o, struct arena *a,
                            struct json_object *body)
{
    struct client_in *in = decode(a, body);
    char id[UUID_TEXT_SIZE];
    struct uuid fresh = uuid_v7();
    const char *hash = NULL;
    enum ctl_exit exit = CTL_USAGE;
    uuid_format(id, &fresh);
    PGconn *c = in ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    const char *secret = in->confidential ? client_new_secret(a, &hash) : NULL;
    exit = insert(c, body, id, hash, client_in_audit(a, in, true));
    pg_close(c);
    if (exit == CTL_OK) {
        client_print(ctl, id, secret);
    }
    return exit;
}

static enum ctl_exit client_create_run(struct ctl *ctl)
{
    if (!ctl_value(ctl, "name")) {
        return ctl_fail(CTL_USAGE, "client create needs --name NAME");
    }
    const struct options *o = ctl_options(ctl);
    if (!o) {
        return CTL_FAILED;
    }
    struct arena *a = arena_create(16384, (size_t)1 << 20);
    struct json_object *body = body_of(ctl);
    enum ctl_exit exit = create(ctl, o, a, body);
    json_object_put(body);
    arena_destroy(a);
    return exit;
}
