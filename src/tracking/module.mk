# src/tracking: the log of requests, where addresses are, blocked and flagged addresses.
libnexus_a_SOURCES += %D%/tracking.h %D%/location.h %D%/location.c %D%/request_log.h %D%/request_log.c %D%/block.c \
	%D%/tracking_entities.c %D%/op_request_list.c %D%/op_address_flag_list.c %D%/op_block_list.c %D%/op_block_read.c \
	%D%/op_block_create.c %D%/op_block_delete.c %D%/tracking_jobs.c

if HAVE_CHECK
check_PROGRAMS += %D%/tracking_tests %D%/request_log_tests
%C%_request_log_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_request_log_tests_SOURCES = %D%/request_log_tests.c
%C%_request_log_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
%C%_tracking_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_tracking_tests_SOURCES = %D%/tracking_tests.c
%C%_tracking_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
