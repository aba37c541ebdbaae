# src/decode: pictures of strangers, decoded by the program nexus-decode; only that is linked with libvips.
libnexus_a_SOURCES += %D%/decode.h %D%/decode.c

sbin_PROGRAMS += nexus-decode
nexus_decode_SOURCES = %D%/main.c %D%/decoder.h %D%/decoder.c %D%/picture.h %D%/picture.c
nexus_decode_CFLAGS = $(AM_CFLAGS) $(VIPS_CFLAGS)
nexus_decode_LDADD = $(NEXUS_LIBS) $(VIPS_LIBS)
dist_man_MANS += docs/man/nexus-decode.8

if HAVE_CHECK
check_PROGRAMS += %D%/decode_tests
%C%_decode_tests_SOURCES = %D%/decode_tests.c
%C%_decode_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
