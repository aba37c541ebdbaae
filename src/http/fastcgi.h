/* Bytes from and to the FastCGI connection. */
#ifndef NEXUS_HTTP_FASTCGI_H
#define NEXUS_HTTP_FASTCGI_H

#include "base/buf.h"
#include "base/err.h"

#include <fcgiapp.h>
#include <stdbool.h>

/* A body that is too large is still taken off the connection up to here: a peer that is writing would not
 * read our answer. Beyond, the connection is dropped. */
#define BODY_DISCARD_MAX (16 * 1024 * 1024)

/*
 * Read the request body into `into`, whose ceiling is the largest body allowed. libfcgi never compares
 * CONTENT_LENGTH with what arrives; this does, both ways. ERR_BAD_LENGTH, ERR_BODY_TOO_LARGE, or
 * ERR_REQUEST_TIMEOUT when the peer falls silent or goes away.
 */
enum err fastcgi_read(FCGX_Request *f, struct str content_length, struct buf *into) MUST_CHECK;

/* Write the answer. False when the peer is gone. The caller finishes the request. */
bool fastcgi_write(FCGX_Request *f, struct str head, struct str body);

#endif
