/* nexus-jobs: what is done by time, or after a request. */
#include "base/log.h"
#include "base/title.h"
#include "jobs/jobs.h"
#include "jobs/supervisor.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2 };

static const char help[] =
    "Usage: nexus-jobs [-c FILE] [--check]\n\n"
    "Runs jobs: what is done by time, such as ending holds that are not paid, and what requests\n"
    "have left to be done after them. Stays in the foreground.\n\n"
    "  -c, --config FILE  read FILE instead of " OPTIONS_DEFAULT_FILE "\n"
    "      --check        check the configuration and exit\n"
    "  -V, --version      print the version and exit\n"
    "  -h, --help         print this and exit\n\n"
    "Signals: TERM ends it after the work under way, HUP reads the configuration anew.\n";

/* Takes over `o`. */
static int run(const char *config, struct options *o, bool check)
{
    char error[512];
    enum log_level level = LOG_INFO;
    const char *wrong = error;
    if (!log_level_parse(str_from(o->log_level), &level)) {
        snprintf(error, sizeof(error), "log_level: \"%s\" is none of error, warn, info, debug", o->log_level);
    } else {
        log_init("nexus-jobs", level);
        wrong = jobs_possible(o, error, sizeof(error));
    }
    if (!wrong && !check) {
        return jobs_supervise(config, o);
    }
    options_free(o);
    if (wrong) {
        fprintf(stderr, "nexus-jobs: %s\n", wrong);
        return EXIT_FAILURE;
    }
    puts("configuration is fine");
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = { { "config", required_argument, NULL, 'c' },
                                                  { "check", no_argument, NULL, 'k' },
                                                  { "version", no_argument, NULL, 'V' },
                                                  { "help", no_argument, NULL, 'h' },
                                                  { NULL, 0, NULL, 0 } };
    const char *config = OPTIONS_DEFAULT_FILE;
    bool check = false;
    int c;
    argv = title_init(argc, argv);
    while ((c = getopt_long(argc, argv, "c:Vh", long_options, NULL)) != -1) {
        switch (c) {
        case 'c':
            config = optarg;
            break;
        case 'k':
            check = true;
            break;
        case 'V':
            printf("nexus-jobs %s\n", PACKAGE_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            fputs(help, stdout);
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "nexus-jobs: unexpected argument \"%s\"; see nexus-jobs --help\n", argv[optind]);
        return EXIT_USAGE;
    }
    char error[512];
    struct options *o = options_load(config, error, sizeof(error));
    if (!o) {
        fprintf(stderr, "nexus-jobs: %s\n", error);
        return EXIT_FAILURE;
    }
    return run(config, o, check);
}
