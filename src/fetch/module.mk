# src/fetch: calls to servers of others, by libcurl; the program nexus-fetch, which makes them.
libnexus_a_SOURCES += %D%/fetch.h %D%/fetch.c %D%/address.c %D%/call.h %D%/call.c %D%/url.h %D%/url.c %D%/wire.h \
	%D%/wire.c %D%/fetcher.h %D%/fetcher.c

sbin_PROGRAMS += nexus-fetch
nexus_fetch_SOURCES = %D%/main.c
nexus_fetch_LDADD = $(NEXUS_LIBS)
dist_man_MANS += docs/man/nexus-fetch.8

if HAVE_CHECK
check_PROGRAMS += %D%/fetch_tests
%C%_fetch_tests_SOURCES = %D%/fetch_tests.c
%C%_fetch_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
