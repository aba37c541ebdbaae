# src/mq: RabbitMQ.
libnexus_a_SOURCES += %D%/mq.h %D%/mq.c
