# src/account: users, log-in, one's own account.
libnexus_a_SOURCES += %D%/account.h %D%/account_entity.c %D%/account_store.c %D%/op_auth_login.c %D%/op_me_read.c \
	%D%/op_me_update.c %D%/op_user_create.c
