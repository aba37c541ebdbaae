/* The list of violations, and the check of shapes themselves. */
#include "json/shape.h"

#include "base/utf8.h"
#include "json/decode.h"
#include "json/format.h"

#include <stdarg.h>
#include <stdio.h>

void violations_add(struct violations *v, const char *pointer, const char *code, const char *fmt, ...)
{
    if (v->count >= VIOLATIONS_MAX) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    v->list[v->count++] = (struct violation){
        .pointer = arena_strdup(v->arena, str_from(pointer)),
        .code = code,
        .detail = arena_vprintf(v->arena, fmt, ap),
    };
    va_end(ap);
}

#define SHAPE_LEVELS_MAX 8 /* of shapes within shapes: also catches one that contains itself */

struct lint {
    struct arena *a;
    unsigned level;
};

static const char *lint_shape(const struct lint *l, const struct shape *shape);

static bool is_snake_case(const char *name)
{
    const char *p = name;
    for (; *p; p++) {
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '_') {
            return false;
        }
    }
    return p > name && *name >= 'a' && *name <= 'z';
}

static bool is_sentence(const char *doc)
{
    return doc && doc[0] && doc[strlen(doc) - 1] == '.';
}

/* What a field or the item of a list must have by its type. */
static const char *lint_type(const struct lint *l, const struct shape_field *f)
{
    if (f->max < f->min || f->fmax < f->fmin) {
        return "has bounds the wrong way round";
    }
    if (f->format && (f->type != SHAPE_STRING || !format_find(f->format))) {
        return "has a format that is not in the table";
    }
    if (f->type == SHAPE_ENUM && (!f->values || !f->values[0])) {
        return "is an enum without values";
    }
    if (f->type == SHAPE_OBJECT) {
        return f->sub ? lint_shape(l, f->sub) : "is an object without a shape";
    }
    if (f->type == SHAPE_LIST) {
        return f->item ? lint_type(l, f->item) : "is a list without an item";
    }
    return NULL;
}

static const char *lint_field(const struct lint *l, const struct shape *shape, const struct shape_field *f)
{
    if (!f->name || !is_snake_case(f->name)) {
        return "has no snake_case name";
    }
    if (!is_sentence(f->doc)) {
        return "has no documentation that ends in a full stop";
    }
    if (f->offset < sizeof(struct shape_seen) || f->offset >= shape->size) {
        return "has an offset outside of the struct's members";
    }
    if (f->in != IN_BODY && (f->type == SHAPE_OBJECT || (f->flags & SHAPE_NULLABLE))) {
        return "is a parameter, which is neither an object nor null";
    }
    if (f->def && (f->flags & SHAPE_REQUIRED)) {
        return "is required and has a default";
    }
    for (const struct shape_field *other = shape->fields; other < f; other++) {
        if (strcmp(other->name, f->name) == 0) {
            return "has the name of an earlier field";
        }
        if (other->offset == f->offset) {
            return "shares its place in the struct with an earlier field";
        }
    }
    return lint_type(l, f);
}

static const char *lint_shape(const struct lint *l, const struct shape *shape)
{
    struct lint inner = { l->a, l->level + 1 };
    if (inner.level > SHAPE_LEVELS_MAX) {
        return "is nested too deeply";
    }
    if (!shape->name || shape->count > 64 || shape->size < sizeof(struct shape_seen)) {
        return "has no name, more than 64 fields or no struct";
    }
    for (size_t i = 0; i < shape->count; i++) {
        const char *wrong = lint_field(&inner, shape, &shape->fields[i]);
        if (wrong) {
            return arena_printf(l->a, "%s.%s %s", shape->name, shape->fields[i].name, wrong);
        }
    }
    return NULL;
}

/* Defaults go through the decoder: with every required field taken as optional nothing else can be at fault.
 */
static const char *lint_defaults(const struct shape *shape, struct arena *a)
{
    struct shape_field *fields = ARENA_ARRAY(a, struct shape_field, shape->count);
    struct shape relaxed = *shape;
    relaxed.fields = fields;
    relaxed.check = NULL;
    for (size_t i = 0; i < shape->count; i++) {
        fields[i] = shape->fields[i];
        fields[i].flags &= ~(unsigned)SHAPE_REQUIRED;
    }
    struct violations v = { .arena = a };
    void *out;
    const char *why;
    if (shape_decode(&relaxed, a, STR_NONE, NULL, 0, NULL, 0, &out, &v, &why) != ERR_NONE) {
        return arena_printf(a, "%s%s has a default it would refuse: %s", shape->name, v.list[0].pointer,
                            v.list[0].detail);
    }
    return NULL;
}

const char *shape_lint(const struct shape *shape, struct arena *a)
{
    const char *wrong = lint_shape(&(struct lint){ a, 0 }, shape);
    return wrong ? wrong : lint_defaults(shape, a);
}
