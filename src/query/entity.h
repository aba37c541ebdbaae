/*
 * Entities: what can be read. From one const table come REST items and lists, OpenAPI schemas, GraphQL types,
 * the privacy map. The planner turns a selection of an entity into one prepared statement, and its binary
 * rows into JSON.
 *
 * SQL fragments in a field or edge use these marks: `{t}` is the alias of the entity's table, in
 * edges `{p}` is the alias of the parent and `{t}` that of the child.
 */
#ifndef NEXUS_QUERY_ENTITY_H
#define NEXUS_QUERY_ENTITY_H

#include "auth/auth.h"
#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* SQL type of the expression -> JSON. */
enum field_type {
    FIELD_UUID,   /* uuid -> string */
    FIELD_TEXT,   /* text -> string */
    FIELD_ENUM,   /* text -> string, one of values */
    FIELD_INT,    /* int2, int4 or int8 -> number; the planner casts to int8 */
    FIELD_NUMBER, /* float8 -> number */
    FIELD_BOOL,   /* bool */
    FIELD_DATE,   /* date -> "2026-01-02" */
    FIELD_TIME,   /* timestamptz -> RFC 3339 */
    FIELD_MONEY,  /* sql: minor units (int8), sql2: currency (text) -> {"amount":..,"currency":..} */
    FIELD_POINT,  /* point(lng, lat) -> {"lat":..,"lng":..} */
    FIELD_TEXTS,  /* text[] -> array of strings */
    FIELD_WORDS,  /* int2[] -> strings: number n is values[n - 1], unknown numbers are left out */
    FIELD_JSON,   /* jsonb already in API form, small -> as it is */
};

enum field_flag {
    FIELD_FILTER = 1, /* may be filtered on: an index serves it */
    FIELD_SORT = 2,   /* may be sorted on: an index on (expression, key) serves it; not TEXTS, JSON, POINT */
    FIELD_NULLABLE = 4,
    FIELD_HIDDEN = 8,   /* only when named in fields= */
    FIELD_COMPUTED = 16 /* there only when the op's prepare() supplies its expression */
};

/* Personal data: why it is held, for how long, what erasure does. NULL = not personal. */
struct personal {
    const char *purpose, *retention, *erase;
};

struct field {
    const char *name;
    enum field_type type;
    const char *sql, *sql2; /* "{t}.title" */
    unsigned flags;
    const char *const *values; /* FIELD_ENUM, FIELD_WORDS: NULL-terminated */
    enum perm perm;            /* PERM_PUBLIC: whoever sees the row */
    const struct personal *personal;
    const char *doc;
};

struct entity;

enum edge_kind { EDGE_ONE, EDGE_MANY };

struct edge {
    const char *name;
    enum edge_kind kind;
    const struct entity *target;
    const char *join;  /* "{t}.id = {p}.host_id" */
    const char *order; /* EDGE_MANY: "{t}.created_at desc, {t}.id desc" */
    int limit;         /* EDGE_MANY: rows at most */
    bool nullable;     /* EDGE_ONE: may be missing */
    const char *doc;
};

/* What is in a FIELD_JSON, for documentation and tests; the list ends with a NULL name. */
struct shape_field;
struct field_json {
    const char *field;
    const struct shape_field *value;
};

/* SQL of a condition under construction: text with $n parameters. See query/plan.h. */
struct plan_builder;

struct entity {
    const char *name;           /* "property" */
    const char *type;           /* "Property": OpenAPI and GraphQL type */
    const char *plural;         /* "properties" */
    const char *table;          /* "properties" */
    const char *key;            /* key field's name: "id"; a uuid, or see selection.key_value */
    const char *version;        /* "{t}.version" (int8), makes the ETag; NULL: none */
    const char *from;           /* further joins every scan needs: "join users {t}u on ..."; or NULL */
    const struct field *fields; /* at most 64 */
    size_t field_count;
    const struct edge *edges;
    size_t edge_count;
    const struct field_json *json; /* every FIELD_JSON has its entry; NULL: there are none */
    /* Lists find the keys of the page first and read the fields of those rows only. Worth it when `from` is a
     * left join that conditions seldom mention: PostgreSQL then leaves it out of the search. The key must be
     * a column of `table`. */
    bool page_first;
    const char *default_sort; /* "-created_at"; NULL: by key. A list's order always ends with the key */
    /*
     * The authorization predicate of every scan of this entity: appends SQL ("and ...") restricting rows to
     * what the principal may see. Must not depend on anything but the principal. NULL: everything is public.
     */
    void (*scope)(struct plan_builder *b, const struct principal *who, const char *alias);
    /* "{t}.published": what nearly all rows that are read by key are, and what lets anyone see them. They are
     * looked for in place of the scope first, whose subqueries cost something even where they are never
     * asked: they are made ready with the statement. NULL: the scope is asked at once. */
    const char *open;
    const char *doc;
};

/* By name; NULL when there is none. */
const struct field *entity_field(const struct entity *e, struct str name);
const struct edge *entity_edge(const struct entity *e, struct str name);
/* The key's field; every entity has one. */
const struct field *entity_key(const struct entity *e);

#endif
