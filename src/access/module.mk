# src/access: roles, the roles of users, co-hosts.
libnexus_a_SOURCES += %D%/access.h %D%/user_roles.h %D%/access_store.c %D%/member_entity.c %D%/role_entity.c %D%/op_role_create.c \
	%D%/op_role_delete.c %D%/op_role_list.c %D%/op_role_read.c %D%/op_role_update.c %D%/op_user_roles_read.c \
	%D%/op_user_roles_replace.c %D%/op_property_member_delete.c %D%/op_property_member_list.c \
	%D%/op_property_member_put.c
