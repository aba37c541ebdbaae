/* nexusctl jobs list, nexusctl jobs run */
#include "base/log.h"
#include "ctl/commands.h"
#include "jobs/jobs.h"

#include <inttypes.h>

static enum ctl_exit jobs_list_run(struct ctl *ctl);
static enum ctl_exit jobs_run_run(struct ctl *ctl);

const struct ctl_command ctl_jobs_list = {
    .name = "jobs list",
    .args = "",
    .example = "nexusctl jobs list",
    .summary = "List what nexus-jobs does",
    .doc = "Name, interval and purpose of every job.",
    .run = jobs_list_run,
};

const struct ctl_command ctl_jobs_run = {
    .name = "jobs run",
    .args = "NAME",
    .example = "nexusctl jobs run booking-expire",
    .summary = "Run a job once, now, in the foreground",
    .doc = "Runs it until it finds nothing more to do, and prints how much there was. It does no harm to run "
           "it while "
           "nexus-jobs does too.",
    .min_args = 1,
    .max_args = 1,
    .run = jobs_run_run,
};

static enum ctl_exit jobs_list_run(struct ctl *ctl)
{
    bool json = ctl_json(ctl);
    for (size_t i = 0; job_registry[i]; i++) {
        const struct job *job = job_registry[i];
        printf(json ? "%s{\"name\":\"%s\",\"every_s\":%" PRId64 ",\"doc\":\"%s\"}"
                    : "%s%-20s %6" PRId64 " s  %s\n",
               !json    ? ""
               : i == 0 ? "["
                        : ",",
               job->name, job->every_us / 1000000, job->doc);
    }
    if (json) {
        puts("]");
    }
    return CTL_OK;
}

static enum ctl_exit jobs_run_run(struct ctl *ctl)
{
    const struct job *job = job_find(str_from(ctl_arg(ctl, 0)));
    if (!job) {
        return ctl_fail(CTL_NOT_FOUND, "no job '%.64s'; nexusctl jobs list shows them", ctl_arg(ctl, 0));
    }
    const struct options *o = ctl_options(ctl);
    char error[512];
    struct jobs *j = o ? jobs_create(o, error, sizeof(error)) : NULL;
    if (!j) {
        return o ? ctl_fail(CTL_FAILED, "%s", error) : CTL_FAILED;
    }
    int64_t done;
    log_init("nexusctl", LOG_WARN);
    enum err e = job_run(j, job, NULL, &done);
    printf(ctl_json(ctl) ? "{\"done\":%" PRId64 "}\n" : "%" PRId64 "\n", done);
    jobs_free(j);
    return !e                     ? CTL_OK
           : e == ERR_UNAVAILABLE ? CTL_UNAVAILABLE
                                  : ctl_fail(CTL_FAILED, "%s", err_info(e)->title);
}
