# nexusctl. Everything but its main is a library of its own, so that the unit tests can link it.
noinst_LIBRARIES += %D%/libctl.a
%C%_libctl_a_SOURCES = %D%/ctl.h %D%/commands.h %D%/commands.def %D%/args.c %D%/help.c %D%/pg.h %D%/pg.c \
	%D%/schema.h %D%/schema.c %D%/cmd_migrate.c

bin_PROGRAMS += nexusctl
nexusctl_SOURCES = %D%/main.c
nexusctl_LDADD = %D%/libctl.a $(NEXUS_LIBS)
