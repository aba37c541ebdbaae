/* What may be said of a client. */
#include "oauth/client_in.h"

#include "json/write.h"

#define IN(member) offsetof(struct client_in, member)

static const char *const scope_names[] = {
#define SCOPE(id, name, perms, doc) name,
#include "auth/scopes.def"
#undef SCOPE
    NULL
};

static const struct shape_field uri_item = { .type = SHAPE_STRING,
                                             .flags = SHAPE_EXACT,
                                             .min = 1,
                                             .max = REDIRECT_URI_MAX,
                                             .example = "\"https://app.example.com/done\"" };
static const struct shape_field audience_item = { .type = SHAPE_STRING,
                                                  .flags = SHAPE_EXACT,
                                                  .min = 1,
                                                  .max = 500,
                                                  .example = "\"https://api.example.com/\"" };
static const struct shape_field grant_item = { .type = SHAPE_ENUM, .values = grant_names };
static const struct shape_field scope_item = { .type = SHAPE_ENUM, .values = scope_names };

#define NAME(more)                                                                                           \
    {                                                                                                        \
        .name = "name", .type = SHAPE_STRING, .flags = (more), .offset = IN(name), .min = 1, .max = 100,     \
        .doc = "What users are shown when it asks for access.", .example = "\"Travel planner\""              \
    }
#define LIST(member, kind, least, most, more, text)                                                          \
    {                                                                                                        \
        .name = #member, .type = SHAPE_LIST, .flags = (more), .offset = IN(member), .min = least,            \
        .max = most, .item = &kind##_item, .doc = text                                                       \
    }
#define LISTS(more)                                                                                          \
    LIST(redirect_uris, uri, 0, CLIENT_URIS_MAX, 0,                                                          \
         "Where users are sent with a code, character by character: https, or for programs on the user's "   \
         "machine "                                                                                          \
         "http on the loopback interface (any port) or a scheme with a dot."),                               \
        LIST(post_logout_redirect_uris, uri, 0, CLIENT_URIS_MAX, 0,                                          \
             "Where users may be sent after logging out."),                                                  \
        LIST(grants, grant, 1, 3, more, "What it may send to /oauth/token."),                                \
        LIST(scopes, scope, 1, SCOPE_COUNT, more, "What it may ask for."),                                   \
        LIST(audiences, audience, 0, CLIENT_URIS_MAX, 0,                                                     \
             "Resources it may ask tokens for besides this API, and "                                        \
             "introspect tokens of.")
#define TRUSTED                                                                                              \
    {                                                                                                        \
        .name = "trusted", .type = SHAPE_BOOL, .offset = IN(trusted),                                        \
        .doc = "Of the house: users are not asked for consent.", .example = "false"                          \
    }

static const struct shape_field create_fields[] = {
    { .name = "confidential",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .offset = IN(confidential),
      .doc = "Whether it can keep a secret: programs on servers can, those in browsers and on phones cannot.",
      .example = "true" },
    NAME(SHAPE_REQUIRED),
    LISTS(SHAPE_REQUIRED),
    TRUSTED,
};

static const struct shape_field update_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The client." },
    NAME(0),
    LISTS(0),
    TRUSTED,
    { .name = "disabled",
      .type = SHAPE_BOOL,
      .offset = IN(disabled),
      .doc = "Whether it is switched off; doing so ends all its sessions.",
      .example = "true" },
};

static void check_uris(const struct shape_list *list, const char *member, struct violations *v)
{
    const struct str *uris = list->items;
    for (size_t i = 0; i < list->count; i++) {
        const char *fault = redirect_uri_fault(uris[i]);
        if (fault) {
            violations_add(v, arena_printf(v->arena, "/%s/%zu", member, i), "format", "%s", fault);
        }
    }
}

static void check(const void *p, struct violations *v)
{
    const struct client_in *in = p;
    const struct str *audiences = in->audiences.items;
    check_uris(&in->redirect_uris, "redirect_uris", v);
    check_uris(&in->post_logout_redirect_uris, "post_logout_redirect_uris", v);
    for (size_t i = 0; i < in->audiences.count; i++) {
        if (!resource_is_valid(audiences[i])) {
            violations_add(v, arena_printf(v->arena, "/audiences/%zu", i), "format",
                           "must be an absolute URI without a fragment");
        }
    }
}

void client_in_check_kind(const struct client_in *in, bool is_public, struct violations *v)
{
    const struct str *uris = in->redirect_uris.items;
    for (size_t i = 0; !is_public && i < in->redirect_uris.count; i++) {
        if (!str_starts(uris[i], STR("https://")) && !str_starts(uris[i], STR("http://"))) {
            violations_add(v, arena_printf(v->arena, "/redirect_uris/%zu", i), "rule",
                           "a scheme of one's own is for public clients");
        }
    }
}

void client_in_check_whole(const struct client_facts *f, struct violations *v)
{
    if ((f->grants & GRANT_CODE) && f->redirect_uris == 0) {
        violations_add(v, "/redirect_uris", "rule", "authorization_code needs a place to send users to");
    }
    if ((f->grants & GRANT_REFRESH) && !(f->grants & GRANT_CODE)) {
        violations_add(v, "/grants", "rule", "refresh_token comes with authorization_code");
    }
    if ((f->grants & GRANT_CLIENT) && f->is_public) {
        violations_add(v, "/grants", "rule", "client_credentials is for confidential clients");
    }
}

