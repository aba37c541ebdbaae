/* docs/permissions.md, made from the tables of the program: what cannot be written by hand and stay true. */
#ifndef NEXUS_API_REFERENCE_H
#define NEXUS_API_REFERENCE_H

#include <stdio.h>

void reference_write(FILE *out);

#endif
