/*
 * nexus-decode: takes one file a connection and answers with what became of it. Each has a process of its
 * own, and boxes below that; all the parent does is to accept and to count. A picture can take its boxes
 * down, and nothing else.
 */
#ifndef NEXUS_DECODE_DECODER_H
#define NEXUS_DECODE_DECODER_H

#include "base/options.h"

#include <signal.h>

/* Until *stop is set; then what is under way is waited for. `open`: the signal mask while waiting. */
void decoder_loop(const struct options *o, int socket, const volatile int *stop, const sigset_t *open);

#endif
