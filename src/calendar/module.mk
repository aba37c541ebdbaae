# src/calendar: prices, shortest stays and blocks by the night.
libnexus_a_SOURCES += %D%/calendar.h %D%/calendar_rules.h %D%/calendar_rules.c %D%/calendar_store.c \
	%D%/op_calendar_read.c %D%/op_calendar_update.c %D%/stay.h %D%/stay_rules.h %D%/stay_rules.c %D%/stay_store.c \
	%D%/stay_reasons.c %D%/op_availability_explain.c %D%/rules_doc.h %D%/rules_doc.c %D%/op_property_rules_read.c \
	%D%/op_property_rules_replace.c %D%/op_property_seasons_read.c %D%/op_property_seasons_replace.c \
	%D%/op_property_weekdays_read.c %D%/op_property_weekdays_replace.c

if HAVE_CHECK
check_PROGRAMS += %D%/calendar_tests %D%/stay_tests
%C%_calendar_tests_SOURCES = %D%/calendar_tests.c
%C%_calendar_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
%C%_stay_tests_SOURCES = %D%/stay_tests.c
%C%_stay_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
