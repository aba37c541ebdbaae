/* Reviews: what guests say of a property; as public as the property. */
#ifndef NEXUS_REVIEW_REVIEW_H
#define NEXUS_REVIEW_REVIEW_H

#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_review;
extern const struct op op_property_reviews;

#endif
