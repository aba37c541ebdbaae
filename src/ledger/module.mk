# src/ledger: who owes whom what.
libnexus_a_SOURCES += %D%/ledger.h %D%/ledger_store.c %D%/ledger_entity.c %D%/op_ledger_booking_list.c \
	%D%/op_ledger_statement_entries.c %D%/op_ledger_statement_list.c