static void check_create(const void *p, struct violations *v)
{
    const struct client_in *in = p;
    struct client_facts f = { !in->confidential, in->redirect_uris.count, client_in_grants(in) };
    check(p, v);
    client_in_check_kind(in, f.is_public, v);
    client_in_check_whole(&f, v);
}

const struct shape client_create_shape = { .name = "ClientCreate",
                                           .fields = create_fields,
                                           .count = SHAPE_COUNT(create_fields),
                                           .size = sizeof(struct client_in),
                                           .doc = "A client to be registered.",
                                           .check = check_create };
const struct shape client_update_shape = { .name = "ClientUpdate",
                                           .fields = update_fields,
                                           .count = SHAPE_COUNT(update_fields),
                                           .size = sizeof(struct client_in),
                                           .doc = "What is to change; members left out stay as they are.",
                                           .check = check };

static const struct shape_field id_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct client_id_in, id),
      .doc = "The client." },
};
const struct shape client_id_shape = { .name = "ClientId",
                                       .fields = id_fields,
                                       .count = SHAPE_COUNT(id_fields),
                                       .size = sizeof(struct client_id_in),
                                       .doc = "Which client." };

/* ---- for the database ---- */

unsigned client_in_grants(const struct client_in *in)
{
    const int *items = in->grants.items;
    unsigned grants = 0;
    for (size_t i = 0; i < in->grants.count; i++) {
        grants |= items[i] >= 0 ? 1u << items[i] : 0;
    }
    return grants;
}

struct db_param client_in_texts(struct arena *a, const struct shape_list *list, bool given)
{
    return given ? db_text_array(a, list->items, list->count) : db_null(DB_TEXT_ARRAY);
}

struct db_param client_in_grant_names(struct arena *a, const struct client_in *in, bool given)
{
    struct str *names = ARENA_ARRAY(a, struct str, 3);
    unsigned grants = client_in_grants(in);
    size_t n = 0;
    for (unsigned i = 0; grant_names[i]; i++) {
        if (grants >> i & 1u) {
            names[n++] = str_from(grant_names[i]);
        }
    }
    return given ? db_text_array(a, names, n) : db_null(DB_TEXT_ARRAY);
}

static uint32_t scopes_of(const struct client_in *in)
{
    const int *items = in->scopes.items;
    uint32_t scopes = 0;
    for (size_t i = 0; i < in->scopes.count; i++) {
        scopes |= items[i] >= 0 ? 1u << items[i] : 0;
    }
    return scopes;
}

struct db_param client_in_scope_names(struct arena *a, const struct client_in *in, bool given)
{
    return given ? oauth_scope_param(a, scopes_of(in)) : db_null(DB_TEXT_ARRAY);
}

static void write_list(struct json_writer *w, const char *name, const struct shape_list *list)
{
    const struct str *items = list->items;
    json_write_key(w, str_from(name));
    json_write_array(w);
    for (size_t i = 0; i < list->count; i++) {
        json_write_str(w, items[i]);
    }
    json_write_array_end(w);
}

const char *client_in_audit(struct arena *a, const struct client_in *in, bool all)
{
    struct buf out;
    buf_init(&out, 65536);
    struct json_writer w = json_write_start(&out);
    json_write_object(&w);
    if (all || SHAPE_HAS(in, C_REDIRECT_URIS)) {
        write_list(&w, "redirect_uris", &in->redirect_uris);
    }
    if (all || SHAPE_HAS(in, C_SCOPES)) {
        JSON_MEMBER(&w, "scopes", str, oauth_scope_text(a, scopes_of(in)));
    }
    if (all || SHAPE_HAS(in, C_GRANTS)) {
        JSON_MEMBER(&w, "grants", int, client_in_grants(in));
    }
    if (all || SHAPE_HAS(in, C_TRUSTED)) {
        JSON_MEMBER(&w, "trusted", bool, in->trusted);
    }
    if (!all && SHAPE_HAS(in, C_DISABLED)) {
        JSON_MEMBER(&w, "disabled", bool, in->disabled);
    }
    json_write_object_end(&w);
    const char *text = arena_strdup(a, buf_str(&out));
    buf_free(&out);
    return text;
}

/* ---- the answer with the secret ---- */

static const struct shape_field credential_fields[] = {
    { .name = "client_id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "Identifies the client." },
    { .name = "client_secret",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "Its secret, shown this once; null: it is public and has none.",
      .example = "\"7Fjfp0ZBr1KtDRbnfVdmIw\"" },
};
const struct shape client_credentials_shape = { .name = "ClientCredentials",
                                                .fields = credential_fields,
                                                .count = SHAPE_COUNT(credential_fields),
                                                .doc = "How a client names itself and proves to be it." };

void client_write_credentials(struct request *rq, const struct uuid *id, struct str secret)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "client_id", uuid, id);
    JSON_MEMBER(&w, "client_secret", str, secret);
    json_write_object_end(&w);
}
