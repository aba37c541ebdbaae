/* The photo as it is read, and what its ops share. */
#include "photo/photo.h"

#include "decode/decode.h"
#include "property/property.h"
#include "query/plan.h"

static const char *const states[] = { "processing", "ready", "rejected", NULL };
static const char *const media_types[] = { "image/jpeg", "image/png", "image/webp", NULL };
static const char *const formats[] = { "webp", "jpeg", NULL };
static const struct personal picture = { "Shows the property.", "while the property exists",
                                         "removed with the property" };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the photo." },
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Property it shows." },
    { "state", FIELD_ENUM, "{t}.state", NULL, 0, states, PERM_PUBLIC, NULL,
      "processing: it waits to be decoded; ready: it is shown; rejected: see reason." },
    { "reason", FIELD_TEXT, "{t}.reason", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Why it was rejected, as a word: see docs/photos.md." },
    { "caption", FIELD_TEXT, "{t}.caption", NULL, 0, NULL, PERM_PUBLIC, &picture, "What is to be seen." },
    { "position", FIELD_INT, "{t}.position", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "Its place among the uploaded photos of the property; the first is 0." },
    { "media_type", FIELD_ENUM, "{t}.media_type", NULL, 0, media_types, PERM_PUBLIC, NULL,
      "What was uploaded." },
    { "bytes", FIELD_INT, "{t}.bytes", NULL, 0, NULL, PERM_PUBLIC, NULL, "How much that was." },
    { "width", FIELD_INT, "{t}.width", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Of what was uploaded, upright; null until it is ready." },
    { "height", FIELD_INT, "{t}.height", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL, "Likewise." },
    { "variants", FIELD_JSON, "'[]'::jsonb", NULL, FIELD_COMPUTED, NULL, PERM_PUBLIC, NULL,
      "What is shown, from small to large, each in WebP and JPEG; none until it is ready." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "When it was uploaded." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

/* ---- variants ---- */

struct variant {
    struct str format, url;
    int64_t size, width, height, bytes;
};
static const struct shape_field variant_fields[] = {
    { .name = "format",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .values = formats,
      .offset = offsetof(struct variant, format),
      .doc = "webp or jpeg." },
    { .name = "size",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct variant, size),
      .min = 1,
      .max = 1920,
      .doc = "The longest its longer side may be: 320, 960 or 1920. A smaller photo is not enlarged." },
    { .name = "width",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct variant, width),
      .min = 1,
      .max = 1920,
      .doc = "Pixels." },
    { .name = "height",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct variant, height),
      .min = 1,
      .max = 1920,
      .doc = "Pixels." },
    { .name = "bytes",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct variant, bytes),
      .min = 1,
      .max = DECODE_ANSWER_MAX,
      .doc = "Size of the file." },
    { .name = "url",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct variant, url),
      .format = "uri",
      .min = 1,
      .max = 2000,
      .doc = "Where it is; what is there never changes.",
      .example = "\"https://nexus.example.com/photos/1f/"
                 "0192f3a4-5b6c-7d8e-9f01-23456789ab1f-5f2b0c7d9e3a1846-960.webp\"" },
};
static const struct shape variant_shape = { .name = "PhotoVariant",
                                            .fields = variant_fields,
                                            .count = SHAPE_COUNT(variant_fields),
                                            .size = sizeof(struct variant),
                                            .doc = "A file that is shown." };
static const struct shape_field variant_item = { .type = SHAPE_OBJECT, .sub = &variant_shape };
static const struct shape_field variants_field = {
    .name = "variants", .type = SHAPE_LIST, .item = &variant_item, .max = 6, .doc = "What is shown."
};
static const struct field_json photo_json[] = { { "variants", &variants_field }, { NULL, NULL } };

void photo_select_variants(struct request *rq, struct selection *sel)
{
    struct db_param *base = ARENA_NEW(rq->arena, struct db_param);
    *base = db_text(photo_base(rq));
    selection_compute(
        sel, "variants",
        "coalesce((select jsonb_agg(jsonb_build_object('format', v.format, 'size', v.size, 'width', v.width, "
        "'height', v.height, 'bytes', v.bytes, 'url', $1::text || v.name) order by v.size, v.format desc) "
        "from photo_variants v where v.photo_id = {t}.id), '[]')",
        base, 1);
}

/* ---- who sees it ---- */

/* What is ready is seen by whoever sees the property, which the op asks; the rest by those who may change it.
 */
static void photo_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (perm_has(who->perms, PERM_PROPERTY_ANY)) {
        return;
    }
    plan_sql(b, " and (%s.state = 'ready'", alias);
    if (who->known) {
        plan_sql(b, " or ");
        property_plan_granted(b, who, arena_printf(plan_arena(b), "%s.property_id", alias),
                              PERM_PROPERTY_WRITE);
    }
    plan_sql(b, ")");
}

const struct entity entity_photo = {
    .name = "photo",
    .type = "Photo",
    .plural = "photos",
    .table = "photos",
    .key = "id",
    .version = "{t}.version",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .json = photo_json,
    .default_sort = "position",
    .scope = photo_scope,
    .doc = "A photo that was uploaded for a property.",
};

enum err photo_add_answer(struct request *rq, struct db_batch *b, const struct uuid *property,
                          const struct uuid *photo, struct photo_answer *out)
{
    struct db_param *of = ARENA_NEW(rq->arena, struct db_param), *params;
    int nparams;
    *of = db_uuid(property);
    out->selection = selection_default(rq, &entity_photo, photo);
    selection_where(out->selection, " and {t}.property_id = $1", of, 1);
    photo_select_variants(rq, out->selection);
    enum err e = plan_make(rq, out->selection, &out->plan, &params, &nparams);
    if (e) {
        return e;
    }
    out->index = db_add(b, plan_statement(out->plan), params, nparams);
    return ERR_NONE;
}

enum err photo_write_answer(struct request *rq, const struct db_batch *b, const struct photo_answer *answer)
{
    const PGresult *r = db_result(b, answer->index);
    return PQntuples(r) == 0 ? photo_none(rq) : plan_write(rq, answer->plan, answer->selection, r);
}

enum err photo_none(struct request *rq)
{
    return fail(rq, ERR_NOT_FOUND, NULL, "There is no such photo.");
}

/* ---- where things are ---- */

struct str photo_base(struct request *rq)
{
    struct str base = str_from(rq->options->public_url);
    if (rq->options->photos_url[0]) {
        return str_from(rq->options->photos_url);
    }
    base.n -= base.n > 0 && base.p[base.n - 1] == '/';
    return str_from(arena_printf(rq->arena, STR_FMT "/photos/", STR_ARG(base)));
}

const char *photo_incoming(struct request *rq)
{
    return rq->options->photos_dir[0] ? arena_printf(rq->arena, "%s/incoming", rq->options->photos_dir) : "";
}

const char *photo_incoming_file(struct request *rq, const struct uuid *photo)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(id, photo);
    return arena_printf(rq->arena, "%s/%s", photo_incoming(rq), id);
}
