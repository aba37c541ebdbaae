# src/session: sessions and refresh tokens.
libnexus_a_SOURCES += %D%/session.h %D%/session_rules.c %D%/session_store.c %D%/session_answer.c %D%/session_entity.c \
	%D%/refresh_token.h %D%/refresh_token.c %D%/op_auth_refresh.c %D%/op_auth_logout.c %D%/op_session_list.c \
	%D%/op_session_delete.c %D%/op_session_delete_others.c
