/* Jobs of feeds, where others add them. Internal to src/ical. */
#ifndef NEXUS_ICAL_FEED_JOBS_H
#define NEXUS_ICAL_FEED_JOBS_H

#include "jobs/jobs.h"

extern const struct job job_calendar_due, job_calendar_import, job_calendar_settle;

#endif
