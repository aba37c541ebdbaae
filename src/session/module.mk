# src/session: sessions and refresh tokens.
libnexus_a_SOURCES += %D%/session.h %D%/session_rules.c %D%/session_store.c %D%/session_answer.c %D%/session_entity.c \
	%D%/refresh_token.h %D%/refresh_token.c %D%/op_auth_refresh.c %D%/op_auth_logout.c %D%/op_session_list.c \
	%D%/op_session_delete.c %D%/op_session_delete_others.c

if HAVE_CHECK
check_PROGRAMS += %D%/session_tests
%C%_session_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_session_tests_SOURCES = %D%/session_tests.c src/auth/auth_tests.h src/auth/test_keys.c
%C%_session_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
