# sources of src/query
libnexus_a_SOURCES += %D%/entity.h %D%/plan.h

# OpenAPI
libnexus_a_SOURCES += %D%/openapi.h %D%/openapi_parts.h %D%/openapi.c %D%/openapi_schema.c \
	%D%/openapi_operation.c %D%/openapi_common.c
