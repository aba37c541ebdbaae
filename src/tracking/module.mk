# src/tracking: the log of requests, where addresses are, blocked and flagged addresses.
libnexus_a_SOURCES += %D%/location.h %D%/location.c %D%/request_log.h %D%/request_log.c
