/* POST /v1/properties/{id}/photos */
#include "photo/photo.h"

#include "db/queries.h"
#include "decode/decode.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "http/upload.h"
#include "photo/photo_jobs.h"
#include "property/property.h"

#include <unistd.h>

struct photo_create_in {
    struct shape_seen seen;
    struct uuid id;
    struct str file, caption;
};
#define IN(member) offsetof(struct photo_create_in, member)

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The property." },
    { .name = "file",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = IN(file),
      .max = DECODE_BYTES_MAX,
      .doc = "The photo: JPEG, PNG or WebP, as a part with a file name.",
      .example = "\"@front.jpg\"" },
    { .name = "caption",
      .type = SHAPE_STRING,
      .offset = IN(caption),
      .max = PHOTO_CAPTION_MAX,
      .doc = "What is to be seen.",
      .example = "\"The garden in May\"" },
};
static const struct shape in_shape = { .name = "PhotoCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct photo_create_in),
                                       .doc = "A photo." };

static const char *folder(const struct options *o)
{
    static char path[PHOTO_PATH_SIZE];
    if (!o->photos_dir[0]) {
        return "";
    }
    snprintf(path, sizeof(path), "%s/incoming", o->photos_dir);
    return path;
}

static int64_t bytes_max(const struct options *o)
{
    return o->photo_bytes_max;
}

static const struct op_upload upload = { .part = "file", .folder = folder, .bytes_max = bytes_max };

static enum err photo_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_CONFLICT, ERR_VALIDATION, ERR_STORAGE, ERR_NONE };

const struct op op_photo_create = {
    .name = "photo_create",
    .method = METHOD_POST,
    .path = "/v1/properties/{id}/photos",
    .tag = "Properties",
    .summary = "Upload a photo",
    .doc = "As multipart/form-data. It is answered when it is safely stored, before it is decoded: its state "
           "tells "
           "what becomes of it, soon. What a camera has noted in it, the place among that, is not kept.",
    .perm = PERM_PROPERTY_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .status = 202,
    .in = &in_shape,
    .entity = &entity_photo,
    .errors = errors,
    .upload = &upload,
    .exec = photo_create_exec,
};

static enum err insert(struct request *rq, const struct photo_create_in *in, const struct uuid *photo,
                       enum decode_media media)
{
    const struct upload *u = rq->upload;
    struct photo_answer answer;
    bool replayed;
    char *id = arena_alloc(rq->arena, UUID_TEXT_SIZE);
    uuid_format(id, photo);
    struct db_batch *b = write_batch(rq);
    int made =
        DB_ADD(b, &q_photo_insert, db_uuid(photo), db_uuid(&in->id),
               db_text(in->caption.p ? in->caption : STR("")), db_text(str_from(decode_media_type(media))),
               db_int8(rq->arena, u->size), db_bytea((struct str){ (const char *)u->hash, sizeof(u->hash) }),
               db_int4(rq->arena, (int32_t)rq->options->photos_per_property));
    job_add(rq, b, &job_photo_decode, str_from(id),
            str_from(arena_printf(rq->arena, "{\"photo_id\":\"%s\"}", id)), 0);
    audit_add(rq, b, AUDIT_PHOTO_CREATE, photo, NULL, NULL);
    enum err e = photo_add_answer(rq, b, &in->id, photo, &answer);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, made)) == 0) {
        return fail(rq, ERR_CONFLICT, NULL, "A property has at most %d photos; delete some first.",
                    (int)rq->options->photos_per_property);
    }
    return photo_write_answer(rq, b, &answer);
}

static enum err photo_create_exec(struct request *rq)
{
    const struct photo_create_in *in = rq->in;
    const struct upload *u = rq->upload;
    struct property_facts property;
    bool replayed;
    struct uuid *photo = ARENA_NEW(rq->arena, struct uuid);
    enum decode_media media = decode_sniff((struct str){ u->start, u->start_size });
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &property, &replayed);
    if (e || replayed) {
        return e;
    }
    if (media == DECODE_NO_MEDIA) {
        return fail(rq, ERR_VALIDATION, "/file", "%s", decode_fault_text(DECODE_NOT_A_PICTURE));
    }
    *photo = uuid_v7();
    const char *path = photo_incoming_file(rq, photo);
    e = rq->dry_run ? ERR_NONE : upload_keep(rq, path);
    e = e ? e : insert(rq, in, photo, media);
    if (e && !rq->dry_run) {
        (void)unlink(path); /* no row names it; where this fails it is collected */
    }
    return e;
}
