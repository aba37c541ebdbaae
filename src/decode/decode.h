/*
 * Pictures of strangers: from whatever was uploaded to variants that are known to be pictures.
 *
 * nexus-decode does it, a process of its own that reaches no network and no files. It is handed an open file
 * and gives back bytes. Each picture is decoded in a box (base/box.h), a process that can only compute, into
 * plain pixels; in a second box, which has seen nothing but pixels, these are written anew. What somebody has
 * hidden in a file, metadata, a page, another archive, does not get through that, nor does a decoder that was
 * taken over get to say what is shown but by its pixels.
 *
 * What comes back is read as carefully as what came in (decode_answer_read).
 */
#ifndef NEXUS_DECODE_DECODE_H
#define NEXUS_DECODE_DECODE_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECODE_SIDE_MAX     30000              /* of what comes */
#define DECODE_BYTES_MAX    (64 * 1024 * 1024) /* of a file that is handed over */
#define DECODE_ANSWER_MAX   (32 * 1024 * 1024)
#define DECODE_SIZES        3
#define DECODE_FORMATS      2
#define DECODE_VARIANTS_MAX (DECODE_SIZES * DECODE_FORMATS)

/* The longest side of the variants. A smaller picture is never enlarged. */
extern const int32_t decode_sizes[DECODE_SIZES];

/* What can come, by its first bytes. */
enum decode_media { DECODE_NO_MEDIA, DECODE_JPEG, DECODE_PNG, DECODE_WEBP };
#define DECODE_SNIFF_BYTES 12
enum decode_media decode_sniff(struct str start);
const char *decode_media_type(enum decode_media m); /* "image/jpeg" */

enum decode_format { DECODE_FORMAT_WEBP, DECODE_FORMAT_JPEG };
const char *decode_format_name(enum decode_format f);   /* "webp", "jpeg" */
const char *decode_format_suffix(enum decode_format f); /* "webp", "jpg" */

/* FAULT(name, sentence): why a picture is refused. Names are stable: hosts see them. */
#define DECODE_FAULTS(FAULT)                                                                                 \
    FAULT(OK, ok, "")                                                                                        \
    FAULT(NOT_A_PICTURE, not_a_picture, "It is no JPEG, PNG or WebP.")                                       \
    FAULT(UNREADABLE, unreadable, "It is damaged, cut off, or not what it says it is.")                      \
    FAULT(TOO_MANY_PIXELS, too_many_pixels, "It has more pixels, or a longer side, than is taken.")          \
    FAULT(TOO_COSTLY, too_costly, "It takes too long to decode.")                                            \
    FAULT(CRASHED, crashed, "The decoder came to harm over it.")

enum decode_fault {
#define FAULT(id, name, sentence) DECODE_##id,
    DECODE_FAULTS(FAULT)
#undef FAULT
        DECODE_FAULT_COUNT
};
const char *decode_fault_name(enum decode_fault f);
const char *decode_fault_text(enum decode_fault f);

struct decode_variant {
    enum decode_format format;
    int32_t size; /* of decode_sizes */
    int32_t width, height;
    struct str bytes;
};

struct decoded {
    enum decode_fault fault;
    int32_t width, height; /* of what came, as it is to be looked at */
    size_t count;
    struct decode_variant variants[DECODE_VARIANTS_MAX];
};

/* What is asked with the file, in the bytes of this host: both sides are the same build. */
#define DECODE_MAGIC 0x4e584431
struct decode_call {
    uint32_t magic;
    uint32_t unused;
    int64_t bytes;
    int64_t pixels_max;
};

/* An answer: its head and the variants' bytes one after the other. */
struct decode_head {
    uint32_t magic;
    uint32_t fault;
    int32_t width, height;
    uint32_t count;
    struct {
        uint32_t format;
        int32_t size, width, height;
        uint32_t bytes;
    } variants[DECODE_VARIANTS_MAX];
};

/* False: it is no such answer, or no variant is what it should be. Bytes point into the message. */
bool decode_answer_read(struct str message, struct decoded *out);

/*
 * Have a picture decoded by nexus-decode: `bytes` of the open file from its start. False, with one line in
 * *why, when there is no answer: it is away, or was killed meanwhile. Bytes are in the arena.
 */
bool decode_run(struct arena *a, const char *socket_path, int file, int64_t bytes, int64_t pixels_max,
                int64_t timeout_us, struct decoded *out, const char **why);

#endif
