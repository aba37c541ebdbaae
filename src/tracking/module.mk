# src/tracking: the log of requests, where addresses are, blocked and flagged addresses.
libnexus_a_SOURCES += %D%/tracking.h %D%/location.h %D%/location.c %D%/request_log.h %D%/request_log.c %D%/block.c \
	%D%/tracking_entities.c %D%/op_request_list.c %D%/op_address_flag_list.c %D%/op_block_list.c %D%/op_block_read.c \
	%D%/op_block_create.c %D%/op_block_delete.c %D%/tracking_jobs.c
