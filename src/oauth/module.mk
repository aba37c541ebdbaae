# src/oauth: authorization server and OpenID Provider, its pages and clients.
libnexus_a_SOURCES += %D%/oauth.h %D%/authorize.h %D%/base64.h %D%/browser.h %D%/claims_request.h %D%/client_in.h \
	%D%/client_rules.h %D%/id_token.h %D%/issued.h %D%/page.h \
	%D%/authorize.c %D%/authorize_in.c %D%/base64.c %D%/browser.c %D%/claims_request.c %D%/client.c %D%/client_entity.c \
	%D%/client_in.c %D%/client_rules.c %D%/id_token.c %D%/issued.c %D%/oauth.c %D%/page.c \
	%D%/op_authorize.c %D%/op_client_create.c %D%/op_client_delete.c %D%/op_client_read.c %D%/op_client_secret.c \
	%D%/op_client_update.c %D%/op_consent.c %D%/op_discovery.c %D%/op_introspect.c %D%/op_logout.c %D%/op_revoke.c \
	%D%/op_token.c %D%/op_userinfo.c

if HAVE_CHECK
check_PROGRAMS += %D%/oauth_tests
%C%_oauth_tests_SOURCES = %D%/oauth_tests.c %D%/oauth_tests.h %D%/client_rules_test.c %D%/small_test.c
%C%_oauth_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
