/*
 * Failures. errors.def is the one list: code, HTTP status, slug, title, description; it makes this enum, the
 * lookup table, the OpenAPI problem codes and docs/errors.md.
 */
#ifndef NEXUS_BASE_ERR_H
#define NEXUS_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    ERR_NONE = 0,
#define ERROR(id, status, slug, title, doc) id,
#include "base/errors.def"
#undef ERROR
    ERR_COUNT
};

struct err_info {
    const char *code;  /* slug, stable: clients switch on it */
    const char *title; /* short, constant per code */
    const char *doc;   /* one sentence for the manual */
    int status;        /* HTTP status */
};

/* Never NULL; ERR_NONE has code "none" and status 200. */
const struct err_info *err_info(enum err e);

#endif
