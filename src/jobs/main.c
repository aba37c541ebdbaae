/* nexus-jobs: one process that does what is done by time. */
#include "base/log.h"
#include "jobs/jobs.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2 };

static volatile int stop;

static void on_stop(int sig)
{
    (void)sig;
    stop = 1;
}

static const char help[] =
    "Usage: nexus-jobs [-c FILE] [--check]\n\n"
    "Does what is done by time, such as ending holds that are not paid, in the foreground.\n\n"
    "  -c, --config FILE  read FILE instead of " OPTIONS_DEFAULT_FILE "\n"
    "      --check        check the configuration and exit\n"
    "  -V, --version      print the version and exit\n"
    "  -h, --help         print this and exit\n\n"
    "Signals: TERM ends it after the piece of work under way.\n";

/* Signals come only while there is nothing to do. */
static void signals_start(sigset_t *open)
{
    static const int ending[] = { SIGTERM, SIGINT };
    struct sigaction act = { .sa_handler = on_stop };
    sigset_t closed;
    sigemptyset(&closed);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        sigaction(ending[i], &act, NULL);
        sigaddset(&closed, ending[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &closed, open);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        sigdelset(open, ending[i]);
    }
}

static int run(const struct options *o, bool check)
{
    char error[512];
    enum log_level level = LOG_INFO;
    if (!log_level_parse(str_from(o->log_level), &level)) {
        fprintf(stderr, "nexus-jobs: log_level: \"%s\" is none of error, warn, info, debug\n", o->log_level);
        return EXIT_FAILURE;
    }
    log_init("nexus-jobs", level);
    struct jobs *j = jobs_create(o, error, sizeof(error));
    if (!j) {
        fprintf(stderr, "nexus-jobs: %s\n", error);
        return EXIT_FAILURE;
    }
    if (check) {
        puts("configuration is fine");
    } else {
        sigset_t open;
        signals_start(&open);
        log_msg(LOG_INFO, "jobs started");
        jobs_loop(j, &stop, &open);
        log_msg(LOG_INFO, "jobs ended");
    }
    jobs_free(j);
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
    int status = run(o, check);
    options_free(o);
    return status;
}
