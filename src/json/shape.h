/*
 * Shapes: what a request may say. A shape is a const table of field descriptors; it decodes path, query and
 * JSON body into one plain struct, names every violation by JSON pointer (RFC 6901), prints the OpenAPI
 * schema and the GraphQL input type.
 *
 * The struct's first member is `struct shape_seen seen`: bit i of `given` tells that field i was present, bit
 * i of `null` that it was an explicit null. An absent field keeps the zero value, or `def` when that is set.
 */
#ifndef NEXUS_JSON_SHAPE_H
#define NEXUS_JSON_SHAPE_H

#include "base/arena.h"
#include "base/date.h"
#include "base/err.h"
#include "base/str.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

/* Behind each: the type of the member in the struct. */
enum shape_type {
    SHAPE_BOOL,   /* bool */
    SHAPE_INT,    /* int64_t; min..max inclusive */
    SHAPE_NUMBER, /* double; min..max inclusive; never money */
    SHAPE_STRING, /* struct str; min..max Unicode scalar values */
    SHAPE_ENUM,   /* int: index into values[]; -1 when absent */
    SHAPE_UUID,   /* struct uuid */
    SHAPE_DATE,   /* date_t */
    SHAPE_OBJECT, /* the sub-shape's struct in place; it begins with a struct shape_seen too */
    SHAPE_LIST,   /* struct shape_list of `item`; min..max items */
};

enum shape_place { IN_BODY, IN_PATH, IN_QUERY };

enum shape_flag {
    SHAPE_REQUIRED = 1,  /* must be present (and not null unless NULLABLE) */
    SHAPE_NULLABLE = 2,  /* explicit null is allowed */
    SHAPE_MULTILINE = 4, /* STRING: newline and tab are allowed, other control characters never are */
    SHAPE_COMMA = 8,     /* LIST in a query: comma-separated in one parameter */
    SHAPE_SECRET = 16,   /* value never shows in problems or logs */
    SHAPE_EXACT = 32,    /* STRING: blanks at both ends are kept (passwords); else they are a violation */
};

struct shape_seen {
    uint64_t given;
    uint64_t null;
};

struct shape_list {
    size_t count;
    void *items; /* array of the item's member type */
};

struct shape;
struct violations;

struct shape_field {
    const char *name; /* as on the wire, snake_case */
    enum shape_type type;
    enum shape_place in;
    unsigned flags;                 /* enum shape_flag */
    size_t offset;                  /* offsetof(struct, member) */
    int64_t min, max;               /* both 0: no bound */
    double fmin, fmax;              /* bounds of SHAPE_NUMBER; both 0: no bound */
    const char *format;             /* STRING: "email", "uri", "timezone"...: see format.h */
    const char *const *values;      /* ENUM: NULL-terminated */
    const struct shape *sub;        /* OBJECT */
    const struct shape_field *item; /* LIST: descriptor of one item; name and offset unused */
    const char *def;                /* default in text form, or NULL */
    const char *doc;                /* one sentence */
    const char *example;            /* JSON text, or NULL: one is made from the type */
};

struct shape {
    const char *name;                 /* OpenAPI schema and GraphQL input type name, CamelCase */
    const struct shape_field *fields; /* at most 64 */
    size_t count;
    size_t size; /* sizeof the struct */
    const char *doc;
    /* Rules across fields, called when every field by itself is fine; adds violations. May be NULL. */
    void (*check)(const void *in, struct violations *v);
    bool open; /* parameters it does not know are passed over, empty ones taken as left out (RFC 6749, 3.1) */
};

/* Violations of one request, in the order found; bounded. */
struct violation {
    const char *pointer; /* JSON pointer into the body; "/name" for path and query parameters; "" = whole */
    const char *code;    /* required, type, min...: see decode.h */
    const char *detail;  /* one sentence for people */
};

#define VIOLATIONS_MAX 50

struct violations {
    struct arena *arena; /* owns the texts */
    size_t count;
    struct violation list[VIOLATIONS_MAX];
};

/* Copies pointer and detail into the arena; silently ignored beyond VIOLATIONS_MAX. code must be a literal.
 */
void violations_add(struct violations *v, const char *pointer, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#define SHAPE_HAS(in, bit)  ((((in)->seen.given) >> (bit)) & 1u)
#define SHAPE_NULL(in, bit) ((((in)->seen.null) >> (bit)) & 1u)
#define SHAPE_COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

#endif
