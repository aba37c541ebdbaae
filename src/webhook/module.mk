# src/webhook: events sent to endpoints of users.
libnexus_a_SOURCES += %D%/webhook.h %D%/webhook.c %D%/webhook_entity.c %D%/webhook_deliver.c \
	%D%/op_webhook_endpoint_create.c %D%/op_webhook_endpoint_list.c %D%/op_webhook_endpoint_read.c \
	%D%/op_webhook_endpoint_update.c %D%/op_webhook_endpoint_delete.c %D%/op_webhook_endpoint_secret.c \
	%D%/op_webhook_endpoint_test.c %D%/op_webhook_endpoint_replay.c %D%/op_webhook_delivery_list.c
