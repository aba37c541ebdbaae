/* The SQL calls of the property. */
#include "property/property_in.h"

#include "base/log.h"
#include "db/queries.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "query/plan.h"

#include <stdlib.h>

/* ---- reading before a change */

static enum property_status status_of(struct str name)
{
    return str_eqz(name, "draft")       ? PROPERTY_DRAFT
           : str_eqz(name, "published") ? PROPERTY_PUBLISHED
                                        : PROPERTY_REMOVED;
}

static void read_facts(struct request *rq, const PGresult *r, struct property_facts *out)
{
    out->host = db_get_uuid(r, 0, 0);
    out->status = status_of(db_get_text(r, 0, 1));
    out->version = db_get_int8(r, 0, 2);
    out->currency = arena_str(rq->arena, db_get_text(r, 0, 3));
    out->min_nights = db_get_int4(r, 0, 4);
    out->max_nights = db_get_int4(r, 0, 5);
    out->today = db_get_date(r, 0, 6);
}

/* Names that let the principal do what the op does on the property: '*' is the host's, who needs a role as
 * well. */
static struct db_param grants_wanted(struct request *rq)
{
    struct str *names = ARENA_ARRAY(rq->arena, struct str, 2);
    size_t n = 0;
    names[n++] = str_from(perm_name(rq->op->perm));
    if (perm_has(rq->principal.perms, rq->op->perm)) {
        names[n++] = STR("*");
    }
    return db_text_array(rq->arena, names, n);
}

/* The gate has let everybody through who may be a co-host: an op that says so must end here. */
struct property_right property_right(struct request *rq)
{
    uint64_t perms = rq->principal.perms;
    if (!(rq->op->flags & OP_ON_PROPERTY)) {
        log_msg(LOG_ERROR, "operation without OP_ON_PROPERTY");
        abort();
    }
    return (struct property_right){
        .user = db_uuid(&rq->principal.user),
        .permissions = grants_wanted(rq),
        .everywhere = db_bool(rq->arena, perm_has(perms, PERM_PROPERTY_ANY) && perm_has(perms, rq->op->perm)),
    };
}

static int add_check(struct request *rq, struct db_batch *b, const struct db_statement *q,
                     const struct uuid *id)
{
    struct property_right right = property_right(rq);
    return DB_ADD(b, q, db_uuid(id), right.user, right.permissions, right.everywhere);
}

static enum err no_property(struct request *rq)
{
    return fail(rq, ERR_NOT_FOUND, NULL, "There is no such property.");
}

int property_add_lock(struct request *rq, struct db_batch *b, const struct uuid *id)
{
    return add_check(rq, b, &q_property_lock, id);
}

enum err property_read_lock(struct request *rq, const PGresult *r, const struct uuid *id,
                            struct property_facts *out)
{
    if (PQntuples(r) == 0) {
        return no_property(rq);
    }
    out->id = *id;
    read_facts(rq, r, out);
    return ERR_NONE;
}

enum err property_lock(struct request *rq, const struct uuid *id, struct property_facts *out, bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    int locked = property_add_lock(rq, b, id);
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed || (e = property_read_lock(rq, db_result(b, locked), id, out))) {
        return e;
    }
    return if_match_allows(rq, out->version)
               ? ERR_NONE
               : fail(rq, ERR_PRECONDITION, NULL, "The property was changed since; read it again.");
}

static enum err require(struct request *rq, struct db_batch *b, int row)
{
    struct db_failure failure;
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    return PQntuples(db_result(b, row)) == 1 ? ERR_NONE : no_property(rq);
}

enum err property_require_granted(struct request *rq, const struct uuid *id)
{
    struct db_batch *b = db_batch(rq->db, rq->arena);
    return require(rq, b, add_check(rq, b, &q_property_granted, id));
}

enum err property_require_visible(struct request *rq, const struct uuid *id)
{
    struct db_batch *b = db_batch(rq->db, rq->arena);
    return require(rq, b,
                   DB_ADD(b, &q_property_visible, db_uuid(id),
                          db_uuid(principal_for(&rq->principal, PERM_PROPERTY_WRITE)),
                          db_bool(rq->arena, perm_has(rq->principal.perms, PERM_PROPERTY_ANY)),
                          db_uuid(principal_for(&rq->principal, PERM_BOOKING_READ))));
}

/* ---- values: absent becomes null, which keeps the column; an explicit null becomes the default */

static bool is_given(const struct property_in *in, enum property_member m)
{
    return SHAPE_HAS(in, m);
}

static struct db_param text_of(const struct property_in *in, enum property_member m, struct str v)
{
    return !is_given(in, m) ? db_null(DB_TEXT) : db_text(SHAPE_NULL(in, m) ? STR("") : v);
}

static struct db_param word_of(const struct property_in *in, enum property_member m, int v,
                               const char *const *words)
{
    return is_given(in, m) ? db_text(str_from(words[v])) : db_null(DB_TEXT);
}

