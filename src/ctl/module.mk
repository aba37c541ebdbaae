# nexusctl. Everything but its main is a library of its own, so that the unit tests can link it.
noinst_LIBRARIES += %D%/libctl.a
%C%_libctl_a_SOURCES = %D%/ctl.h %D%/ctl.c %D%/commands.h %D%/commands.def %D%/args.c %D%/help.c \
	%D%/term.h %D%/term.c %D%/pg.h %D%/pg.c %D%/schema.h %D%/schema.c %D%/user.h %D%/user.c %D%/audit.h %D%/audit.c \
	%D%/copy.h %D%/copy.c %D%/indexes.h %D%/indexes.c %D%/demo.h %D%/demo_data.c %D%/demo_make.c \
	%D%/demo_text.c %D%/demo_rows.h %D%/demo_rows.c %D%/demo_load.h %D%/demo_load.c \
	%D%/csv.h %D%/csv.c %D%/text.h %D%/text.c %D%/airbnb.h %D%/airbnb_words.c %D%/idset.h %D%/idset.c \
	%D%/import.h %D%/import_read.c %D%/import_merge.c %D%/cmd_import.c %D%/cmd_demo.c \
	%D%/cmd_block.c %D%/cmd_check.c %D%/cmd_config.c %D%/cmd_keys_activate.c %D%/cmd_keys_generate.c %D%/cmd_keys_list.c \
	%D%/cmd_keys_retire.c %D%/keys.h %D%/keys.c %D%/cmd_manual.c %D%/cmd_schema_erd.c %D%/manual.h %D%/manual.c %D%/cmd_migrate.c %D%/cmd_outbox_list.c %D%/cmd_user_create.c %D%/cmd_user_list.c %D%/cmd_user_set_role.c \
	%D%/access.h %D%/access.c %D%/role.h %D%/role.c %D%/cmd_role_create.c %D%/cmd_role_grant.c %D%/cmd_role_list.c \
	%D%/cmd_role_revoke.c
%C%_libctl_a_SOURCES += %D%/cmd_maintenance_prune.c %D%/cmd_ledger_check.c %D%/ledger_checks.h %D%/ledger_checks.c
%C%_libctl_a_SOURCES += %D%/cmd_clock.c %D%/cmd_fetch.c %D%/cmd_jobs.c %D%/cmd_jobs_change.c %D%/cmd_jobs_list.c %D%/cmd_jobs_top.c %D%/job_counts.h %D%/job_counts.c %D%/cmd_schedule.c %D%/cmd_mail.c %D%/cmd_rates.c
%C%_libctl_a_SOURCES += %D%/client.h %D%/client.c %D%/cmd_client_create.c %D%/cmd_client_disable.c %D%/cmd_client_list.c \
	%D%/cmd_client_rotate_secret.c
%C%_libctl_a_SOURCES += %D%/audit_chain.h %D%/audit_chain.c %D%/audit_anchor.h %D%/audit_anchor.c \
	%D%/password.h %D%/password.c %D%/cmd_user_set_password.c %D%/cmd_user_disable_totp.c \
	%D%/cmd_user_restore.c %D%/cmd_user_show.c %D%/cmd_user_suspend.c \
	%D%/cmd_audit_anchor.c %D%/cmd_audit_list.c %D%/cmd_audit_verify.c

bin_PROGRAMS += nexusctl
nexusctl_SOURCES = %D%/main.c
nexusctl_LDADD = %D%/libctl.a $(NEXUS_LIBS)

# Manual pages and completion are committed and made from the tables; ctl_tests compares them.
dist_man_MANS += docs/man/nexusctl.1 docs/man/nexus.conf.5
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = %D%/completion/nexusctl
docs_targets += update-manual
.PHONY: update-manual
update-manual: nexusctl
	$(AM_V_at)$(MKDIR_P) $(srcdir)/docs/man $(srcdir)/src/ctl/completion
	$(AM_V_GEN)./nexusctl manual > $(srcdir)/docs/man/nexusctl.1
	$(AM_V_GEN)./nexusctl config man > $(srcdir)/docs/man/nexus.conf.5
	$(AM_V_GEN)./nexusctl completion > $(srcdir)/src/ctl/completion/nexusctl

if HAVE_CHECK
check_PROGRAMS += %D%/ctl_tests
%C%_ctl_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_ctl_tests_SOURCES = %D%/ctl_tests.c %D%/ctl_tests.h %D%/airbnb_test.c %D%/args_test.c %D%/csv_test.c \
	%D%/demo_test.c %D%/manual_test.c %D%/schema_test.c %D%/text_test.c
%C%_ctl_tests_LDADD = %D%/libctl.a $(NEXUS_LIBS) $(CHECK_LIBS)
endif
