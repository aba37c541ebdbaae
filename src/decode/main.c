/* nexus-decode: decodes pictures, and can do nothing else. */
#include "base/listen.h"
#include "base/log.h"
#include "base/program.h"
#include "decode/decoder.h"
#include "decode/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define BACKLOG 64

static const char help[] =
    "Usage: nexus-decode [-c FILE] [--check]\n\n"
    "Decodes photos for nexus-jobs, in the foreground, each in a process that can only\n"
    "compute, and writes them anew in several sizes.\n\n"
    "  -c, --config FILE  read FILE instead of " OPTIONS_DEFAULT_FILE "\n"
    "      --check        check the configuration and exit\n"
    "  -V, --version      print the version and exit\n"
    "  -h, --help         print this and exit\n\n"
    "Signals: TERM ends it after what is under way.\n";

static int serve(const char *config, struct options *o)
{
    char error[512];
    sigset_t open;
    int fd = listen_private(o->decode_socket, BACKLOG, error, sizeof(error));
    (void)config;
    if (fd < 0 || !picture_start(error, sizeof(error))) {
        fprintf(stderr, "nexus-decode: %s\n", error);
        options_free(o);
        return EXIT_FAILURE;
    }
    if (!o->core_dumps) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    }
    const volatile int *stop = program_signals(&open);
    log_msg(LOG_INFO, "decoder started");
    decoder_loop(o, fd, stop, &open);
    log_msg(LOG_INFO, "decoder ended");
    options_free(o);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct program program = { .name = "nexus-decode", .help = help, .serve = serve };
    return program_main(&program, argc, argv);
}
