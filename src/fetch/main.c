/* nexus-fetch: the one process that calls servers of others. */
#include "base/log.h"
#include "base/program.h"
#include "fetch/fetcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static const char help[] =
    "Usage: nexus-fetch [-c FILE] [--check]\n\n"
    "Calls servers of others for nexus-api and nexus-jobs, in the foreground: only public\n"
    "addresses, within bounds of time and size.\n\n"
    "  -c, --config FILE  read FILE instead of " OPTIONS_DEFAULT_FILE "\n"
    "      --check        check the configuration and exit\n"
    "  -V, --version      print the version and exit\n"
    "  -h, --help         print this and exit\n\n"
    "Signals: TERM ends it after the calls under way.\n";

static int serve(const char *config, struct options *o)
{
    char error[512];
    sigset_t open;
    int fd = fetcher_listen(o, error, sizeof(error));
    (void)config;
    if (fd < 0) {
        fprintf(stderr, "nexus-fetch: %s\n", error);
        options_free(o);
        return EXIT_FAILURE;
    }
    if (!o->core_dumps) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    }
    const volatile int *stop = program_signals(&open);
    log_msg(LOG_INFO, "fetcher started");
    fetcher_loop(o, fd, stop, &open);
    log_msg(LOG_INFO, "fetcher ended");
    options_free(o);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct program program = { .name = "nexus-fetch", .help = help, .serve = serve };
    return program_main(&program, argc, argv);
}
