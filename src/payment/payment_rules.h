/* What is to be paid, and when; pure. */
#ifndef NEXUS_PAYMENT_PAYMENT_RULES_H
#define NEXUS_PAYMENT_PAYMENT_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum payment_purpose { PAYMENT_CHARGE, PAYMENT_DEPOSIT, PAYMENT_BALANCE, PAYMENT_SECURITY, PAYMENT_PURPOSES };

/* Names as in the database, NULL-terminated, in the order of the enum. */
extern const char *const payment_purposes[];

struct payment_terms {
    int64_t total;    /* what the stay costs, minor units */
    int64_t paid;     /* of it, less what went back or is about to */
    int days;         /* until the day of arrival, in the property's zone */
    int deposit_ppm;  /* 1,000,000: everything is paid at once */
    int balance_days; /* before arrival, by which all is paid */
    int64_t security; /* 0: none is asked for */
};

struct payment_due {
    enum payment_purpose purpose;
    int64_t amount; /* 0: nothing of this kind is to be paid */
};

/*
 * What is due next: of a stay that may be paid in two parts and is far enough away, the deposit and then the
 * balance; else what is left of the whole. A deposit is rounded up.
 */
struct payment_due payment_next_due(const struct payment_terms *t);
/* What is due of this kind. A guest who may pay a deposit may pay everything at once. */
struct payment_due payment_due_of(const struct payment_terms *t, enum payment_purpose purpose);

/* How long to wait before the next attempt at a call, in microseconds: twice as long each time, a quarter of
 * it by `random` (0 to 255), ten minutes at most. `asked` (0: nothing) is what the provider wants at least.
 */
int64_t payment_pause_us(int attempts, int64_t asked, unsigned random);

#endif
