# src/auth: passwords, keys, tokens, permissions.
libnexus_a_SOURCES += %D%/auth.h %D%/permissions.def %D%/scopes.def %D%/claims.h %D%/claims.c %D%/jwt.h %D%/jwt.c %D%/key_folder.h %D%/key_folder.c \
	%D%/keys.h %D%/keys.c %D%/hash_pool.h %D%/hash_pool.c %D%/password.c %D%/password_rules.h %D%/password_rules.c \
	%D%/permissions.c %D%/scopes.c %D%/token.c %D%/token_cache.h %D%/token_cache.c
libnexus_a_SOURCES += %D%/secret.h %D%/secret.c %D%/totp.h %D%/totp.c
libnexus_a_SOURCES += %D%/providers.h %D%/providers.def %D%/providers.c %D%/merchants.h %D%/merchants.c

if HAVE_CHECK
check_PROGRAMS += %D%/auth_tests
%C%_auth_tests_SOURCES = %D%/auth_tests.c %D%/auth_tests.h %D%/test_keys.c %D%/claims_test.c %D%/key_folder_test.c %D%/keys_test.c \
	%D%/password_test.c %D%/password_rules_test.c %D%/permissions_test.c %D%/scopes_test.c %D%/token_cache_test.c %D%/token_hostile_test.c %D%/token_test.c \
	%D%/secret_test.c %D%/totp_test.c
%C%_auth_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif

EXTRA_PROGRAMS += %D%/token_bench
%C%_token_bench_SOURCES = %D%/token_bench.c
%C%_token_bench_LDADD = $(NEXUS_LIBS)
CLEANFILES += %D%/token_bench
