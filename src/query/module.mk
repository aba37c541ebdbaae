# src/query: entities, and the planner that reads them.
libnexus_a_SOURCES += %D%/entity.h %D%/plan.h %D%/internal.h %D%/record.h \
	%D%/answer.c %D%/cursor.c %D%/entity.c %D%/filter.c %D%/plan.c %D%/read.c %D%/record.c %D%/select.c %D%/shape_key.c \
	%D%/statement.c %D%/value.c

# OpenAPI
libnexus_a_SOURCES += %D%/openapi.h %D%/openapi_parts.h %D%/openapi.c %D%/openapi_schema.c \
	%D%/openapi_operation.c %D%/openapi_parameters.c %D%/openapi_common.c

if HAVE_CHECK
check_PROGRAMS += %D%/query_tests
%C%_query_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_query_tests_SOURCES = %D%/query_tests.c %D%/query_tests.h %D%/query_fixture.c %D%/cursor_test.c \
	%D%/read_test.c %D%/record_test.c %D%/select_test.c %D%/statement_test.c
%C%_query_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif

# What a read costs in C; `make src/query/query_bench`, then run it under tests/with-postgres.
if HAVE_CHECK
EXTRA_PROGRAMS += %D%/query_bench
%C%_query_bench_SOURCES = %D%/query_bench.c %D%/query_fixture.c %D%/query_tests.h
%C%_query_bench_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
CLEANFILES += %D%/query_bench
endif
