/* libvips, in boxes. */
#include "decode/picture.h"

#include <glib.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vips/vips.h>

#define QUALITY_JPEG 82
#define QUALITY_WEBP 80
#define BANDS        3
#define SHRINK_MAX   8
#define WEBP_HEAD    12 /* RIFF, length, WEBP */
#define CHUNK_HEAD   8  /* name, length */
/* vips_thumbnail_buffer would take what is cut off. */
#define LOAD_OPTIONS "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED

/* ---- once ---- */

/* A message of a library has nowhere to go from a box. */
static GLogWriterOutput quiet(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
    (void)level;
    (void)fields;
    (void)n;
    (void)data;
    return G_LOG_WRITER_HANDLED;
}

static void forbid_all_but_three(void)
{
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    vips_operation_block_set("VipsForeignSave", TRUE);
    vips_operation_block_set("VipsForeignLoadJpegBuffer", FALSE);
    vips_operation_block_set("VipsForeignLoadPngBuffer", FALSE);
    vips_operation_block_set("VipsForeignLoadWebpBuffer", FALSE);
    vips_operation_block_set("VipsForeignSaveJpegBuffer", FALSE);
    vips_operation_block_set("VipsForeignSaveWebpBuffer", FALSE);
}

bool picture_start(char *error, size_t n)
{
    (void)setenv("VIPSHOME", "/nonexistent",
                 1); /* no modules: further decoders, and much that comes with them */
    (void)setenv("VIPS_CONCURRENCY", "1", 1);
    (void)setenv("VIPS_NOVECTOR", "1", 1);
    (void)setenv("ORC_CODE", "backup", 1); /* no code is made while it runs: a box has no such memory */
    (void)setenv("TZ", "UTC0", 1);         /* nor a file about the time zone */
    tzset();
    (void)mallopt(M_ARENA_MAX, 1); /* each would take address space, which is limited */
    g_log_set_writer_func(quiet, NULL, NULL);
    if (VIPS_INIT("nexus-decode")) {
        snprintf(error, n, "libvips: %s", vips_error_buffer());
        return false;
    }
    vips_cache_set_max(0);
    vips_concurrency_set(1);
    forbid_all_but_three();
    return true;
}

/* ---- a file to pixels ---- */

/* `smaller`: how much smaller it may be decoded at once; not at all for PNG. */
static int load(struct str file, int32_t smaller, VipsImage **out)
{
    void *bytes = (void *)(uintptr_t)file.p;
    switch (decode_sniff(file)) {
    case DECODE_JPEG:
        return vips_jpegload_buffer(bytes, file.n, out, "shrink", smaller, LOAD_OPTIONS, NULL);
    case DECODE_PNG:
        return vips_pngload_buffer(bytes, file.n, out, LOAD_OPTIONS, NULL);
    case DECODE_WEBP:
        return vips_webpload_buffer(bytes, file.n, out, "scale", 1.0 / smaller, LOAD_OPTIONS, NULL);
    default:
        return -1;
    }
}

/* Nothing but the header is looked at. */
static enum decode_fault measure(const struct picture_file *f, struct pixels_head *head)
{
    VipsImage *im = NULL;
    if (decode_sniff(f->bytes) == DECODE_NO_MEDIA) {
        return DECODE_NOT_A_PICTURE;
    }
    if (load(f->bytes, 1, &im) != 0) {
        return DECODE_UNREADABLE;
    }
    bool turned = vips_image_get_orientation_swap(im);
    int32_t width = vips_image_get_width(im), height = vips_image_get_height(im);
    g_object_unref(im);
    head->width = turned ? height : width;
    head->height = turned ? width : height;
    if (width <= 0 || height <= 0) {
        return DECODE_UNREADABLE;
    }
    bool fits =
        width <= DECODE_SIDE_MAX && height <= DECODE_SIDE_MAX && (int64_t)width * height <= f->pixels_max;
    return fits ? DECODE_OK : DECODE_TOO_MANY_PIXELS;
}

/* Each step takes the image over and gives another, or NULL. */
static VipsImage *replaced(VipsImage *before, VipsImage **after, int failed)
{
    g_object_unref(before);
    return failed ? NULL : *after;
}

static VipsImage *without_alpha(VipsImage *im)
{
    VipsImage *out = NULL;
    if (!im || !vips_image_hasalpha(im)) {
        return im;
    }
    VipsArrayDouble *white = vips_array_double_newv(1, 255.0);
    int failed = vips_flatten(im, &out, "background", white, NULL);
    vips_area_unref(VIPS_AREA(white));
    return replaced(im, &out, failed);
}

static VipsImage *to_srgb(VipsImage *im)
{
    VipsImage *out = NULL;
    return im ? replaced(im, &out, vips_colourspace(im, &out, VIPS_INTERPRETATION_sRGB, NULL)) : NULL;
}

static VipsImage *to_bytes(VipsImage *im)
{
    VipsImage *out = NULL;
    return im ? replaced(im, &out, vips_cast_uchar(im, &out, NULL)) : NULL;
}

static int32_t shrink_of(const struct pixels_head *head)
{
    int32_t longest = head->width > head->height ? head->width : head->height, shrink = 1;
    while (shrink < SHRINK_MAX && longest / (2 * shrink) >= decode_sizes[DECODE_SIZES - 1]) {
        shrink *= 2;
    }
    return shrink;
}

