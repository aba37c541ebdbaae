# src/fetch: calls to servers of others, by libcurl.
libnexus_a_SOURCES += %D%/fetch.h %D%/fetch.c

if HAVE_CHECK
check_PROGRAMS += %D%/fetch_tests
%C%_fetch_tests_SOURCES = %D%/fetch_tests.c
%C%_fetch_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
