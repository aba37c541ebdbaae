/* nexus-decode: decodes pictures, and can do nothing else. */
#include "base/listen.h"
#include "base/log.h"
#include "decode/decoder.h"
#include "decode/picture.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define BACKLOG 64

enum { EXIT_USAGE = 2 };

static volatile int stop;

static void on_stop(int sig)
{
    (void)sig;
    stop = 1;
}

static void on_child(int sig)
{
    (void)sig; /* it interrupts the waiting */
}

static const char help[] =
    "Usage: nexus-decode [-c FILE] [--check]\n\n"
    "Decodes photos for nexus-jobs, in the foreground, each in a process that can only\n"
    "compute, and writes them anew in several sizes.\n\n"
    "  -c, --config FILE  read FILE instead of " OPTIONS_DEFAULT_FILE "\n"
    "      --check        check the configuration and exit\n"
    "  -V, --version      print the version and exit\n"
    "  -h, --help         print this and exit\n\n"
    "Signals: TERM ends it after what is under way.\n";

/* Signals come only while there is nothing to do. */
static void signals_start(sigset_t *open)
{
    sigset_t closed;
    sigemptyset(&closed);
    sigaddset(&closed, SIGTERM);
    sigaddset(&closed, SIGINT);
    sigaddset(&closed, SIGCHLD);
    sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_stop }, NULL);
    sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_stop }, NULL);
    sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = on_child }, NULL);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &closed, open);
    sigdelset(open, SIGTERM);
    sigdelset(open, SIGINT);
    sigdelset(open, SIGCHLD);
}

static int serve(const struct options *o)
{
    char error[512];
    sigset_t open;
    int fd = listen_private(o->decode_socket, BACKLOG, error, sizeof(error));
    if (fd < 0 || !picture_start(error, sizeof(error))) {
        fprintf(stderr, "nexus-decode: %s\n", error);
        return EXIT_FAILURE;
    }
    if (!o->core_dumps) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    }
    signals_start(&open);
    log_msg(LOG_INFO, "decoder started");
    decoder_loop(o, fd, &stop, &open);
    log_msg(LOG_INFO, "decoder ended");
    return EXIT_SUCCESS;
}

static int run(const struct options *o, bool check)
{
    enum log_level level = LOG_INFO;
    if (!log_level_parse(str_from(o->log_level), &level)) {
        fprintf(stderr, "nexus-decode: log_level: \"%s\" is none of error, warn, info, debug\n",
                o->log_level);
        return EXIT_FAILURE;
    }
    log_init("nexus-decode", level);
    if (check) {
        puts("configuration is fine");
        return EXIT_SUCCESS;
    }
    return serve(o);
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
            printf("nexus-decode %s\n", PACKAGE_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            fputs(help, stdout);
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "nexus-decode: unexpected argument \"%s\"; see nexus-decode --help\n", argv[optind]);
        return EXIT_USAGE;
    }
    char error[512];
    struct options *o = options_load(config, error, sizeof(error));
    if (!o) {
        fprintf(stderr, "nexus-decode: %s\n", error);
        return EXIT_FAILURE;
    }
    int status = run(o, check);
    options_free(o);
    return status;
}
