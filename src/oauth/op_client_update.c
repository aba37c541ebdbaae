/* PATCH /v1/oauth/clients/{id}: change a client. */
#include "oauth/client_in.h"

#include "db/queries.h"
#include "http/access.h"
#include "http/audit.h"
#include "http/etag.h"
#include "query/plan.h"

static enum err client_update_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_VALIDATION, ERR_NONE };

const struct op op_client_update = {
    .name = "client_update",
    .method = METHOD_PATCH,
    .path = "/v1/oauth/clients/{id}",
    .tag = "OAuth clients",
    .summary = "Change a client",
    .doc = "Members left out stay as they are, lists are replaced as a whole. What users granted before goes "
           "on as it was; "
           "disabling the client ends all of it.",
    .perm = PERM_CLIENT_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &client_update_shape,
    .entity = &entity_client,
    .errors = errors,
    .exec = client_update_exec,
};

static size_t count_lines(struct str text)
{
    size_t n = text.n > 0;
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == '\n';
    }
    return n;
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

/* What it will be has to make sense as a whole. */
static enum err check_change(struct request *rq, const struct client_in *in, const PGresult *now)
{
    struct client_facts f = { .is_public = !db_get_bool(now, 0, 1) };
    f.redirect_uris =
        SHAPE_HAS(in, C_REDIRECT_URIS) ? in->redirect_uris.count : count_lines(db_get_text(now, 0, 2));
    f.grants = SHAPE_HAS(in, C_GRANTS) ? client_in_grants(in) : grants_of(db_get_text(now, 0, 3));
    if (!if_match_allows(rq, db_get_int8(now, 0, 0))) {
        return fail(rq, ERR_PRECONDITION, NULL, NULL);
    }
    client_in_check_kind(in, f.is_public, &rq->violations);
    client_in_check_whole(&f, &rq->violations);
    return rq->violations.count == 0 ? ERR_NONE : fail(rq, ERR_VALIDATION, NULL, NULL);
}

static void add_change(struct request *rq, struct db_batch *b, const struct client_in *in)
{
    struct arena *a = rq->arena;
    (void)DB_ADD(b, &q_oauth_client_update, db_uuid(&in->id), db_text(in->name),
                 client_in_texts(a, &in->redirect_uris, SHAPE_HAS(in, C_REDIRECT_URIS)),
                 client_in_texts(a, &in->post_logout_redirect_uris, SHAPE_HAS(in, C_POST_LOGOUT)),
                 client_in_grant_names(a, in, SHAPE_HAS(in, C_GRANTS)),
                 client_in_scope_names(a, in, SHAPE_HAS(in, C_SCOPES)),
                 client_in_texts(a, &in->audiences, SHAPE_HAS(in, C_AUDIENCES)),
                 SHAPE_HAS(in, C_TRUSTED) ? db_bool(a, in->trusted) : db_null(DB_BOOL),
                 SHAPE_HAS(in, C_DISABLED) ? db_bool(a, in->disabled) : db_null(DB_BOOL));
    if (SHAPE_HAS(in, C_DISABLED) && in->disabled) {
        (void)DB_ADD(b, &q_oauth_client_end_sessions, db_uuid(&in->id));
        (void)DB_ADD(b, &q_oauth_client_codes_void, db_uuid(&in->id));
    }
    audit_add(rq, b, AUDIT_CLIENT_UPDATE, &in->id, NULL, client_in_audit(a, in, false));
}

static enum err client_update_exec(struct request *rq)
{
    const struct client_in *in = rq->in;
    const struct plan *plan;
    struct selection *sel;
    bool replayed;
    int item;
    write_atomic(rq);
    access_changes_all(rq); /* of many users, and of the client's own tokens */
    struct db_batch *b = write_batch(rq);
    int now = DB_ADD(b, &q_oauth_client_lock, db_uuid(&in->id));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, now)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    if ((e = check_change(rq, in, db_result(b, now)))) {
        return e;
    }
    b = write_batch(rq);
    add_change(rq, b, in);
    if ((e = plan_add_item(rq, b, &entity_client, &in->id, &item, &plan, &sel)) ||
        (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, plan, sel, db_result(b, item));
}
