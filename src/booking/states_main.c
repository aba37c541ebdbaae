/* Prints docs/booking-states.md; run by `make docs-update`. Tables that do not hold together print what is
 * wrong. */
#include "booking/booking_rules.h"

int main(void)
{
    if (booking_check_tables(stderr) > 0) {
        return 1;
    }
    booking_write_states(stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
