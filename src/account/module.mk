# src/account: users, log-in, one's own account.
libnexus_a_SOURCES += %D%/account.h %D%/account_entity.c %D%/account_store.c %D%/login.h %D%/login.c %D%/password_acceptable.c %D%/op_auth_login.c %D%/op_me_read.c \
	%D%/op_me_update.c %D%/op_user_create.c %D%/account_confirm.c %D%/mailed_token.h %D%/mailed_token.c \
	%D%/preferences.h %D%/preferences.c %D%/op_auth_confirm_email.c %D%/op_auth_forgot_password.c \
	%D%/op_auth_resend_verification.c %D%/op_auth_reset_password.c %D%/op_auth_verify_email.c \
	%D%/op_me_deactivate.c %D%/op_me_email.c %D%/op_me_password.c %D%/op_user_read.c
libnexus_a_SOURCES += %D%/second_factor.h %D%/second_factor.c %D%/op_totp_read.c %D%/op_totp_create.c \
	%D%/op_totp_confirm.c %D%/op_totp_disable.c %D%/op_recovery_codes_create.c

if HAVE_CHECK
check_PROGRAMS += %D%/account_tests
%C%_account_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_account_tests_SOURCES = %D%/account_tests.c
%C%_account_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
