/*
 * Between decode.c and decode_value.c: what a value must be, wherever it comes from, and the way into the
 * struct. Every function reports what is wrong as a violation and then leaves the member as it was.
 */
#ifndef NEXUS_JSON_DECODE_VALUE_H
#define NEXUS_JSON_DECODE_VALUE_H

#include "json/decode.h"
#include "json/pointer.h"

struct decoder {
    struct arena *arena;
    struct violations *v;
    size_t faults; /* all of them, also beyond VIOLATIONS_MAX */
};

/* Where a value comes from and goes to. */
struct slot {
    const struct shape_field *field;
    const struct json_path *path;
    void *to; /* member of the struct, or item of the list */
};

#define FAULT(d, path, code, ...)                                                                            \
    ((d)->faults++, (d)->v->count < VIOLATIONS_MAX                                                           \
                        ? violations_add((d)->v, json_pointer((d)->arena, (path)), (code), __VA_ARGS__)      \
                        : (void)0)

/* The value is of another type than the field. */
void decode_fault_type(struct decoder *d, const struct slot *s);

void decode_set_bool(struct decoder *d, const struct slot *s, bool v);
void decode_set_int(struct decoder *d, const struct slot *s, int64_t v);
void decode_set_number(struct decoder *d, const struct slot *s, double v);
void decode_set_string(struct decoder *d, const struct slot *s, struct str text);
void decode_set_enum(struct decoder *d, const struct slot *s, struct str text);
void decode_set_uuid(struct decoder *d, const struct slot *s, struct str text);
void decode_set_date(struct decoder *d, const struct slot *s, struct str text);

/* Has the field a smallest and a largest value (or count)? */
bool decode_is_bounded(const struct shape_field *f);

/* Enums are -1 until they are given. */
void decode_clear(const struct shape *shape, void *base);

/* Make room for the items; false when there are too few or too many of them. */
bool decode_list_start(struct decoder *d, const struct slot *s, size_t count);
/* Where item i goes. */
struct slot decode_list_slot(const struct slot *list, const struct json_path *path, size_t i);

#endif
