/* Random spread, so that what happens in one worker does not happen in all of them at the same moment. */
#ifndef NEXUS_API_JITTER_H
#define NEXUS_API_JITTER_H

#include <stdint.h>

/* `value` plus or minus up to `percent` of it; 0 stays 0. Not for secrets. */
int64_t jitter(int64_t value, int percent);

#endif
