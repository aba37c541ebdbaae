# src/ical: calendars of other platforms, in and out.
libnexus_a_SOURCES += %D%/ical.h %D%/ical_event.h %D%/ical_recur.h %D%/ical_recur.c %D%/ical_zones.c %D%/ical_event.c \
	%D%/ical_parse.c %D%/ical_read.c %D%/ical_write.c %D%/export.h %D%/feed.h %D%/feed_jobs.h %D%/feed_entity.c %D%/feed_jobs.c \
	%D%/op_calendar_feed_list.c %D%/op_calendar_feed_create.c %D%/op_calendar_feed_read.c %D%/op_calendar_feed_update.c \
	%D%/op_calendar_feed_delete.c %D%/op_calendar_feed_refresh.c %D%/op_calendar_conflict_list.c \
	%D%/op_calendar_export_list.c %D%/op_calendar_export_rotate.c %D%/op_calendar_export_read.c

if HAVE_CHECK
check_PROGRAMS += %D%/ical_tests
%C%_ical_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_ical_tests_SOURCES = %D%/ical_tests.c
%C%_ical_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
