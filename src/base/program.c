/* Command line and signals of services. */
#include "base/program.h"

#include "base/log.h"
#include "base/title.h"

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

static void on_child(int sig)
{
    (void)sig; /* it interrupts the waiting */
}

const volatile int *program_signals(sigset_t *open)
{
    static const struct {
        int number;
        void (*handler)(int);
    } handled[] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGCHLD, on_child } };
    sigset_t closed;
    sigemptyset(&closed);
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
        sigaddset(&closed, handled[i].number);
        sigaction(handled[i].number, &(struct sigaction){ .sa_handler = handled[i].handler }, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &closed, open);
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
        sigdelset(open, handled[i].number);
    }
    return &stop;
}

/* What is wrong with the options, or NULL. */
static const char *fault_of(const struct program *p, const struct options *o, char *error, size_t n)
{
    enum log_level level = LOG_INFO;
    if (!log_level_parse(str_from(o->log_level), &level)) {
        snprintf(error, n, "log_level: \"%s\" is none of error, warn, info, debug", o->log_level);
        return error;
    }
    log_init(p->name, level);
    return p->possible ? p->possible(o, error, n) : NULL;
}

static int run(const struct program *p, const char *config, bool check)
{
    char error[512];
    struct options *o = options_load(config, error, sizeof(error));
    const char *wrong = o ? fault_of(p, o, error, sizeof(error)) : error;
    if (!wrong && !check) {
        return p->serve(config, o);
    }
    if (wrong) {
        fprintf(stderr, "%s: %s\n", p->name, wrong);
    } else {
        puts("configuration is fine");
    }
    if (o) {
        options_free(o);
    }
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

int program_main(const struct program *p, int argc, char **argv)
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
            printf("%s %s\n", p->name, PACKAGE_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            fputs(p->help, stdout);
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "%s: unexpected argument \"%s\"; see %s --help\n", p->name, argv[optind], p->name);
        return EXIT_USAGE;
    }
    return run(p, config, check);
}
