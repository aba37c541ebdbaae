/* Jobs of photos, where ops add them. Internal to src/photo. */
#ifndef NEXUS_PHOTO_PHOTO_JOBS_H
#define NEXUS_PHOTO_PHOTO_JOBS_H

#include "jobs/jobs.h"

extern const struct job job_photo_decode, job_photo_clear, job_photo_collect;

#endif
