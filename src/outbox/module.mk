# src/outbox: mails and events, written with the change they tell of.
libnexus_a_SOURCES += %D%/outbox.h %D%/outbox.c
