/* The checks of `nexusctl ledger check`. */
#ifndef NEXUS_CTL_LEDGER_CHECKS_H
#define NEXUS_CTL_LEDGER_CHECKS_H

#include <stddef.h>

struct ledger_check {
    const char *name;
    const char *what; /* a finding is that ... */
    const char *sql;  /* a row for each: what it is about, and a detail, both text */
};
extern const struct ledger_check ledger_checks[];
extern const size_t ledger_check_count;

#endif
