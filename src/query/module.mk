# src/query: entities, and the planner that reads them.
libnexus_a_SOURCES += %D%/entity.h %D%/plan.h %D%/internal.h %D%/record.h \
	%D%/answer.c %D%/cursor.c %D%/entity.c %D%/filter.c %D%/plan.c %D%/read.c %D%/record.c %D%/select.c \
	%D%/statement.c %D%/value.c

# OpenAPI
libnexus_a_SOURCES += %D%/openapi.h %D%/openapi_parts.h %D%/openapi.c %D%/openapi_schema.c \
	%D%/openapi_operation.c %D%/openapi_common.c
