# src/cache: Redis, rate limits, access versions.
libnexus_a_SOURCES += %D%/cache.h %D%/announce.h %D%/announce.c %D%/ask.h %D%/ask.c %D%/backoff.h %D%/backoff.c %D%/connection.h %D%/connection.c \
	%D%/gcra.h %D%/gcra.c %D%/rate.c %D%/rate_buckets.h %D%/rate_buckets.c %D%/script.h %D%/script.c

if HAVE_CHECK
check_PROGRAMS += %D%/cache_tests
%C%_cache_tests_SOURCES = %D%/cache_tests.c %D%/cache_tests.h %D%/redis_fixture.c %D%/connection_test.c \
	%D%/announce_test.c %D%/backoff_test.c %D%/gcra_test.c %D%/rate_buckets_test.c %D%/rate_test.c
%C%_cache_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
