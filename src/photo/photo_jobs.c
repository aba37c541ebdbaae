/* Photos are decoded, by nexus-decode, and put where they are shown. */
#include "photo/photo_jobs.h"

#include "base/log.h"
#include "db/queries.h"
#include "decode/decode.h"
#include "http/idempotency.h"
#include "photo/photo.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_US  INT64_C(1000000)
#define TIMEOUT_US (150 * SECOND_US) /* two boxes, and a turn that is waited for */
#define HASH_CHARS 16

struct photo_job {
    struct shape_seen seen;
    struct uuid photo_id;
};
static const struct shape_field fields[] = {
    { .name = "photo_id",
      .type = SHAPE_UUID,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct photo_job, photo_id),
      .doc = "The photo." },
};
static const struct shape payload = { .name = "PhotoJob",
                                      .fields = fields,
                                      .count = SHAPE_COUNT(fields),
                                      .size = sizeof(struct photo_job),
                                      .doc = "Which photo." };

struct decoding {
    struct uuid photo;
    char id[UUID_TEXT_SIZE];
    struct uuid property;
    int64_t bytes;
    struct decoded decoded;
    struct str names[DECODE_VARIANTS_MAX]; /* xx/ID-HASH-SIZE.suffix */
};

/* ---- files ---- */

static bool write_all(int fd, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        bytes = str_skip(bytes, n > 0 ? (size_t)n : 0);
    }
    return true;
}

/* For everybody to read, whatever the umask: Nginx is somebody else. */
static bool make_folder(const char *path)
{
    if (mkdir(path, 0755) == 0) {
        return chmod(path, 0755) == 0;
    }
    return errno == EEXIST;
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* There is all of it under its name, or nothing. */
static bool put_file(const char *temporary, const char *path, struct str bytes)
{
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_all(fd, bytes) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    ok = ok && rename(temporary, path) == 0;
    if (!ok) {
        saved = fd >= 0 && saved == 0 ? errno : saved;
        (void)unlink(temporary);
        errno = saved;
    }
    return ok;
}

static void hex_of(struct str bytes, char out[HASH_CHARS + 1])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    if (EVP_Digest(bytes.p, bytes.n, hash, NULL, EVP_sha256(), NULL) != 1) {
        abort();
    }
    for (int i = 0; i < HASH_CHARS / 2; i++) {
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    }
}

/* Two letters that are spread evenly: the end of an id is random. */
static bool put_variants(struct request *rq, struct decoding *d)
{
    const char *top = rq->options->photos_dir, *end = d->id + strlen(d->id) - 2;
    const char *folder = arena_printf(rq->arena, "%s/public/%s", top, end);
    const char *temporary = arena_printf(rq->arena, "%s/.%s.new", photo_incoming(rq), d->id);
    bool ok = make_folder(folder);
    for (size_t i = 0; ok && i < d->decoded.count; i++) {
        const struct decode_variant *v = &d->decoded.variants[i];
        char hash[HASH_CHARS + 1];
        hex_of(v->bytes, hash);
        d->names[i] = str_from(arena_printf(rq->arena, "%s/%s-%s-%d.%s", end, d->id, hash, (int)v->size,
                                            decode_format_suffix(v->format)));
        ok = put_file(temporary, arena_printf(rq->arena, "%s/public/%s", top, d->names[i].p), v->bytes);
    }
    return ok && sync_folder(folder);
}

/* ---- what becomes of the row ---- */

static void add_clear(struct request *rq, struct db_batch *b, const struct decoding *d)
{
    job_add(rq, b, &job_photo_clear, str_from(d->id),
            str_from(arena_printf(rq->arena, "{\"photo_id\":\"%s\"}", d->id)), 0);
}

static enum err reject(struct request *rq, const struct decoding *d, const char *reason)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_photo_lock, db_uuid(&d->photo));
    DB_ADD(b, &q_photo_rejected, db_uuid(&d->photo), db_text(str_from(reason)));
    add_clear(rq, b, d);
    return write_run(rq, b, &replayed);
}

