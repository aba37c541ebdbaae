# src/federation: sign-in with accounts of OpenID providers.
libnexus_a_SOURCES += %D%/jws.h %D%/jws.c %D%/upstream.h %D%/upstream.c \
	%D%/identity.h %D%/identity.c %D%/exchange.h %D%/exchange.c \
	%D%/federation.h %D%/federation.c %D%/attempt.c %D%/page.h %D%/page.c %D%/arrival.c %D%/identity_entity.c \
	%D%/op_provider_list.c %D%/op_federation_start.c %D%/op_federation_callback.c %D%/op_federation_link.c \
	%D%/op_identity_create.c %D%/op_identity_delete.c

if HAVE_CHECK
check_PROGRAMS += %D%/federation_tests
%C%_federation_tests_SOURCES = %D%/federation_tests.c %D%/federation_tests.h %D%/identity_test.c %D%/jws_test.c \
	%D%/providers_test.c
%C%_federation_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
