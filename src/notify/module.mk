# src/notify: whom events are told to and how; handing mails to the server.
libnexus_a_SOURCES += %D%/notify.h %D%/events.def %D%/events.c %D%/unsubscribe.c %D%/mail_jobs.c %D%/notify_jobs.c \
	%D%/notification_entity.c %D%/op_notification_list.c %D%/op_notification_read.c %D%/op_notification_mark.c \
	%D%/op_notification_count.c %D%/op_notification_preferences.c %D%/op_unsubscribe.c