static enum err accept_photo(struct request *rq, const struct decoding *d)
{
    struct arena *a = rq->arena;
    size_t n = d->decoded.count;
    struct str *formats = ARENA_ARRAY(a, struct str, n);
    int32_t *sizes = ARENA_ARRAY(a, int32_t, n), *widths = ARENA_ARRAY(a, int32_t, n),
            *heights = ARENA_ARRAY(a, int32_t, n);
    int64_t *bytes = ARENA_ARRAY(a, int64_t, n);
    bool replayed;
    for (size_t i = 0; i < n; i++) {
        const struct decode_variant *v = &d->decoded.variants[i];
        formats[i] = str_from(decode_format_name(v->format));
        sizes[i] = v->size;
        widths[i] = v->width;
        heights[i] = v->height;
        bytes[i] = (int64_t)v->bytes.n;
    }
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_photo_lock, db_uuid(&d->photo));
    DB_ADD(b, &q_photo_ready, db_uuid(&d->photo), db_int4(a, d->decoded.width), db_int4(a, d->decoded.height),
           db_text_array(a, d->names, n), db_text_array(a, formats, n), db_int4_array(a, sizes, n),
           db_int4_array(a, widths, n), db_int4_array(a, heights, n), db_int8_array(a, bytes, n));
    DB_ADD(b, &q_photos_show, db_uuid(&d->property), db_text(photo_base(rq)));
    add_clear(rq, b, d);
    return write_run(rq, b, &replayed);
}

/* ---- decoding ---- */

static enum err read_row(struct request *rq, struct decoding *d, bool *there)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_photo_read, db_uuid(&d->photo));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, at);
    *there = PQntuples(r) == 1;
    if (*there) {
        d->property = db_get_uuid(r, 0, 0);
        d->bytes = db_get_int8(r, 0, 1);
    }
    return ERR_NONE;
}

static enum err judge(struct request *rq, struct decoding *d)
{
    if (d->decoded.fault) {
        LOG(LOG_INFO, "photo rejected", LOG_TEXT("photo", d->id),
            LOG_TEXT("reason", decode_fault_name(d->decoded.fault)));
        return reject(rq, d, decode_fault_name(d->decoded.fault));
    }
    if (!put_variants(rq, d)) {
        return fail(rq, ERR_UNAVAILABLE, NULL, "Variants cannot be stored: %s.", strerror(errno));
    }
    return accept_photo(rq, d);
}

static enum err decode_file(struct request *rq, struct decoding *d, int file)
{
    const struct options *o = rq->options;
    const char *why;
    return decode_run(rq->arena, o->decode_socket, file, d->bytes, o->photo_pixels_max,
                      TIMEOUT_US - 10 * SECOND_US, &d->decoded, &why)
               ? judge(rq, d)
               : fail(rq, ERR_UNAVAILABLE, NULL, "%s", why);
}

static enum err decode(struct request *rq, struct job_run *run)
{
    const struct photo_job *in = run->in;
    struct decoding d = { .photo = in->photo_id };
    bool there = false;
    uuid_format(d.id, &d.photo);
    enum err e = read_row(rq, &d, &there);
    if (e || !there) {
        return e;
    }
    int file = open(photo_incoming_file(rq, &d.photo), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT
                   ? reject(rq, &d, "file_missing")
                   : fail(rq, ERR_UNAVAILABLE, NULL, "The file cannot be read: %s.", strerror(errno));
    }
    e = decode_file(rq, &d, file);
    close(file);
    return e;
}

const struct job job_photo_decode = { .name = "photo-decode",
                                      .doc = "Has an uploaded photo decoded, and shows what comes of it.",
                                      .payload = &payload,
                                      .retry = { .attempts = 30 }, /* some four hours without a decoder */
                                      .unique = true,
                                      .calls = true,
                                      .timeout_us = TIMEOUT_US,
                                      .exec = decode };

/* ---- what was uploaded is not needed any more ---- */

static enum err clear(struct request *rq, struct job_run *run)
{
    const struct photo_job *in = run->in;
    const char *path = photo_incoming_file(rq, &in->photo_id);
    return unlink(path) == 0 || errno == ENOENT
               ? ERR_NONE
               : fail(rq, ERR_UNAVAILABLE, NULL, "The file cannot be removed: %s.", strerror(errno));
}

const struct job job_photo_clear = { .name = "photo-clear",
                                     .doc = "Removes what was uploaded, once the photo is decided.",
                                     .payload = &payload,
                                     .queue = JOBS_BULK,
                                     .unique = true,
                                     .exec = clear };
