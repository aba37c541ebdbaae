# src/payment: payments, refunds and the providers they are made with.
libnexus_a_SOURCES += %D%/payment.h %D%/provider.h %D%/payment_store.c %D%/provider.c %D%/stripe.c %D%/chapa.c \
	%D%/payment_rules.h %D%/payment_rules.c %D%/payment_entity.c %D%/payment_run.h %D%/payment_run.c %D%/webhook.c %D%/payment_jobs.c \
	%D%/terms_entity.c %D%/op_payment_terms_read.c %D%/op_payment_terms_replace.c %D%/op_payment_create.c %D%/op_payment_list.c %D%/op_payment_read.c %D%/op_payment_capture.c %D%/op_payment_cancel.c \
	%D%/op_refund_create.c %D%/op_refund_list.c %D%/op_refund_read.c %D%/op_webhook_stripe.c %D%/op_webhook_chapa.c

if HAVE_CHECK
check_PROGRAMS += %D%/payment_tests
%C%_payment_tests_SOURCES = %D%/payment_tests.c
%C%_payment_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif
