/* Prints docs/permissions.md; run by `make docs-update`. */
#include "api/reference.h"

int main(void)
{
    reference_write(stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
