/* /v1/me/consents: what one has let clients do. */
#include "oauth/client_in.h"

#include "db/queries.h"
#include "http/access.h"
#include "json/write.h"

static enum err consent_list_exec(struct request *rq);
static enum err consent_delete_exec(struct request *rq);

static const struct shape_field name_item = { .type = SHAPE_STRING, .example = "\"bookings\"" };
static const struct shape_field consent_fields[] = {
    { .name = "client_id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "The client." },
    { .name = "client_name",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Its name.",
      .example = "\"Travel planner\"" },
    { .name = "scopes",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &name_item,
      .doc = "What it may do." },
    { .name = "updated_at",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "When it was last allowed something.",
      .example = "\"2026-11-23T12:00:00Z\"" },
};
static const struct shape consent_shape = { .name = "Consent",
                                            .fields = consent_fields,
                                            .count = SHAPE_COUNT(consent_fields),
                                            .doc = "What a client may do for its user." };
static const struct shape_field consent_item = { .type = SHAPE_OBJECT, .sub = &consent_shape };
static const struct shape_field list_fields[] = {
    { .name = "data",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &consent_item,
      .doc = "All of them, the latest first." },
};
static const struct shape list_shape = { .name = "ConsentList",
                                         .fields = list_fields,
                                         .count = SHAPE_COUNT(list_fields),
                                         .doc = "What clients may do." };
static const enum err list_errors[] = { ERR_NONE };
static const enum err delete_errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_consent_list = {
    .name = "consent_list",
    .method = METHOD_GET,
    .path = "/v1/me/consents",
    .tag = "Accounts",
    .summary = "List what one has let clients do",
    .doc = "Applications one gave access to, the latest 200.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .out = &list_shape,
    .errors = list_errors,
    .exec = consent_list_exec,
};

const struct op op_consent_delete = {
    .name = "consent_delete",
    .method = METHOD_DELETE,
    .path = "/v1/me/consents/{id}",
    .tag = "Accounts",
    .summary = "Take access back from a client",
    .doc = "Ends all sessions of the client for this account at once; it has to ask again.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &client_id_shape,
    .errors = delete_errors,
    .exec = consent_delete_exec,
};

static void write_consent(struct json_writer *w, const PGresult *r, int row)
{
    struct uuid id = db_get_uuid(r, row, 0);
    struct str scopes = db_get_text(r, row, 2), name;
    json_write_object(w);
    JSON_MEMBER(w, "client_id", uuid, &id);
    JSON_MEMBER(w, "client_name", str, db_get_text(r, row, 1));
    json_write_key(w, STR("scopes"));
    json_write_array(w);
    while (scopes.n > 0 && str_split(&scopes, ' ', &name)) {
        json_write_str(w, name);
    }
    json_write_array_end(w);
    JSON_MEMBER(w, "updated_at", time, db_get_timestamptz(r, row, 3));
    json_write_object_end(w);
}

static enum err consent_list_exec(struct request *rq)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_oauth_consent_list, db_uuid(&rq->principal.user));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, index);
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("data"));
    json_write_array(&w);
    for (int i = 0; i < PQntuples(r); i++) {
        write_consent(&w, r, i);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    return ERR_NONE;
}

static enum err consent_delete_exec(struct request *rq)
{
    const struct client_id_in *in = rq->in;
    bool replayed;
    access_changes(rq, &rq->principal.user);
    struct db_batch *b = write_batch(rq);
    int gone = DB_ADD(b, &q_oauth_consent_delete, db_uuid(&rq->principal.user), db_uuid(&in->id));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, gone)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    rq->res.status = 204;
    return ERR_NONE;
}
