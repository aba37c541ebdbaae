# src/json: reading requests by shape, writing answers.
libnexus_a_SOURCES += %D%/shape.h %D%/decode.h %D%/decode_value.h %D%/write.h %D%/format.h %D%/pointer.h %D%/scan.h %D%/document.h \
	%D%/shape.c %D%/decode.c %D%/decode_value.c %D%/write.c %D%/format.c %D%/pointer.c %D%/scan.c %D%/document.c %D%/timezone.c

if HAVE_CHECK
check_PROGRAMS += %D%/json_tests
%C%_json_tests_SOURCES = %D%/json_tests.c %D%/json_tests.h %D%/decode_test.c %D%/format_test.c \
	%D%/pointer_test.c %D%/scan_test.c %D%/shape_test.c %D%/write_test.c %D%/sample_shape.c %D%/sample_shape.h
%C%_json_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
