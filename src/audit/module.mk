# src/audit: entries of the audit log.
libnexus_a_SOURCES += %D%/audit.h %D%/actions.def %D%/audit.c
