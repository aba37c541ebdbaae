# src/http: FastCGI, request, router, gates, problems, probes, idempotency.
libnexus_a_SOURCES += %D%/access.h %D%/request.h %D%/op.h %D%/serve.h %D%/idempotency.h %D%/audit.h %D%/etag.h %D%/service.h %D%/gates.h \
	%D%/route.h %D%/fastcgi.h %D%/uri.h %D%/problem.h %D%/probe.h \
	%D%/serve.c %D%/pipeline.c %D%/fastcgi.c %D%/headers.c %D%/request.c %D%/uri.c %D%/route.c %D%/etag.c \
	%D%/problem.c %D%/probe.c %D%/idempotency.c %D%/audit.c %D%/op_problem.c %D%/op_errors.c \
	%D%/access.c %D%/media.c %D%/gate_trace.c %D%/gate_limits.c %D%/gate_block.c %D%/gate_cors.c %D%/gate_route.c %D%/gate_access.c %D%/gate_rate.c %D%/gate_decode.c \
	%D%/gate_exec.c %D%/gate_emit.c %D%/multipart.h %D%/multipart.c %D%/upload.h %D%/upload.c

if HAVE_CHECK
check_PROGRAMS += %D%/http_tests
%C%_http_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_http_tests_SOURCES = %D%/http_tests.c %D%/http_tests.h %D%/test_ops.c %D%/access_test.c %D%/etag_test.c %D%/fastcgi_test.c \
	%D%/gates_test.c %D%/multipart_test.c %D%/pipeline_test.c %D%/route_test.c %D%/trace_test.c %D%/uri_test.c
%C%_http_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)

# What the gates cost; `make src/http/gates_bench`, then run it under tests/with-postgres.
EXTRA_PROGRAMS += %D%/gates_bench
%C%_gates_bench_SOURCES = %D%/gates_bench.c %D%/http_tests.h %D%/test_ops.c src/cache/cache_tests.h src/cache/redis_fixture.c
%C%_gates_bench_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
CLEANFILES += %D%/gates_bench
endif
