/*
 * Reading and writing on a FastCGI connection.
 *
 * Small answers go through libfcgi's buffer and leave together with its closing records, in one write(2).
 * libfcgi would cut a larger one into 8 KiB pieces, each with a system call that wakes the peer; those are
 * put into records of up to 64 KiB here and leave with the closing records by one writev(2) too.
 */
#include "http/fastcgi.h"

#include <errno.h>
#include <fastcgi.h>
#include <stdio.h>
#include <sys/uio.h>

#define STREAM_BUFFER   8000  /* safely within libfcgi's buffer of 8 KiB */
#define RECORD_CONTENT  65528 /* largest content that is a multiple of 8, so that no padding is needed */
#define RECORDS_AT_ONCE 32    /* records in one writev */

/* ---- reading ---- */

/* Digits only: no sign, no blanks (RFC 9110, 8.6). Absent or empty means no body. */
static bool parse_length(struct str text, int64_t *length)
{
    *length = 0;
    if (text.n == 0) {
        return true;
    }
    return text.p[0] >= '0' && text.p[0] <= '9' && str_int64(text, length);
}

static enum err discard(FCGX_Stream *in, int64_t length)
{
    char waste[4096];
    int64_t left = length < BODY_DISCARD_MAX ? length : BODY_DISCARD_MAX;
    while (left > 0) {
        int n = FCGX_GetStr(waste, sizeof waste, in);
        if (n <= 0) {
            break;
        }
        left -= n;
    }
    return ERR_BODY_TOO_LARGE;
}

static enum err short_body(FCGX_Stream *in)
{
    return FCGX_GetError(in) != 0 ? ERR_REQUEST_TIMEOUT : ERR_BAD_LENGTH;
}

enum err fastcgi_read(FCGX_Request *f, struct str content_length, struct buf *into)
{
    int64_t length;
    if (!parse_length(content_length, &length)) {
        return ERR_BAD_LENGTH;
    }
    if (length > (int64_t)into->ceiling) {
        return discard(f->in, length);
    }
    if (length > 0) {
        char *at = buf_reserve(into, (size_t)length);
        int n = at ? FCGX_GetStr(at, (int)length, f->in) : 0;
        if (n < (int)length) {
            return short_body(f->in);
        }
        into->n += (size_t)n;
    }
    if (FCGX_GetChar(f->in) != EOF) { /* more than was announced */
        (void)discard(f->in, BODY_DISCARD_MAX);
        return ERR_BAD_LENGTH;
    }
    return FCGX_GetError(f->in) != 0 ? ERR_REQUEST_TIMEOUT : ERR_NONE;
}

/* ---- writing ---- */

static bool write_all(int fd, struct iovec *v, int count)
{
    while (count > 0) {
        ssize_t n = writev(fd, v, count);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        size_t done = (size_t)n;
        while (count > 0 && done >= v->iov_len) {
            done -= v->iov_len;
            v++;
            count--;
        }
        if (count > 0) {
            v->iov_base = (char *)v->iov_base + done;
            v->iov_len -= done;
        }
    }
    return true;
}

static FCGI_Header record(int type, int request_id, size_t content, size_t padding)
{
    return (FCGI_Header){ .version = FCGI_VERSION_1,
                          .type = (unsigned char)type,
                          .requestIdB1 = (unsigned char)(request_id >> 8),
                          .requestIdB0 = (unsigned char)request_id,
                          .contentLengthB1 = (unsigned char)(content >> 8),
                          .contentLengthB0 = (unsigned char)content,
                          .paddingLength = (unsigned char)padding };
}

/* Records that wait to be written together. */
struct records {
    FCGX_Request *request;
    int count, parts;
    bool good; /* the peer is there */
    FCGI_Header headers[RECORDS_AT_ONCE];
    struct iovec iov[RECORDS_AT_ONCE * 3]; /* header, content, padding */
};

static void flush(struct records *r)
{
    r->good = r->good && write_all(r->request->ipcFd, r->iov, r->parts);
    r->count = r->parts = 0;
}

static void add_part(struct records *r, const void *p, size_t n)
{
    if (n > 0) {
        r->iov[r->parts++] = (struct iovec){ (void *)p, n };
    }
}

static void add_record(struct records *r, int type, struct str content)
{
    static const char zeros[8];
    if (r->count == RECORDS_AT_ONCE) {
        flush(r);
    }
    size_t padding = (8 - content.n % 8) % 8;
    FCGI_Header *header = &r->headers[r->count++];
    *header = record(type, r->request->requestId, content.n, padding);
    add_part(r, header, sizeof *header);
    add_part(r, content.p, content.n);
    add_part(r, zeros, padding);
}

static void add_output(struct records *r, struct str data)
{
    while (data.n > 0) {
        size_t n = data.n < RECORD_CONTENT ? data.n : RECORD_CONTENT;
        add_record(r, FCGI_STDOUT, (struct str){ data.p, n });
        data = str_skip(data, n);
    }
}

/* With the records that libfcgi would write when the request is finished, which it then leaves out. */
static bool write_large(FCGX_Request *f, struct str head, struct str body)
{
    static const FCGI_EndRequestBody end = { .protocolStatus = FCGI_REQUEST_COMPLETE };
    struct records r;
    r.request = f;
    r.count = r.parts = 0;
    r.good = true;
    add_output(&r, head);
    add_output(&r, body);
    add_record(&r, FCGI_STDOUT, STR(""));
    add_record(&r, FCGI_END_REQUEST, (struct str){ (const char *)&end, sizeof end });
    flush(&r);
    f->out->wasFCloseCalled = true;
    return r.good;
}

bool fastcgi_write(FCGX_Request *f, struct str head, struct str body)
{
    if (head.n + body.n > STREAM_BUFFER) {
        return write_large(f, head, body);
    }
    return FCGX_PutStr(head.p, (int)head.n, f->out) >= 0 &&
           (body.n == 0 || FCGX_PutStr(body.p, (int)body.n, f->out) >= 0);
}
