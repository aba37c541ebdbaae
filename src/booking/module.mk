# src/booking: bookings and their life.
libnexus_a_SOURCES += %D%/booking.h %D%/booking_rules.h %D%/booking_rules.c %D%/booking_store.c \
	%D%/booking_entity.c %D%/op_booking_create.c %D%/op_booking_list.c %D%/op_booking_read.c \
	%D%/op_booking_cancel.c

if HAVE_CHECK
check_PROGRAMS += %D%/booking_tests
%C%_booking_tests_SOURCES = %D%/booking_tests.c
%C%_booking_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
