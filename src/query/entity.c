/* Looking things up in an entity. */
#include "query/entity.h"

#include "base/log.h"

#include <stdlib.h>

const struct field *entity_field(const struct entity *e, struct str name)
{
    for (size_t i = 0; i < e->field_count; i++) {
        if (str_eqz(name, e->fields[i].name)) {
            return &e->fields[i];
        }
    }
    return NULL;
}

const struct edge *entity_edge(const struct entity *e, struct str name)
{
    for (size_t i = 0; i < e->edge_count; i++) {
        if (str_eqz(name, e->edges[i].name)) {
            return &e->edges[i];
        }
    }
    return NULL;
}

const struct field *entity_key(const struct entity *e)
{
    const struct field *f = entity_field(e, str_from(e->key));
    if (!f) {
        LOG(LOG_ERROR, "entity without its key field", LOG_TEXT("entity", e->name));
        abort();
    }
    return f;
}
