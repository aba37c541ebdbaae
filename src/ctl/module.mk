# nexusctl. Everything but its main is a library of its own, so that the unit tests can link it.
noinst_LIBRARIES += %D%/libctl.a
%C%_libctl_a_SOURCES = %D%/ctl.h %D%/ctl.c %D%/commands.h %D%/commands.def %D%/args.c %D%/help.c \
	%D%/term.h %D%/term.c %D%/pg.h %D%/pg.c %D%/schema.h %D%/schema.c %D%/user.h %D%/user.c \
	%D%/copy.h %D%/copy.c %D%/indexes.h %D%/indexes.c %D%/demo.h %D%/demo_data.c %D%/demo_make.c \
	%D%/demo_text.c %D%/demo_rows.h %D%/demo_rows.c %D%/demo_load.h %D%/demo_load.c \
	%D%/csv.h %D%/csv.c %D%/text.h %D%/text.c %D%/airbnb.h %D%/airbnb_words.c %D%/idset.h %D%/idset.c \
	%D%/import.h %D%/import_read.c %D%/import_merge.c %D%/cmd_import.c %D%/cmd_demo.c %D%/cmd_migrate.c %D%/cmd_user_create.c %D%/cmd_user_list.c %D%/cmd_user_set_role.c

bin_PROGRAMS += nexusctl
nexusctl_SOURCES = %D%/main.c
nexusctl_LDADD = %D%/libctl.a $(NEXUS_LIBS)
