/*
 * Health. /healthz says that a worker answers at all; /readyz whether it can do its work. What a worker
 * depends on is tried at most once a second, when it is idle or asked, and a state flips only after
 * PROBE_FLIP equal results in a row, so that one slow answer takes no host out of service.
 */
#ifndef NEXUS_HTTP_PROBE_H
#define NEXUS_HTTP_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#define PROBE_EVERY_US 1000000
#define PROBE_FLIP     2

struct probe {
    bool known; /* tried at least once */
    bool up;
    int against; /* results in a row that contradict `up` */
};

struct probes {
    struct probe database;
    struct probe cache;
    int64_t tried_us; /* monotonic; 0: never */
};

struct service;

/* Try everything unless that was done less than PROBE_EVERY_US ago. */
void probes_refresh(struct service *s);
/* Take one result into account. */
void probe_note(struct probe *p, bool up);

#endif
