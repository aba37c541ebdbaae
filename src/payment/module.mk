# src/payment: payments, refunds and the providers they are made with.
libnexus_a_SOURCES += %D%/payment.h %D%/provider.h %D%/payment_store.c
