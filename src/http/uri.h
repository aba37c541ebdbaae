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

/* The same for the body as a form; the list lives in the arena. */
struct json_params uri_parse_form(struct request *rq);

/* The parameters of a text that was put together here; false for what could not have been. */
bool uri_parse_own(struct arena *a, struct str text, struct json_params *out);

/* Append the text with everything but unreserved characters percent-encoded (RFC 3986, 2.3). */
void uri_encode(struct buf *out, struct str text);
/* One form-urlencoded text decoded; false for a bad escape or what is not UTF-8. */
bool uri_decode_form(struct arena *a, struct str raw, struct str *out);

#endif
