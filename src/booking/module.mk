# src/booking: bookings and their life.
libnexus_a_SOURCES += %D%/booking.def %D%/booking.h %D%/booking_rules.h %D%/booking_rules.c %D%/booking_states.c \
	%D%/booking_store.c %D%/booking_paid.c %D%/booking_jobs.c %D%/booking_entity.c %D%/op_booking_create.c \
	%D%/op_booking_list.c %D%/op_booking_read.c %D%/op_booking_cancel.c %D%/booking_attempt.c %D%/booking_act.c \
	%D%/op_booking_accept.c %D%/op_booking_decline.c %D%/op_booking_check_in.c %D%/op_booking_check_out.c \
	%D%/op_booking_no_show.c %D%/op_hold_create.c %D%/op_hold_read.c %D%/op_hold_delete.c %D%/booking_change.h %D%/booking_change.c \
	%D%/op_booking_change_create.c %D%/op_booking_change_accept.c %D%/op_booking_change_decline.c

# Prints docs/booking-states.md.
EXTRA_PROGRAMS += %D%/states
%C%_states_SOURCES = %D%/states_main.c
%C%_states_LDADD = $(NEXUS_LIBS)
CLEANFILES += %D%/states
docs_targets += update-states
.PHONY: update-states
update-states: %D%/states
	$(AM_V_GEN)src/booking/states > states.md.tmp
	$(AM_V_at)mv states.md.tmp $(srcdir)/docs/booking-states.md

if HAVE_CHECK
check_PROGRAMS += %D%/booking_tests
%C%_booking_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_booking_tests_SOURCES = %D%/booking_tests.c
%C%_booking_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
