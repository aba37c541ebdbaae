/* Parts of the OpenAPI document, shared by the files that write it. */
#ifndef NEXUS_QUERY_OPENAPI_PARTS_H
#define NEXUS_QUERY_OPENAPI_PARTS_H

#include "http/op.h"
#include "query/entity.h"
#include "json/shape.h"
#include "json/write.h"

#define OPENAPI_SCHEMAS_MAX 256

/* Shapes and entities named by the document so far; each is printed once, under components. */
struct openapi {
    struct json_writer w;
    const struct options *options;
    const struct shape *shapes[OPENAPI_SCHEMAS_MAX];
    bool inputs[OPENAPI_SCHEMAS_MAX]; /* the shape is of a request */
    size_t shape_count;
    bool input; /* what is being written is of a request */
    const struct entity *entities[OPENAPI_SCHEMAS_MAX];
    size_t entity_count;
};

/* {"$ref": "#/components/schemas/<name>"}, taking note that the schema is needed. */
void openapi_ref_shape(struct openapi *d, const struct shape *s);
void openapi_ref_entity(struct openapi *d, const struct entity *e);
void openapi_ref(struct openapi *d, const char *section, const char *name);

/* A schema object. */
void openapi_field_schema(struct openapi *d, const struct shape_field *f);
/* All schemas noted, those that they name in turn included; members of "schemas". */
void openapi_schemas(struct openapi *d);

/* Example values. */
void openapi_field_example(struct openapi *d, const struct shape_field *f);
void openapi_shape_example(struct openapi *d, const struct shape *s);
void openapi_entity_example(struct openapi *d, const struct entity *e);

/* Members of the entity that everybody who sees it sees, unless fields= says otherwise. */
static inline bool openapi_is_default(const struct field *f)
{
    return !(f->flags & (FIELD_HIDDEN | FIELD_COMPUTED)) && f->perm == PERM_PUBLIC;
}

/* One operation object. */
void openapi_operation(struct openapi *d, const struct op *op);
/* The member "parameters" of an operation. */
void openapi_parameters(struct openapi *d, const struct op *op);
/* What has no other home: the problem schema, common headers and parameters. */
void openapi_common_schemas(struct openapi *d);
void openapi_common_headers(struct openapi *d);
void openapi_common_parameters(struct openapi *d);
/* A problem of each code. */
void openapi_common_examples(struct openapi *d);

/* Short cuts: a key with a string, and a key alone. */
#define OPENAPI_TEXT(d, key, text) JSON_MEMBER(&(d)->w, key, strz, (text))
#define OPENAPI_KEY(d, key)        json_write_key(&(d)->w, STR(key))
#define OPENAPI_OBJECT(d, key)     (OPENAPI_KEY(d, key), json_write_object(&(d)->w))
#define OPENAPI_ARRAY(d, key)      (OPENAPI_KEY(d, key), json_write_array(&(d)->w))
#define OPENAPI_END(d)             json_write_object_end(&(d)->w)
#define OPENAPI_ARRAY_END(d)       json_write_array_end(&(d)->w)

#endif