static struct db_param int_of(struct arena *a, const struct property_in *in, enum property_member m,
                              int64_t v, int32_t def)
{
    return !is_given(in, m) ? db_null(DB_INT4) : db_int4(a, SHAPE_NULL(in, m) ? def : (int32_t)v);
}

static struct db_param number_of(struct arena *a, const struct property_in *in, enum property_member m,
                                 double v, double def)
{
    return !is_given(in, m) ? db_null(DB_FLOAT8) : db_float8(a, SHAPE_NULL(in, m) ? def : v);
}

/* ---- changes */

void property_add_insert(struct request *rq, struct db_batch *b, const struct uuid *id,
                         const struct property_in *in)
{
    struct arena *a = rq->arena;
    const char *status = is_given(in, P_STATUS) ? property_statuses[in->status] : "draft";
    DB_ADD(b, &q_property_insert, db_uuid(id), db_uuid(&rq->principal.user), db_text(str_from(status)),
           db_text(in->title), db_text(is_given(in, P_DESCRIPTION) ? in->description : STR("")),
           db_text(str_from(property_kinds[in->kind])), db_text(str_from(property_room_types[in->room_type])),
           db_text(is_given(in, P_ADDRESS) ? in->address : STR("")), db_text(in->city), db_text(in->country),
           db_float8(a, in->location.lng), db_float8(a, in->location.lat), db_text(in->time_zone),
           db_int4(a, (int32_t)in->capacity), db_int4(a, (int32_t)in->bedrooms),
           db_int4(a, (int32_t)in->beds), db_float8(a, in->bathrooms),
           db_text(is_given(in, P_HOUSE_RULES) ? in->house_rules : STR("")), db_int8(a, in->price.amount),
           db_text(in->price.currency), db_int4(a, (int32_t)in->min_nights),
           db_int4(a, (int32_t)in->max_nights));
}

void property_add_update(struct request *rq, struct db_batch *b, const struct property_in *in)
{
    struct arena *a = rq->arena;
    DB_ADD(b, &q_property_change, db_uuid(&in->id), word_of(in, P_STATUS, in->status, property_statuses),
           text_of(in, P_TITLE, in->title), text_of(in, P_DESCRIPTION, in->description),
           word_of(in, P_KIND, in->kind, property_kinds),
           word_of(in, P_ROOM_TYPE, in->room_type, property_room_types), text_of(in, P_ADDRESS, in->address),
           text_of(in, P_CITY, in->city), text_of(in, P_COUNTRY, in->country),
           number_of(a, in, P_LOCATION, in->location.lng, 0),
           number_of(a, in, P_LOCATION, in->location.lat, 0), text_of(in, P_TIME_ZONE, in->time_zone),
           int_of(a, in, P_CAPACITY, in->capacity, 1), int_of(a, in, P_BEDROOMS, in->bedrooms, 1),
           int_of(a, in, P_BEDS, in->beds, 1), number_of(a, in, P_BATHROOMS, in->bathrooms, 1),
           text_of(in, P_HOUSE_RULES, in->house_rules),
           is_given(in, P_PRICE) ? db_int8(a, in->price.amount) : db_null(DB_INT8),
           int_of(a, in, P_MIN_NIGHTS, in->min_nights, 1), int_of(a, in, P_MAX_NIGHTS, in->max_nights, 365));
}

void property_add_amenities(struct request *rq, struct db_batch *b, const struct uuid *id,
                            const struct shape_list *amenities)
{
    struct str *slugs = ARENA_ARRAY(rq->arena, struct str, amenities->count);
    const int *index = amenities->items;
    for (size_t i = 0; i < amenities->count; i++) {
        slugs[i] = str_from(property_amenities[index[i]]);
    }
    struct db_param list = db_text_array(rq->arena, slugs, amenities->count);
    DB_ADD(b, &q_property_amenities_delete, db_uuid(id), list);
    DB_ADD(b, &q_property_amenities_insert, db_uuid(id), list);
}

void property_add_photos(struct request *rq, struct db_batch *b, const struct uuid *id,
                         const struct shape_list *photos)
{
    DB_ADD(b, &q_property_photos_delete, db_uuid(id));
    DB_ADD(b, &q_property_photos_insert, db_uuid(id), db_text_array(rq->arena, photos->items, photos->count));
}

/* ---- the answer */

enum err property_add_answer(struct request *rq, struct db_batch *b, const struct uuid *id,
                             struct property_answer *out)
{
    out->selection = selection_default(rq, &entity_property, id);
    selection_compute(out->selection, "address", "{t}p.address", NULL, 0);
    struct db_param *params;
    int nparams;
    enum err e = plan_make(rq, out->selection, &out->plan, &params, &nparams);
    if (e) {
        return e;
    }
    out->index = db_add(b, plan_statement(out->plan), params, nparams);
    return ERR_NONE;
}

enum err property_write_answer(struct request *rq, const struct db_batch *b,
                               const struct property_answer *answer)
{
    return plan_write(rq, answer->plan, answer->selection, db_result(b, answer->index));
}
