# src/event: the log of events and its feed.
libnexus_a_SOURCES += %D%/event.h %D%/types.def %D%/event_types.c %D%/op_event_list.c %D%/event_jobs.c
