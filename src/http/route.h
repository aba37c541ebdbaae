/*
 * From method and path to an op. The registry is compiled into a tree of path segments once, when a worker
 * starts; a literal segment wins over a parameter.
 */
#ifndef NEXUS_HTTP_ROUTE_H
#define NEXUS_HTTP_ROUTE_H

#include "base/arena.h"
#include "base/scoreboard.h"
#include "http/op.h"

#define ROUTE_SEGMENTS_MAX 12

struct router;

/* `ops` is NULL-terminated. Two ops with the same method and path are a bug and abort. `board` may be NULL.
 */
struct router *router_create(struct arena *keep, const struct op *const *ops, struct scoreboard *board);

struct route_match {
    const struct op *op; /* NULL: the path exists, the method does not */
    unsigned op_index;   /* in the scoreboard */
    const char *allow;   /* value of the Allow header; NULL: no such path */
    struct json_param params[PATH_PARAMS_MAX];
    size_t param_count;
};

/* `path` is percent-decoded. HEAD is asked for as GET. */
struct route_match router_find(const struct router *r, enum method method, struct str path);

extern const char *const method_names[METHOD_UNKNOWN];
/* METHOD_UNKNOWN when it is none of ours; case counts (RFC 9110, 9.1). */
enum method method_parse(struct str name);

#endif
