# src/jobs: what is done by time; the program nexus-jobs.
libnexus_a_SOURCES += %D%/jobs.h %D%/jobs.def %D%/internal.h %D%/claim.c %D%/cron.h %D%/cron.c %D%/jobs.c %D%/probe.c %D%/registry.c %D%/run.c \
	%D%/board.h %D%/board.c %D%/metrics.h %D%/metrics.c %D%/relay.c %D%/runner.h %D%/runner.c %D%/scheduler.c %D%/sleeper.h %D%/sleeper.c \
	%D%/job_admin.h %D%/job_admin.c %D%/job_entity.c %D%/op_job_list.c %D%/op_job_read.c %D%/op_job_retry.c %D%/op_job_discard.c \
	%D%/op_job_kind_list.c %D%/op_job_kind_read.c %D%/op_job_kind_pause.c %D%/op_job_kind_resume.c %D%/op_schedule_list.c \
	%D%/op_schedule_run.c \
	%D%/schedule.h %D%/schedule.c %D%/schedules.def %D%/supervisor.h %D%/supervisor.c

sbin_PROGRAMS += nexus-jobs
nexus_jobs_SOURCES = %D%/main.c
nexus_jobs_LDADD = $(NEXUS_LIBS)
dist_man_MANS += docs/man/nexus-jobs.8

if HAVE_CHECK
check_PROGRAMS += %D%/jobs_tests
%C%_jobs_tests_SOURCES = %D%/jobs_tests.c
%C%_jobs_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