/* Decoded as small as will do, turned upright, in sRGB. */
static VipsImage *decode(struct str file, int32_t shrink)
{
    VipsImage *loaded = NULL, *small = NULL;
    int32_t side = decode_sizes[DECODE_SIZES - 1];
    if (load(file, shrink, &loaded) != 0) {
        return NULL;
    }
    int failed = vips_thumbnail_image(loaded, &small, side, "height", side, "size", VIPS_SIZE_DOWN,
                                      "export_profile", "srgb", NULL);
    VipsImage *im = to_bytes(to_srgb(without_alpha(replaced(loaded, &small, failed))));
    if (im && vips_image_get_bands(im) != BANDS) {
        g_object_unref(im);
        return NULL;
    }
    return im;
}

static enum decode_fault read_pixels(struct str file, struct pixels_head *head, void **pixels, size_t *size)
{
    VipsImage *im = decode(file, shrink_of(head));
    if (!im) {
        return DECODE_UNREADABLE;
    }
    head->pixel_width = vips_image_get_width(im);
    head->pixel_height = vips_image_get_height(im);
    *pixels = vips_image_write_to_memory(im, size);
    g_object_unref(im);
    return *pixels ? DECODE_OK : DECODE_UNREADABLE;
}

void picture_read(void *data, struct buf *out)
{
    const struct picture_file *f = data;
    struct pixels_head head = { 0 };
    void *pixels = NULL;
    size_t size = 0;
    enum decode_fault fault = measure(f, &head);
    fault = fault ? fault : read_pixels(f->bytes, &head, &pixels, &size);
    head.fault = (uint32_t)fault;
    buf_add(out, &head, sizeof(head));
    buf_add(out, pixels, fault ? 0 : size);
}

/* ---- pixels to files ---- */

static int save(VipsImage *im, enum decode_format format, void **bytes, size_t *size)
{
    if (format == DECODE_FORMAT_WEBP) {
        return vips_webpsave_buffer(im, bytes, size, "Q", QUALITY_WEBP, "strip", TRUE, NULL);
    }
    return vips_jpegsave_buffer(im, bytes, size, "Q", QUALITY_JPEG, "strip", TRUE, "optimize_coding", TRUE,
                                "interlace", TRUE, NULL);
}

static uint32_t number_at(const char *p)
{
    uint32_t n;
    memcpy(&n, p, sizeof(n));
    return GUINT32_FROM_LE(n);
}

/*
 * libvips notes a resolution even where it is told not to: what is kept of a WebP file is the chunk with the
 * picture, behind a header of its own. The length of the new file; 0 when there is no such chunk.
 */
static size_t only_the_picture(char *file, size_t size)
{
    for (size_t at = WEBP_HEAD; at + CHUNK_HEAD <= size;) {
        size_t chunk = CHUNK_HEAD + ((size_t)number_at(file + at + 4) + 1) / 2 * 2;
        if (chunk > size - at) {
            return 0;
        }
        if (memcmp(file + at, "VP8 ", 4) == 0 || memcmp(file + at, "VP8L", 4) == 0) {
            uint32_t rest = GUINT32_TO_LE((uint32_t)(chunk + 4));
            memmove(file + WEBP_HEAD, file + at, chunk);
            memcpy(file + 4, &rest, sizeof(rest));
            return WEBP_HEAD + chunk;
        }
        at += chunk;
    }
    return 0;
}

/* Both formats of one size. */
static bool write_size(VipsImage *whole, int32_t side, struct decode_head *head, struct buf *out)
{
    VipsImage *im = NULL;
    bool ok = vips_thumbnail_image(whole, &im, side, "height", side, "size", VIPS_SIZE_DOWN, NULL) == 0;
    for (int format = 0; ok && format < DECODE_FORMATS; format++) {
        void *bytes = NULL;
        size_t size = 0;
        ok = save(im, (enum decode_format)format, &bytes, &size) == 0 && size < DECODE_ANSWER_MAX;
        size = ok && format == DECODE_FORMAT_WEBP ? only_the_picture(bytes, size) : size;
        ok = ok && size > 0;
        if (ok) {
            uint32_t i = head->count++;
            head->variants[i].format = (uint32_t)format;
            head->variants[i].size = side;
            head->variants[i].width = vips_image_get_width(im);
            head->variants[i].height = vips_image_get_height(im);
            head->variants[i].bytes = (uint32_t)size;
            buf_add(out, bytes, size);
        }
        g_free(bytes);
    }
    if (im) {
        g_object_unref(im);
    }
    return ok;
}

void picture_write(void *data, struct buf *out)
{
    const struct picture_pixels *p = data;
    struct decode_head head = { .magic = DECODE_MAGIC, .width = p->head.width, .height = p->head.height };
    int32_t width = p->head.pixel_width, height = p->head.pixel_height;
    size_t size = (size_t)width * (size_t)height * BANDS;
    VipsImage *raw = vips_image_new_from_memory(p->bytes, size, width, height, BANDS, VIPS_FORMAT_UCHAR);
    VipsImage *whole = NULL;
    buf_add(out, &head, sizeof(head)); /* put right in the end */
    bool ok = raw && vips_copy(raw, &whole, "interpretation", VIPS_INTERPRETATION_sRGB, NULL) == 0;
    for (size_t i = 0; ok && i < DECODE_SIZES; i++) {
        ok = write_size(whole, decode_sizes[i], &head, out);
    }
    if (!ok) {
        abort(); /* these are pixels of ours: there is no reason for it */
    }
    memcpy(out->p, &head, sizeof(head));
    g_object_unref(whole);
    g_object_unref(raw);
}
