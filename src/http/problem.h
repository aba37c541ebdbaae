/*
 * RFC 9457 problem documents:
 * {"type","title","status","detail","code","request_id","errors":[{"pointer","code", "detail"}]}. `type` is
 * public_url/problems/<code>, which is served; but a quota that is used up has the type that
 * draft-ietf-httpapi-ratelimit-headers registers for it, and its member "violated-policies".
 */
#ifndef NEXUS_HTTP_PROBLEM_H
#define NEXUS_HTTP_PROBLEM_H

#include "http/request.h"

#define PROBLEM_QUOTA_TYPE "https://iana.org/assignments/http-problem-types#quota-exceeded"

/* Turn the recorded failure into the answer: status, body and the headers that belong to it. What an op may
 * have written is dropped. */
void problem_write(struct request *rq);

/* Only what every failure has: the status and the headers that belong to it. The body is left empty. */
void problem_start(struct request *rq);

#endif
