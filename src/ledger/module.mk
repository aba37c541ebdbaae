# src/ledger: who owes whom what, and payouts.
libnexus_a_SOURCES += %D%/ledger.h %D%/ledger_entity.c %D%/ledger_store.c %D%/op_ledger_booking_list.c \
	%D%/op_ledger_statement_entries.c %D%/op_ledger_statement_list.c \
	%D%/payout_entity.c %D%/payout_jobs.c %D%/op_payout_items.c %D%/op_payout_list.c %D%/op_payout_pay.c \
	%D%/op_payout_read.c
