/* What is to be paid. */
#include "payment/payment_rules.h"

#define SECOND_US INT64_C(1000000)
#define WHOLE_PPM 1000000
#define PAUSE_MAX (600 * SECOND_US)
#define ASKED_MAX (3600 * SECOND_US)

__extension__ typedef __int128 wide;

const char *const payment_purposes[] = { "charge", "deposit", "balance", "security", 0 };

static int64_t left(const struct payment_terms *t)
{
    return t->paid < t->total ? t->total - t->paid : 0;
}

static int64_t deposit(const struct payment_terms *t)
{
    bool offered = t->deposit_ppm < WHOLE_PPM && t->days > t->balance_days && t->paid == 0;
    wide part = (wide)t->total * t->deposit_ppm;
    return offered ? (int64_t)((part + WHOLE_PPM - 1) / WHOLE_PPM) : 0;
}

struct payment_due payment_due_of(const struct payment_terms *t, enum payment_purpose purpose)
{
    switch (purpose) {
    case PAYMENT_DEPOSIT:
        return (struct payment_due){ purpose, deposit(t) };
    case PAYMENT_BALANCE:
        return (struct payment_due){ purpose, t->paid > 0 ? left(t) : 0 };
    case PAYMENT_SECURITY:
        return (struct payment_due){ purpose, t->security };
    default:
        return (struct payment_due){ PAYMENT_CHARGE, left(t) };
    }
}

struct payment_due payment_next_due(const struct payment_terms *t)
{
    if (t->paid > 0) {
        return payment_due_of(t, PAYMENT_BALANCE);
    }
    struct payment_due due = payment_due_of(t, PAYMENT_DEPOSIT);
    return due.amount > 0 ? due : payment_due_of(t, PAYMENT_CHARGE);
}

int64_t payment_pause_us(int attempts, int64_t asked, unsigned random)
{
    int64_t pause = SECOND_US;
    for (int i = 1; i < attempts && pause < PAUSE_MAX; i++) {
        pause *= 2;
    }
    pause = pause > PAUSE_MAX ? PAUSE_MAX : pause;
    pause += pause / 4 * (int64_t)(random & 255) / 255;
    asked = asked > ASKED_MAX ? ASKED_MAX : asked;
    return asked > pause ? asked : pause;
}
