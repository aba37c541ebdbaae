/* A file out of a request, to disk. */
#include "http/upload.h"

#include "base/log.h"
#include "base/utf8.h"
#include "http/fastcgi.h"
#include "http/multipart.h"
#include "http/op.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE 65536

struct reading {
    struct request *rq;
    struct upload *u;
    EVP_MD_CTX *hash;
    int64_t bytes_max;
    bool in_file, had_file;
    struct str name;  /* of the field */
    struct buf field; /* its value so far */
};

bool upload_comes(const struct request *rq)
{
    struct str rest = rq->headers[HEADER_CONTENT_TYPE], type;
    int64_t length = 0;
    return rest.p && str_split(&rest, ';', &type) &&
           str_eq_nocase(str_trim(type), STR("multipart/form-data")) &&
           str_int64(rq->headers[HEADER_CONTENT_LENGTH], &length) && length > 0;
}

enum err upload_begin(struct upload *u, FCGX_Request *f, struct str content_length)
{
    *u = (struct upload){ .in = f->in, .fd = -1 };
    return content_length.p && content_length.p[0] >= '0' && content_length.p[0] <= '9' &&
                   str_int64(content_length, &u->left)
               ? ERR_NONE
               : ERR_BAD_LENGTH;
}

/* ---- the file ---- */

static enum err storage_failed(struct request *rq, int error)
{
    LOG(LOG_ERROR, "an upload cannot be stored", LOG_TEXT("request_id", rq->id),
        LOG_TEXT("error", strerror(error)));
    return error == ENOSPC || error == EDQUOT
               ? fail(rq, ERR_STORAGE, NULL, NULL)
               : fail(rq, ERR_UNAVAILABLE, NULL, "Files cannot be stored now.");
}

static bool open_file(struct reading *r)
{
    struct upload *u = r->u;
    char name[UUID_TEXT_SIZE];
    struct uuid id = uuid_v4();
    uuid_format(name, &id);
    const char *folder = r->rq->op->upload->folder(r->rq->options);
    if (snprintf(u->path, sizeof(u->path), "%s/.%s", folder, name) < (int)sizeof(u->path)) {
        u->fd = open(u->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (u->fd < 0) {
        u->path[0] = '\0';
        (void)storage_failed(r->rq, errno);
    }
    return u->fd >= 0;
}

static bool add_to_file(struct reading *r, struct str bytes)
{
    struct upload *u = r->u;
    if (u->size + (int64_t)bytes.n > r->bytes_max) {
        (void)fail(r->rq, ERR_BODY_TOO_LARGE, NULL, "The file is larger than %lld bytes.",
                   (long long)r->bytes_max);
        return false;
    }
    while (u->start_size < UPLOAD_START && u->start_size < (size_t)u->size + bytes.n) {
        u->start[u->start_size] = bytes.p[u->start_size - (size_t)u->size];
        u->start_size++;
    }
    if (EVP_DigestUpdate(r->hash, bytes.p, bytes.n) != 1) {
        abort();
    }
    for (struct str rest = bytes; rest.n > 0;) {
        ssize_t n = write(u->fd, rest.p, rest.n);
        if (n < 0 && errno != EINTR) {
            (void)storage_failed(r->rq, errno);
            return false;
        }
        rest = str_skip(rest, n > 0 ? (size_t)n : 0);
    }
    u->size += (int64_t)bytes.n;
    return true;
}

/* ---- parts ---- */

static bool refuse(struct reading *r, struct str name, const char *why)
{
    (void)fail(r->rq, ERR_VALIDATION, arena_printf(r->rq->arena, "/" STR_FMT, STR_ARG(name)), "%s", why);
    return false;
}

static bool is_field(const struct shape *s, struct str name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->fields[i].in == IN_BODY && str_eqz(name, s->fields[i].name)) {
            return true;
        }
    }
    return false;
}

static bool on_part(void *data, struct str name, bool is_file)
{
    struct reading *r = data;
    const struct op *op = r->rq->op;
    r->name = arena_str(r->rq->arena, name);
    r->in_file = str_eqz(name, op->upload->part);
    buf_reset(&r->field);
    if (!is_field(op->in, name)) {
        return refuse(r, r->name, "There is no such part.");
    }
    if (r->in_file && !is_file) {
        return refuse(r, r->name, "It has to be a file: a part with a file name.");
    }
    if (r->in_file && r->had_file) {
        return refuse(r, r->name, "There is more than one file.");
    }
    r->had_file = r->had_file || r->in_file;
    return !r->in_file || open_file(r);
}

static bool on_data(void *data, struct str bytes)
{
    struct reading *r = data;
    if (r->in_file) {
        return add_to_file(r, bytes);
    }
    buf_adds(&r->field, bytes);
    return !r->field.overflow || refuse(r, r->name, "It is too long.");
}

