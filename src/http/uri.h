/* Paths and query strings (RFC 3986), percent-decoded exactly once. */
#ifndef NEXUS_HTTP_URI_H
#define NEXUS_HTTP_URI_H

#include "base/arena.h"
#include "http/request.h"

/*
 * Decode a path. False for a bad escape, an encoded slash, backslash or control character, or what is not
 * UTF-8 afterwards: such paths mean different things to different programs on the way. Without escapes it is
 * not copied.
 */
bool uri_decode_path(struct arena *a, struct str raw, struct str *out);

/* Split and decode a query string (+ is a blank) into rq->query_params. What is wrong with it becomes
 * violations. */
void uri_parse_query(struct request *rq);

#endif
