/* Values on their way into a struct: bounds, lengths, formats, known words. */
#include "json/decode_value.h"

#include "base/near.h"
#include "base/utf8.h"
#include "json/format.h"

#include <inttypes.h>
#include <math.h>

#define ENUM_SHOWN_MAX 12 /* more values than that are not listed in a message */

static const char *const type_texts[] = {
    [SHAPE_BOOL] = "true or false",
    [SHAPE_INT] = "a whole number",
    [SHAPE_NUMBER] = "a number",
    [SHAPE_STRING] = "a string",
    [SHAPE_ENUM] = "a string",
    [SHAPE_UUID] = "a UUID",
    [SHAPE_DATE] = "a date as YYYY-MM-DD between 1900-01-01 and 2100-01-01",
    [SHAPE_OBJECT] = "an object",
    [SHAPE_LIST] = "a list",
};

void decode_fault_type(struct decoder *d, const struct slot *s)
{
    FAULT(d, s->path, "type", "must be %s", type_texts[s->field->type]);
}

/* --- checks of values, wherever they come from --- */

void decode_set_bool(struct decoder *d, const struct slot *s, bool v)
{
    *(bool *)s->to = v;
}

bool decode_is_bounded(const struct shape_field *f)
{
    return f->min != 0 || f->max != 0;
}

void decode_set_int(struct decoder *d, const struct slot *s, int64_t v)
{
    const struct shape_field *f = s->field;
    if (decode_is_bounded(f) && v < f->min) {
        FAULT(d, s->path, "min", "must be at least %" PRId64, f->min);
    } else if (decode_is_bounded(f) && v > f->max) {
        FAULT(d, s->path, "max", "must be at most %" PRId64, f->max);
    } else {
        *(int64_t *)s->to = v;
    }
}

void decode_set_number(struct decoder *d, const struct slot *s, double v)
{
    const struct shape_field *f = s->field;
    bool bounded = f->fmin < 0 || f->fmin > 0 || f->fmax < 0 || f->fmax > 0;
    if (!isfinite(v)) {
        FAULT(d, s->path, v > 0 ? "max" : "min", "must be a number that fits 64 bits of floating point");
    } else if (bounded && v < f->fmin) {
        FAULT(d, s->path, "min", "must be at least %g", f->fmin);
    } else if (bounded && v > f->fmax) {
        FAULT(d, s->path, "max", "must be at most %g", f->fmax);
    } else {
        *(double *)s->to = v;
    }
}

static bool is_blank_at_ends(struct str text)
{
    static const char blanks[] = " \t\n";
    return text.n > 0 && (memchr(blanks, text.p[0], 3) || memchr(blanks, text.p[text.n - 1], 3));
}

/* "1 to 80", "exactly 3", "at most 80", "at least 1": bounds of a count. */
static const char *range_text(struct decoder *d, const struct shape_field *f)
{
    if (f->min == f->max) {
        return arena_printf(d->arena, "exactly %" PRId64, f->min);
    }
    if (f->min == 0) {
        return arena_printf(d->arena, "at most %" PRId64, f->max);
    }
    return arena_printf(d->arena, "%" PRId64 " to %" PRId64, f->min, f->max);
}

static bool is_outside(const struct shape_field *f, size_t count)
{
    return decode_is_bounded(f) && ((int64_t)count < f->min || (int64_t)count > f->max);
}

void decode_set_string(struct decoder *d, const struct slot *s, struct str text)
{
    const struct shape_field *f = s->field;
    const struct format *format = f->format ? format_find(f->format) : NULL;
    if (str_has_control(text, (f->flags & SHAPE_MULTILINE) != 0)) {
        FAULT(d, s->path, "characters", "must not have control characters");
    } else if (!(f->flags & SHAPE_EXACT) && is_blank_at_ends(text)) {
        FAULT(d, s->path, "blank", "must not start or end with blanks");
    } else if (is_outside(f, utf8_count(text))) {
        FAULT(d, s->path, "length", "must have %s characters", range_text(d, f));
    } else if (format && !format->check(text)) {
        FAULT(d, s->path, "format", "%s", format->detail);
    } else {
        *(struct str *)s->to = arena_str(d->arena, text);
    }
}

