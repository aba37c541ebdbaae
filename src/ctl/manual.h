/* Manual pages and shell completion, made from the tables of commands and options. */
#ifndef NEXUS_CTL_MANUAL_H
#define NEXUS_CTL_MANUAL_H

#include <stdio.h>

void manual_write_config(FILE *out);     /* nexus.conf(5) */
void manual_write_nexusctl(FILE *out);   /* nexusctl(1) */
void manual_write_completion(FILE *out); /* for bash */

#endif
