# src/review: what guests say of a property.
libnexus_a_SOURCES += %D%/review.h %D%/review_entity.c %D%/op_property_reviews.c
