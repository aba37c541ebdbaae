/*
 * Entity tags (RFC 9110, 8.8.3).
 *
 * One resource: "<version>.<hash of the body>"; a list or anything else: "<hash of the body>". The hash makes
 * the tag strong for exactly these bytes (fields= and include= give other bytes of the same version), the
 * version is what If-Match asks for.
 *
 * Nginx turns "x" into W/"x" when it compresses an answer. If-None-Match compares weakly anyway. If-Match
 * would have to compare strongly and so refuse every tag a compressing client has ever been given; therefore
 * W/ is ignored there too. That is sound: the version in front of the dot counts changes of the row, whatever
 * the coding of the bytes.
 */
#ifndef NEXUS_HTTP_ETAG_H
#define NEXUS_HTTP_ETAG_H

#include "http/request.h"

/* version 0: none. */
void etag_make(char out[ETAG_TEXT_SIZE], uint64_t version, struct str body);

/* Weak comparison of a tag with the list in an If-None-Match header; "*" matches everything. */
bool etag_listed(struct str header, const char *etag);

/* Read an If-Match header; tags that are not ours match nothing. False when it is malformed. */
bool if_match_parse(struct str header, struct if_match *out);

/* int8[] of the acceptable versions, or null when every version will do:
 *     ... and ($3::int8[] is null or version = any($3))
 * No row changed: ERR_NOT_FOUND if there is none, else ERR_PRECONDITION. */
struct db_param if_match_param(const struct request *rq);
/* The same decision in C. */
bool if_match_allows(const struct request *rq, int64_t version);

#endif
