# nexusctl. Everything but its main is a library of its own, so that the unit tests can link it.
noinst_LIBRARIES += %D%/libctl.a
%C%_libctl_a_SOURCES = %D%/ctl.h %D%/ctl.c %D%/commands.h %D%/commands.def %D%/args.c %D%/help.c \
	%D%/term.h %D%/term.c %D%/pg.h %D%/pg.c %D%/schema.h %D%/schema.c %D%/user.h %D%/user.c \
	%D%/cmd_migrate.c %D%/cmd_user_create.c %D%/cmd_user_list.c %D%/cmd_user_set_role.c

bin_PROGRAMS += nexusctl
nexusctl_SOURCES = %D%/main.c
nexusctl_LDADD = %D%/libctl.a $(NEXUS_LIBS)
