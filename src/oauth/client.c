/* Clients: who they are and how they prove it. */
#include "oauth/oauth.h"

#include "db/queries.h"
#include "http/uri.h"
#include "oauth/base64.h"

const char *const grant_names[] = { "authorization_code", "refresh_token", "client_credentials", NULL };

int client_add_read(struct db_batch *b, const struct uuid *id)
{
    return DB_ADD(b, &q_oauth_client_read, db_uuid(id));
}

static unsigned grants_of(struct str text)
{
    unsigned grants = 0;
    struct str name;
    while (text.n > 0 && str_split(&text, ' ', &name)) {
        for (unsigned i = 0; grant_names[i]; i++) {
            grants |= str_eqz(name, grant_names[i]) ? 1u << i : 0;
        }
    }
    return grants;
}

bool client_take(struct arena *a, const PGresult *r, const struct uuid *id, struct client *out)
{
    *out = (struct client){ .id = *id };
    uuid_format(out->id_text, id);
    if (PQntuples(r) != 1) {
        return false;
    }
    out->name = db_get_text(r, 0, 0);
    out->secret_hash = db_is_null(r, 0, 1) ? STR_NONE : db_get_text(r, 0, 1);
    out->redirect_uris = db_get_text(r, 0, 2);
    out->logout_uris = db_get_text(r, 0, 3);
    out->grants = grants_of(db_get_text(r, 0, 4));
    out->scopes = scopes_parse(db_get_text(r, 0, 5));
    out->audiences = db_get_text(r, 0, 6);
    out->trusted = db_get_bool(r, 0, 7);
    out->disabled = db_get_bool(r, 0, 8);
    return true;
}

struct str client_secret_make(struct arena *a, struct str *hash)
{
    struct str secret = oauth_random(a);
    *hash = oauth_hash(a, secret);
    return secret;
}

bool client_lists(struct str list, struct str item)
{
    struct str each;
    while (list.n > 0 && str_split(&list, '\n', &each)) {
        if (str_eq(each, item)) {
            return true;
        }
    }
    return false;
}

bool client_redirects_to(const struct client *c, struct str uri)
{
    struct str list = c->redirect_uris, each;
    while (list.n > 0 && str_split(&list, '\n', &each)) {
        if (redirect_uri_matches(each, uri, client_is_public(c))) {
            return true;
        }
    }
    return false;
}

bool client_may_reach(const struct client *c, const struct options *o, struct str resource)
{
    return str_eqz(resource, o->token_audience) ||
           (resource_is_valid(resource) && client_lists(c->audiences, resource));
}

/* ---- authentication ---- */

struct credentials {
    struct str id, secret; /* absent: not given */
};

static enum err refuse(struct request *rq)
{
    response_header(rq, "WWW-Authenticate", "Basic realm=\"nexus\", charset=\"UTF-8\"");
    return fail(rq, ERR_INVALID_CLIENT, NULL, NULL);
}

/* RFC 6749, 2.3.1: both are form-urlencoded before they are put together. */
static bool read_basic(struct request *rq, struct str header, struct credentials *out)
{
    struct str scheme, text, id;
    if (!str_split(&header, ' ', &scheme) || !str_eq_nocase(scheme, STR("Basic")) || !header.p ||
        !base64_decode(rq->arena, str_trim(header), &text)) {
        return false;
    }
    struct str secret = text;
    return str_split(&secret, ':', &id) && secret.p && uri_decode_form(rq->arena, id, &out->id) &&
           uri_decode_form(rq->arena, secret, &out->secret);
}

static enum err read_credentials(struct request *rq, struct str form_id, struct str form_secret,
                                 struct credentials *out)
{
    struct str header = rq->headers[HEADER_AUTHORIZATION];
    *out = (struct credentials){ form_id, form_secret };
    if (!header.p) {
        return form_id.p ? ERR_NONE : refuse(rq);
    }
    if (form_secret.p) {
        return fail(rq, ERR_INVALID_REQUEST, NULL, "The client authenticates in more than one way.");
    }
    if (!read_basic(rq, header, out)) {
        return refuse(rq);
    }
    return !form_id.p || str_eq(form_id, out->id)
               ? ERR_NONE
               : fail(rq, ERR_INVALID_REQUEST, NULL,
                      "client_id is another than that of the Authorization header.");
}

/* The same work whether there is such a client or not. */
static bool is_proven(struct arena *a, const struct client *c, bool found, struct str secret)
{
    static const char nobody[OAUTH_HASH_SIZE];
    struct str hash = oauth_hash(a, secret.p ? secret : STR(""));
    struct str wanted = found && c->secret_hash.p ? c->secret_hash : (struct str){ nobody, OAUTH_HASH_SIZE };
    bool same = oauth_same(hash, wanted);
    if (!found || c->disabled) {
        return false;
    }
    return client_is_public(c) ? !secret.p : secret.p && same;
}

enum err client_authenticate(struct request *rq, struct str form_id, struct str form_secret,
                             struct client *out)
{
    struct credentials given;
    struct db_failure failure;
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    enum err e = read_credentials(rq, form_id, form_secret, &given);
    if (e) {
        return e;
    }
    (void)uuid_parse(given.id, id); /* what is no identifier is nobody's */
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = client_add_read(b, id);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    bool found = client_take(rq->arena, db_result(b, index), id, out);
    return is_proven(rq->arena, out, found, given.secret) ? ERR_NONE : refuse(rq);
}
