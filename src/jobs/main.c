/* nexus-jobs: what is done by time, or after a request. */
#include "base/program.h"
#include "jobs/jobs.h"
#include "jobs/supervisor.h"

static const char help[] =
    "Usage: nexus-jobs [-c FILE] [--check]\n\n"
    "Runs jobs: what is done by time, such as ending holds that are not paid, and what requests\n"
    "have left to be done after them. Stays in the foreground.\n\n"
    "  -c, --config FILE  read FILE instead of " OPTIONS_DEFAULT_FILE "\n"
    "      --check        check the configuration and exit\n"
    "  -V, --version      print the version and exit\n"
    "  -h, --help         print this and exit\n\n"
    "Signals: TERM ends it after the work under way, HUP reads the configuration anew.\n";

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "nexus-jobs", .help = help, .possible = jobs_possible, .serve = jobs_supervise
    };
    return program_main(&program, argc, argv);
}
