# src/jobs: what is done by time; the program nexus-jobs.
libnexus_a_SOURCES += %D%/jobs.h %D%/jobs.def %D%/jobs.c

sbin_PROGRAMS += nexus-jobs
nexus_jobs_SOURCES = %D%/main.c
nexus_jobs_LDADD = $(NEXUS_LIBS)
dist_man_MANS += docs/man/nexus-jobs.8