static const char *joined(struct arena *a, const char *const *values)
{
    const char *text = "";
    size_t count = 0;
    for (; values[count] && count < ENUM_SHOWN_MAX; count++) {
        text = arena_printf(a, "%s%s%s", text, count > 0 ? ", " : "", values[count]);
    }
    return values[count] ? NULL : text;
}

static void fault_enum(struct decoder *d, const struct slot *s, struct str text)
{
    const char *const *values = s->field->values;
    struct near near = near_start(text);
    d->faults++;
    if (d->v->count >= VIOLATIONS_MAX) {
        return;
    }
    for (size_t i = 0; values[i]; i++) {
        near_offer(&near, values[i]);
    }
    const char *pointer = json_pointer(d->arena, s->path);
    const char *all = joined(d->arena, values);
    if (near_best(&near)) {
        violations_add(d->v, pointer, "enum", "is not a known value; did you mean '%s'?", near_best(&near));
    } else if (all) {
        violations_add(d->v, pointer, "enum", "must be one of %s", all);
    } else {
        violations_add(d->v, pointer, "enum", "is not a known value");
    }
}

void decode_set_enum(struct decoder *d, const struct slot *s, struct str text)
{
    for (int i = 0; s->field->values[i]; i++) {
        if (str_eqz(text, s->field->values[i])) {
            *(int *)s->to = i;
            return;
        }
    }
    fault_enum(d, s, text);
}

void decode_set_uuid(struct decoder *d, const struct slot *s, struct str text)
{
    if (!uuid_parse(text, s->to)) {
        FAULT(d, s->path, "format", "must be %s", type_texts[SHAPE_UUID]);
    }
}

void decode_set_date(struct decoder *d, const struct slot *s, struct str text)
{
    if (!date_parse(text, s->to)) {
        FAULT(d, s->path, "format", "must be %s", type_texts[SHAPE_DATE]);
    }
}

/* --- lists --- */

static size_t item_size(const struct shape_field *item)
{
    static const size_t sizes[] = {
        [SHAPE_BOOL] = sizeof(bool),
        [SHAPE_INT] = sizeof(int64_t),
        [SHAPE_NUMBER] = sizeof(double),
        [SHAPE_STRING] = sizeof(struct str),
        [SHAPE_ENUM] = sizeof(int),
        [SHAPE_UUID] = sizeof(struct uuid),
        [SHAPE_DATE] = sizeof(date_t),
        [SHAPE_OBJECT] = 0,
        [SHAPE_LIST] = sizeof(struct shape_list),
    };
    return item->type == SHAPE_OBJECT ? item->sub->size : sizes[item->type];
}

void decode_clear(const struct shape *shape, void *base)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        void *to = (char *)base + f->offset;
        if (f->type == SHAPE_ENUM) {
            *(int *)to = -1;
        } else if (f->type == SHAPE_OBJECT) {
            decode_clear(f->sub, to);
        }
    }
}

bool decode_list_start(struct decoder *d, const struct slot *s, size_t count)
{
    struct shape_list *list = s->to;
    if (is_outside(s->field, count)) {
        FAULT(d, s->path, "length", "must have %s items", range_text(d, s->field));
        return false;
    }
    list->count = count;
    list->items = arena_array(d->arena, count, item_size(s->field->item));
    return true;
}

struct slot decode_list_slot(const struct slot *list, const struct json_path *path, size_t i)
{
    const struct shape_field *item = list->field->item;
    struct slot s = { item, path, (char *)((struct shape_list *)list->to)->items + i * item_size(item) };
    if (item->type == SHAPE_ENUM) {
        *(int *)s.to = -1;
    } else if (item->type == SHAPE_OBJECT) {
        decode_clear(item->sub, s.to);
    }
    return s;
}
