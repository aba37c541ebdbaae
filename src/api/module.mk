# src/api: the nexus-api program.
noinst_LIBRARIES += libnexus_api.a
libnexus_api_a_SOURCES = %D%/supervisor.h %D%/supervisor.c %D%/pool.h %D%/pool.c %D%/worker.h %D%/worker.c \
	%D%/metrics.h %D%/metrics.c %D%/handover.h %D%/handover.c \
	%D%/tracker.h %D%/tracker.c %D%/jitter.h %D%/jitter.c

sbin_PROGRAMS += nexus-api
nexus_api_SOURCES = %D%/main.c %D%/registry.c %D%/ops.def
nexus_api_LDADD = libnexus_api.a $(NEXUS_LIBS)

# The same program around a service that obeys the tests (tests/test_supervisor.py builds it).
EXTRA_PROGRAMS += %D%/api_fixture
%C%_api_fixture_SOURCES = %D%/main.c %D%/fixture_service.c
%C%_api_fixture_LDADD = libnexus_api.a $(NEXUS_LIBS)
CLEANFILES += %D%/api_fixture

# Prints docs/permissions.md, see docs/module.mk.
EXTRA_PROGRAMS += %D%/reference
%C%_reference_SOURCES = %D%/reference_main.c %D%/reference.h %D%/reference.c %D%/registry.c
%C%_reference_LDADD = $(NEXUS_LIBS)
CLEANFILES += %D%/reference

if HAVE_CHECK
check_PROGRAMS += %D%/api_tests
%C%_api_tests_SOURCES = %D%/api_tests.c %D%/api_tests.h %D%/handover_test.c %D%/jitter_test.c %D%/listen_test.c \
	%D%/metrics_test.c %D%/notify_test.c %D%/pool_test.c %D%/worker_test.c %D%/fixture_service.c
%C%_api_tests_LDADD = libnexus_api.a $(NEXUS_LIBS) $(CHECK_LIBS)
endif

if HAVE_CHECK
check_PROGRAMS += %D%/registry_tests
%C%_registry_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_registry_tests_SOURCES = %D%/registry_tests.c %D%/reference.c %D%/registry.c %D%/ops.def
%C%_registry_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
dist_man_MANS += docs/man/nexus-api.8
