/* What the documents of a calendar have in common. */
#include "calendar/rules_doc.h"

#include "calendar/calendar.h"
#include "db/queries.h"
#include "http/audit.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "json/write.h"

const char *const weekday_names[] = { "monday", "tuesday",  "wednesday", "thursday",
                                      "friday", "saturday", "sunday",    NULL };

const struct shape_field rules_read_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct rules_read_in, id),
      .doc = "The property." },
};

static int add_read(struct request *rq, struct db_batch *b, const struct rules_doc *doc,
                    const struct uuid *property)
{
    return DB_ADD(b, doc->read, db_uuid(property),
                  db_uuid(principal_for(&rq->principal, PERM_PROPERTY_WRITE)),
                  db_bool(rq->arena, perm_has(rq->principal.perms, PERM_PROPERTY_ANY)));
}

static void answer(struct request *rq, const struct rules_doc *doc, const PGresult *r)
{
    rq->res.etag_version = (uint64_t)db_get_int8(r, 0, 0);
    doc->write(rq, r);
}

enum err rules_doc_answer(struct request *rq, const struct rules_doc *doc, const struct uuid *property)
{
    struct db_batch *b = db_batch(rq->db, rq->arena);
    struct db_failure failure;
    int read = add_read(rq, b, doc, property);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (PQntuples(db_result(b, read)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such property.");
    }
    answer(rq, doc, db_result(b, read));
    return ERR_NONE;
}

enum err rules_doc_lock(struct request *rq, const struct rules_doc *doc, const struct uuid *property,
                        struct property_facts *out, const PGresult **current, bool *replayed)
{
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int lock = property_add_lock(rq, b, property);
    int version = DB_ADD(b, &q_rules_version, db_uuid(property));
    int read = current ? add_read(rq, b, doc, property) : -1;
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed || (e = property_read_lock(rq, db_result(b, lock), property, out))) {
        return e;
    }
    if (!if_match_allows(rq, db_get_int8(db_result(b, version), 0, 0))) {
        return fail(rq, ERR_PRECONDITION, NULL,
                    "Rules, seasons or weekdays of the property were changed since; read them again.");
    }
    if (current) {
        *current = db_result(b, read);
    }
    return ERR_NONE;
}

enum err rules_doc_finish(struct request *rq, const struct rules_doc *doc,
                          const struct property_facts *property, struct db_batch *b)
{
    const struct audit_text changed = { "changed", str_from(doc->name) };
    DB_ADD(b, &q_rules_touch, db_uuid(&property->id));
    calendar_tell(rq, b, property, &changed, 1);
    int read = add_read(rq, b, doc, &property->id);
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    answer(rq, doc, db_result(b, read));
    return ERR_NONE;
}

void rules_check_price(struct violations *v, const char *pointer, bool price, bool adjust)
{
    if (price && adjust) {
        violations_add(v, pointer, "rule", "Give price or adjust_ppm, not both.");
    }
}

enum err rules_check_currency(struct request *rq, const struct property_facts *p,
                              const struct money_in *price, const char *pointer)
{
    return str_eq(price->currency, p->currency)
               ? ERR_NONE
               : fail(rq, ERR_VALIDATION, pointer, "The currency of this property is " STR_FMT ".",
                      STR_ARG(p->currency));
}

void rules_write_money(struct json_writer *w, const PGresult *r, int row, int amount, struct str currency)
{
    json_write_key(w, STR("price"));
    if (db_is_null(r, row, amount)) {
        json_write_null(w);
        return;
    }
    json_write_object(w);
    JSON_MEMBER(w, "amount", int, db_get_int8(r, row, amount));
    JSON_MEMBER(w, "currency", str, currency);
    json_write_object_end(w);
}

void rules_write_int(struct json_writer *w, struct str key, const PGresult *r, int row, int col)
{
    json_write_key(w, key);
    if (db_is_null(r, row, col)) {
        json_write_null(w);
    } else {
        json_write_int(w, db_get_int4(r, row, col));
    }
}
