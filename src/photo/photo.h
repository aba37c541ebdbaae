/*
 * Photos that hosts upload for their properties. What comes is put on disk and acknowledged; a job has it
 * decoded (decode/decode.h) and puts the variants where Nginx shows them, under names that are never used for
 * anything else. What is on disk and in no row is collected later, so nothing has to be undone anywhere.
 *
 * The folder photos_dir: incoming/ID is what was uploaded, until it is decoded; public/xx/ID-HASH-SIZE.webp
 * what is shown, xx the end of the id.
 */
#ifndef NEXUS_PHOTO_PHOTO_H
#define NEXUS_PHOTO_PHOTO_H

#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_photo;
extern const struct op op_photo_list, op_photo_create, op_photo_read, op_photo_update, op_photo_delete;

#define PHOTO_CAPTION_MAX 200
#define PHOTO_PATH_SIZE   300

/* Path parameters of what is about one photo; the first members of the op's struct. */
struct photo_path {
    struct shape_seen seen;
    struct uuid id, photo_id;
};
#define PHOTO_PATH_FIELDS(of)                                                                                \
    { .name = "id",                                                                                          \
      .type = SHAPE_UUID,                                                                                    \
      .in = IN_PATH,                                                                                         \
      .flags = SHAPE_REQUIRED,                                                                               \
      .offset = offsetof(of, id),                                                                            \
      .doc = "The property." },                                                                              \
    {                                                                                                        \
        .name = "photo_id", .type = SHAPE_UUID, .in = IN_PATH, .flags = SHAPE_REQUIRED,                      \
        .offset = offsetof(of, photo_id), .doc = "The photo."                                                \
    }

/* Add the read of the photo to a batch, and answer with it after that has run. */
struct plan;
struct selection;
struct photo_answer {
    const struct plan *plan;
    struct selection *selection;
    int index;
};
enum err photo_add_answer(struct request *rq, struct db_batch *b, const struct uuid *property,
                          const struct uuid *photo, struct photo_answer *out) MUST_CHECK;
enum err photo_write_answer(struct request *rq, const struct db_batch *b,
                            const struct photo_answer *answer) MUST_CHECK;
enum err photo_none(struct request *rq);
/* Supply what depends on where photos are shown. */
void photo_select_variants(struct request *rq, struct selection *sel);

/* What the name of a variant is put behind: option photos_url, or below public_url. In the arena. */
struct str photo_base(struct request *rq);
/* photos_dir/incoming, in the arena. */
const char *photo_incoming(struct request *rq);
const char *photo_incoming_file(struct request *rq, const struct uuid *photo);

#endif
