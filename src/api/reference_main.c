/* Prints docs/permissions.md from the migration on stdin; run by `make docs-update`. */
#include "api/reference.h"

int main(void)
{
    static char migration[65536];
    migration[fread(migration, 1, sizeof(migration) - 1, stdin)] = 0;
    if (!reference_write(stdout, migration)) {
        fputs("the migration on stdin gives roles no permissions, or unknown ones\n", stderr);
        return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