static bool on_end(void *data)
{
    struct reading *r = data;
    struct upload *u = r->u;
    struct str value = r->in_file ? STR("file") : buf_str(&r->field);
    if (u->count == UPLOAD_FIELDS_MAX) {
        return refuse(r, r->name, "There are too many parts.");
    }
    if (!utf8_valid(value)) {
        return refuse(r, r->name, "It is not UTF-8.");
    }
    u->fields[u->count++] =
        (struct json_param){ r->name, arena_str(r->rq->arena, value.p ? value : STR("")) };
    return true;
}

static const struct multipart_calls calls = { .part = on_part, .data = on_data, .end = on_end };

/* ---- the body ---- */

static enum err too_little(struct request *rq, FCGX_Stream *in)
{
    return fail(rq, FCGX_GetError(in) != 0 ? ERR_REQUEST_TIMEOUT : ERR_BAD_LENGTH, NULL, NULL);
}

static enum err read_body(struct reading *r, struct multipart *m)
{
    char bytes[PIECE];
    struct request *rq = r->rq;
    struct upload *u = r->u;
    while (u->left > 0) {
        int n = FCGX_GetStr(bytes, (int)(u->left < PIECE ? u->left : PIECE), u->in);
        u->left -= n;
        if (n > 0 && multipart_feed(m, (struct str){ bytes, (size_t)n }) != MULTIPART_FINE) {
            return rq->err ? rq->err : fail(rq, ERR_BAD_REQUEST, NULL, "%s", multipart_fault_text(m->fault));
        }
        if (n <= 0 || (n < PIECE && u->left > 0)) {
            return too_little(rq, u->in);
        }
    }
    if (FCGX_GetChar(u->in) != EOF) { /* more than was announced */
        u->left = BODY_DISCARD_MAX;
        return fail(rq, ERR_BAD_LENGTH, NULL, NULL);
    }
    return multipart_finish(m) == MULTIPART_FINE
               ? ERR_NONE
               : fail(rq, ERR_BAD_REQUEST, NULL, "%s", multipart_fault_text(m->fault));
}

static enum err settle(struct reading *r)
{
    struct upload *u = r->u;
    if (EVP_DigestFinal_ex(r->hash, u->hash, NULL) != 1) {
        abort();
    }
    return u->fd < 0 || fdatasync(u->fd) == 0 ? ERR_NONE : storage_failed(r->rq, errno);
}

static enum err check(struct request *rq, int64_t bytes_max, struct str *boundary)
{
    if (!rq->op->upload->folder(rq->options)[0]) {
        return fail(rq, ERR_UNAVAILABLE, NULL, "Nothing can be uploaded here.");
    }
    if (!multipart_boundary(rq->headers[HEADER_CONTENT_TYPE], boundary)) {
        return fail(rq, ERR_BAD_REQUEST, NULL, "The Content-Type names no boundary, or a bad one.");
    }
    return rq->upload->left <= bytes_max + UPLOAD_EXTRA ? ERR_NONE : fail(rq, ERR_BODY_TOO_LARGE, NULL, NULL);
}

enum err upload_read(struct request *rq)
{
    struct reading r = { .rq = rq, .u = rq->upload, .bytes_max = rq->op->upload->bytes_max(rq->options) };
    struct multipart *m = ARENA_NEW(rq->arena, struct multipart);
    struct str boundary;
    if (check(rq, r.bytes_max, &boundary) != ERR_NONE) {
        return rq->err;
    }
    buf_init(&r.field, UPLOAD_FIELD_MAX);
    r.hash = EVP_MD_CTX_new();
    if (!r.hash || EVP_DigestInit_ex(r.hash, EVP_sha256(), NULL) != 1) {
        abort();
    }
    multipart_start(m, boundary, &calls, &r);
    enum err e = read_body(&r, m);
    e = e ? e : settle(&r);
    EVP_MD_CTX_free(r.hash);
    buf_free(&r.field);
    return e;
}

/* ---- afterwards ---- */

static bool sync_folder_of(const char *path)
{
    char folder[sizeof(((struct upload *)NULL)->path)];
    const char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) >= sizeof(folder)) {
        return false;
    }
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

enum err upload_keep(struct request *rq, const char *path)
{
    return link(rq->upload->path, path) == 0 && sync_folder_of(path) ? ERR_NONE : storage_failed(rq, errno);
}

void upload_finish(struct upload *u)
{
    char waste[4096];
    for (int64_t left = u->left < BODY_DISCARD_MAX ? u->left : BODY_DISCARD_MAX; left > 0;) {
        int n = FCGX_GetStr(waste, sizeof(waste), u->in);
        left = n > 0 ? left - n : 0;
    }
    if (u->fd >= 0) {
        close(u->fd);
    }
    if (u->path[0]) {
        (void)unlink(u->path);
    }
}
