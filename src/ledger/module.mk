# src/ledger: who owes whom what.
libnexus_a_SOURCES += %D%/ledger.h %D%/ledger_store.c
