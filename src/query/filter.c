/* Filters: name=value and name[op]=value. */
#include "query/internal.h"

const char *const filter_op_names[FILTER_OPS] = { "eq", "ne", "lt", "lte", "gt", "gte", "in", "null" };

enum filter_op filter_op_find(struct str name)
{
    enum filter_op op = FILTER_EQ;
    while (op < FILTER_OPS && !str_eqz(name, filter_op_names[op])) {
        op++;
    }
    return op;
}

/* Order means something for numbers, instants and text; not for names of things. */
static bool is_ordered(enum field_type t)
{
    return t != FIELD_UUID && t != FIELD_ENUM && t != FIELD_BOOL;
}

bool filter_fits(const struct field *f, enum filter_op op)
{
    const struct value_type *t = &value_types[f->type];
    if (!(f->flags & FIELD_FILTER) || !t->param) {
        return false;
    }
    switch (op) {
    case FILTER_IN:
        return t->array != 0;
    case FILTER_NULL:
        return (f->flags & FIELD_NULLABLE) != 0;
    case FILTER_EQ:
    case FILTER_NE:
        return true;
    default:
        return is_ordered(f->type);
    }
}

static const char *ops_of(struct arena *a, const struct field *f)
{
    const char *text = "";
    for (enum filter_op op = FILTER_EQ; op < FILTER_OPS; op++) {
        if (filter_fits(f, op)) {
            text = arena_printf(a, "%s%s%s", text, *text ? ", " : "", filter_op_names[op]);
        }
    }
    return text;
}

static bool parse_null(struct str text, bool *is_null)
{
    *is_null = str_eqz(text, "true");
    return *is_null || str_eqz(text, "false");
}

static bool parse_value(struct request *rq, struct selection_filter *out, struct str text, const char **why)
{
    if (out->op == FILTER_NULL) {
        *why = "true or false";
        return parse_null(text, &out->is_null);
    }
    return out->op == FILTER_IN ? value_parse_list(rq->arena, out->field, text, &out->value, why)
                                : value_parse(rq->arena, out->field, text, &out->value, why);
}

void filter_take(struct request *rq, struct selection *sel, const struct field *f, enum filter_op op,
                 const struct json_param *param)
{
    struct selection_filter filter = { .field = f, .op = op };
    const char *why = "";
    if (!(f->flags & FIELD_FILTER)) {
        param_violation(rq, param->name, "unknown", "The list cannot be filtered by %s.", f->name);
    } else if (!filter_fits(f, op)) {
        param_violation(rq, param->name, "unknown", "%s can be filtered with %s.", f->name,
                        ops_of(rq->arena, f));
    } else if (!parse_value(rq, &filter, param->value, &why)) {
        param_violation(rq, param->name, "format", "The value is %s.", why);
    } else if (sel->filter_count == SELECTION_FILTERS_MAX) {
        param_violation(rq, param->name, "max", "A list takes at most %d filters.", SELECTION_FILTERS_MAX);
    } else {
        sel->filters[sel->filter_count++] = filter;
    }
}
