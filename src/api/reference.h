/* docs/permissions.md, made from the tables of the program: what cannot be written by hand and stay true. */
#ifndef NEXUS_API_REFERENCE_H
#define NEXUS_API_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>

/* The migration that makes the roles and gives them their permissions, below the top of the source tree. */
#define REFERENCE_ROLES "/sql/migrations/20261123080100_roles.sql"

/* `migration` is the text of that file. False when it gives no role anything, or a permission there is not.
 */
bool reference_write(FILE *out, const char *migration);

#endif
