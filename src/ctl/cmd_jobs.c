/* nexusctl jobs kinds, nexusctl jobs run */
#include "base/log.h"
#include "ctl/commands.h"
#include "jobs/jobs.h"

#include <inttypes.h>

static enum ctl_exit jobs_kinds_run(struct ctl *ctl);
static enum ctl_exit jobs_run_run(struct ctl *ctl);

const struct ctl_command ctl_jobs_kinds = {
    .name = "jobs kinds",
    .args = "",
    .example = "nexusctl jobs kinds",
    .summary = "List what nexus-jobs can do",
    .doc = "Name and purpose of every job.",
    .run = jobs_kinds_run,
};

static const struct ctl_option run_options[] = {
    { "all", NULL, "Run what waits and is due, until nothing is; no NAME then." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_jobs_run = {
    .name = "jobs run",
    .args = "[NAME]",
    .example = "nexusctl jobs run booking-expire",
    .summary = "Run a job now, in the foreground",
    .doc =
        "Runs a job that has no payload until it finds nothing more to do, and prints how much there was. "
        "With "
        "--all it runs every waiting job that is due and prints how many; what others are running is waited "
        "for. It does no harm to run it while nexus-jobs does too.",
    .options = run_options,
    .max_args = 1,
    .run = jobs_run_run,
};

static enum ctl_exit jobs_kinds_run(struct ctl *ctl)
{
    bool json = ctl_json(ctl);
    for (size_t i = 0; job_registry[i]; i++) {
        const struct job *job = job_registry[i];
        printf(json ? "%s{\"name\":\"%s\",\"doc\":\"%s\"}" : "%s%-24s %s\n",
               !json    ? ""
               : i == 0 ? "["
                        : ",",
               job->name, job->doc);
    }
    if (json) {
        puts("]");
    }
    return CTL_OK;
}

#define PATIENCE_US INT64_C(60000000) /* with others who run what is waited for */

static enum ctl_exit exit_of(enum err e)
{
    return !e                     ? CTL_OK
           : e == ERR_UNAVAILABLE ? CTL_UNAVAILABLE
                                  : ctl_fail(CTL_FAILED, "%s", err_info(e)->title);
}

static enum ctl_exit run_all(struct ctl *ctl, struct jobs *j)
{
    int64_t ran, failed;
    enum err e = jobs_drain(j, PATIENCE_US, &ran, &failed);
    printf(ctl_json(ctl) ? "{\"ran\":%" PRId64 ",\"failed\":%" PRId64 "}\n"
                         : "%" PRId64 " ran, %" PRId64 " failed\n",
           ran, failed);
    return exit_of(e);
}

static enum ctl_exit run_one(struct ctl *ctl, struct jobs *j, const struct job *job)
{
    int64_t done;
    enum err e = job_sweep(j, job, NULL, &done);
    printf(ctl_json(ctl) ? "{\"done\":%" PRId64 "}\n" : "%" PRId64 "\n", done);
    return exit_of(e);
}

static enum ctl_exit jobs_run_run(struct ctl *ctl)
{
    bool all = ctl_given(ctl, "all");
    const char *name = ctl_arg(ctl, 0);
    if (all == (name != NULL)) {
        return ctl_fail(CTL_USAGE, "the name of a job or --all, please");
    }
    const struct job *job = name ? job_find(str_from(name)) : NULL;
    if (name && !job) {
        return ctl_fail(CTL_NOT_FOUND, "no job '%.64s'; nexusctl jobs kinds shows them", name);
    }
    if (job && job->payload) {
        return ctl_fail(CTL_USAGE, "%s has a payload and is run for a row; nexusctl jobs run --all", name);
    }
    const struct options *o = ctl_options(ctl);
    char error[512];
    struct jobs *j = o ? jobs_create(o, error, sizeof(error)) : NULL;
    if (!j) {
        return o ? ctl_fail(CTL_FAILED, "%s", error) : CTL_FAILED;
    }
    log_init("nexusctl", LOG_WARN);
    enum ctl_exit exit = all ? run_all(ctl, j) : run_one(ctl, j, job);
    jobs_free(j);
    return exit;
}
