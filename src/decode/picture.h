/*
 * The two pieces of work that are done in boxes: a file to plain pixels, pixels to files. By libvips, of
 * which nothing is used but its decoders of JPEG, PNG and WebP.
 */
#ifndef NEXUS_DECODE_PICTURE_H
#define NEXUS_DECODE_PICTURE_H

#include "base/buf.h"
#include "decode/decode.h"

/* Once a process, before there is anything to decode. False with a line in error[]. */
bool picture_start(char *error, size_t n);

/* Pixels: three bytes each, red, green and blue (sRGB), line after line. */
struct pixels_head {
    uint32_t fault;
    int32_t width, height;             /* of the file */
    int32_t pixel_width, pixel_height; /* of what follows, within the largest of decode_sizes */
};

struct picture_file {
    struct str bytes;
    int64_t pixels_max;
};
/* data: struct picture_file. Out comes a pixels_head and, unless it has a fault, that many pixels. */
void picture_read(void *data, struct buf *out);

struct picture_pixels {
    struct pixels_head head;
    const char *bytes;
};
/* data: struct picture_pixels. Out comes an answer (decode.h). */
void picture_write(void *data, struct buf *out);

#endif
