# src/base: what depends on nothing above it.
libnexus_a_SOURCES += %D%/arena.h %D%/buf.h %D%/str.h %D%/err.h %D%/errors.def %D%/log.h %D%/clock.h \
	%D%/base64url.h %D%/base64url.c %D%/date.h %D%/uuid.h %D%/conf.h %D%/conf.c %D%/options.h %D%/options.def %D%/options_table.h %D%/near.h %D%/utf8.h \
	%D%/arena.c %D%/buf.c %D%/str.c %D%/err.c %D%/log.c %D%/clock.c %D%/date.c %D%/uuid.c %D%/near.c \
	%D%/utf8.c %D%/options.c %D%/options_value.c %D%/options_doc.c %D%/options_secret.c \
	%D%/address.h %D%/address.c %D%/blocklist.h %D%/blocklist.c %D%/request_ring.h %D%/request_ring.c \
	%D%/scoreboard.h %D%/scoreboard.c %D%/slots.h %D%/slots.c %D%/template.h %D%/template.c %D%/backoff_table.h %D%/backoff_table.c \
	%D%/listen.h %D%/listen.c %D%/notify.h %D%/notify.c %D%/scrape.h %D%/scrape.c %D%/title.h %D%/title.c \
	%D%/box.h %D%/box.c %D%/program.h %D%/program.c

if HAVE_CHECK
check_PROGRAMS += %D%/base_tests
%C%_base_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_base_tests_SOURCES = %D%/base_tests.c %D%/base_tests.h %D%/address_test.c %D%/arena_test.c %D%/blocklist_test.c %D%/request_ring_test.c %D%/base64url_test.c %D%/buf_test.c \
	%D%/clock_test.c %D%/date_test.c %D%/err_test.c %D%/log_test.c %D%/near_test.c %D%/options_test.c \
	%D%/scoreboard_test.c %D%/slots_test.c %D%/backoff_table_test.c %D%/str_test.c %D%/template_test.c %D%/utf8_test.c %D%/uuid_test.c
%C%_base_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif

# conf/nexus.conf.sample is committed and made from the option table; base_tests compares the two.
EXTRA_PROGRAMS += %D%/options_sample
%C%_options_sample_SOURCES = %D%/options_sample.c
%C%_options_sample_LDADD = $(NEXUS_LIBS)
CLEANFILES += %D%/options_sample
dist_examples_DATA = conf/nexus.conf.sample
docs_targets += update-sample
.PHONY: update-sample
update-sample: %D%/options_sample
	$(AM_V_GEN)$(builddir)/src/base/options_sample > $(srcdir)/conf/nexus.conf.sample

# What tracking costs a request; `make src/base/tracking_bench`, then run it.
EXTRA_PROGRAMS += %D%/tracking_bench
%C%_tracking_bench_SOURCES = %D%/tracking_bench.c
%C%_tracking_bench_LDADD = $(NEXUS_LIBS)
CLEANFILES += %D%/tracking_bench
