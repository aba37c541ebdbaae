/*
 * A body of multipart/form-data with one file in it, which goes to disk as it comes; never into memory. It is
 * read once the gates have let the request in, and before the op runs: the file is then complete, synced, and
 * has a name that nothing else uses, in the folder of the op, beginning with a dot. If the op does not keep
 * it, it goes with the request; of a process that is killed it stays, and is for the op's collector to find.
 */
#ifndef NEXUS_HTTP_UPLOAD_H
#define NEXUS_HTTP_UPLOAD_H

#include "http/request.h"

#include <fcgiapp.h>

#define UPLOAD_FIELDS_MAX 8
#define UPLOAD_FIELD_MAX  8192 /* bytes of a field that is no file */
#define UPLOAD_EXTRA      (64 * 1024)
#define UPLOAD_START      16

/* What an op takes; its shape names the file as a text that is required, and the other fields. */
struct op_upload {
    const char *part; /* name of the file's part */
    const char *(*folder)(const struct options *o);
    int64_t (*bytes_max)(const struct options *o);
};

struct upload {
    FCGX_Stream *in;
    int64_t left;   /* bytes of the body that were not taken yet */
    char path[300]; /* empty: no file */
    int fd;         /* of the file; -1: none */
    int64_t size;
    unsigned char hash[32];   /* SHA-256 */
    char start[UPLOAD_START]; /* its first bytes */
    size_t start_size;
    struct json_param fields[UPLOAD_FIELDS_MAX]; /* the file as a text of its own name */
    size_t count;
};

/* Whether the body has to be read this way, so that nobody reads it before. */
bool upload_comes(const struct request *rq);
enum err upload_begin(struct upload *u, FCGX_Request *f, struct str content_length) MUST_CHECK;
/* Read the body; failures are recorded. Called by the decode gate. */
enum err upload_read(struct request *rq) MUST_CHECK;
/* Have the file at `path`, of the same file system, whatever becomes of the process. Again with another path
 * is fine: each is a file of its own. */
enum err upload_keep(struct request *rq, const char *path) MUST_CHECK;
/* Take what is left off the connection and remove the file. */
void upload_finish(struct upload *u);

#endif
