# src/admin: looking after accounts, the audit log as it is read.
libnexus_a_SOURCES += %D%/admin.h %D%/admin_store.c %D%/managed_user_entity.c %D%/audit_entry_entity.c \
	%D%/op_admin_user_list.c %D%/op_admin_user_read.c %D%/op_admin_user_suspend.c %D%/op_admin_user_restore.c \
	%D%/op_admin_user_act.c %D%/op_audit_list.c %D%/op_audit_read.c
