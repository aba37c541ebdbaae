/*
 * OpenAPI 3.1 from the entries: ops, shapes, entities, errors and options. Nothing is said twice: what is
 * printed here is what the gates, the decoder and the planner go by.
 */
#ifndef NEXUS_QUERY_OPENAPI_H
#define NEXUS_QUERY_OPENAPI_H

#include "base/buf.h"
#include "base/options.h"
#include "http/op.h"

#define OPENAPI_SIZE_MAX (4 * 1024 * 1024)

/* The whole document for the NULL-terminated `ops`, appended to `out`. */
void openapi_write(struct buf *out, const struct op *const *ops, const struct options *o);

/* GET /v1/openapi.json */
extern const struct op op_openapi;

#endif
