/* nexus-api: options of the command line, then the supervisor. */
#include "api/supervisor.h"
#include "base/log.h"
#include "base/near.h"
#include "base/options.h"
#include "base/title.h"
#include "http/serve.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

enum action { ACTION_SERVE, ACTION_CHECK, ACTION_VERSION, ACTION_HELP };

struct command {
    enum action action;
    const char *config; /* NULL: the default file */
};

static const struct {
    const char *name;
    char letter; /* 0 = none */
    bool takes_value;
    enum action action;
    const char *help;
} arguments[] = {
    { "--config", 'c', true, ACTION_SERVE, "read FILE instead of " OPTIONS_DEFAULT_FILE },
    { "--check", 0, false, ACTION_CHECK, "check the configuration and exit" },
    { "--version", 'V', false, ACTION_VERSION, "print the version and exit" },
    { "--help", 'h', false, ACTION_HELP, "print this and exit" },
};
#define ARGUMENTS (sizeof arguments / sizeof arguments[0])

static void print_help(void)
{
    printf("Usage: nexus-api [-c FILE] [--check]\n\n"
           "Runs the supervisor and the workers of the Nexus API in the foreground.\n\n");
    for (size_t i = 0; i < ARGUMENTS; i++) {
        char letter[] = { '-', arguments[i].letter, ',', '\0' };
        printf("  %3s %-10s %-5s %s\n", arguments[i].letter ? letter : "", arguments[i].name,
               arguments[i].takes_value ? "FILE" : "", arguments[i].help);
    }
    printf("\nSignals: TERM drains and ends, HUP starts a new generation, USR1 logs the state.\n"
           "Every setting FOO of the file can be overridden by NEXUS_FOO in the environment.\n");
}

static int usage_error(const char *given)
{
    struct near n = near_start(str_from(given));
    for (size_t i = 0; i < ARGUMENTS; i++) {
        near_offer(&n, arguments[i].name);
    }
    const char *best = near_best(&n);
    fprintf(stderr, "nexus-api: unknown argument \"%s\"%s%s%s; see nexus-api --help\n", given,
            best ? ", did you mean " : "", best ? best : "", best ? "?" : "");
    return EXIT_USAGE;
}

/* Index into arguments, or ARGUMENTS. *value is what follows in the same word ("--config=FILE", "-cFILE"). */
static size_t find_argument(const char *word, const char **value)
{
    for (size_t i = 0; i < ARGUMENTS; i++) {
        size_t n = strlen(arguments[i].name);
        if (strncmp(word, arguments[i].name, n) == 0 && (word[n] == '\0' || word[n] == '=')) {
            *value = word[n] == '=' ? word + n + 1 : NULL;
            return i;
        }
        if (arguments[i].letter && word[0] == '-' && word[1] == arguments[i].letter) {
            *value = word[2] ? word + 2 : NULL;
            return i;
        }
    }
    return ARGUMENTS;
}

/* 0, or the exit status of a usage error that has been reported. */
static int parse_command(char **argv, struct command *c)
{
    for (size_t i = 1; argv[i]; i++) {
        const char *value = NULL;
        size_t a = find_argument(argv[i], &value);
        if (a == ARGUMENTS || (value && !arguments[a].takes_value)) {
            return usage_error(argv[i]);
        }
        if (!arguments[a].takes_value) {
            c->action = arguments[a].action;
            continue;
        }
        if (!value && !(value = argv[++i])) {
            fprintf(stderr, "nexus-api: %s needs a value; see nexus-api --help\n", arguments[a].name);
            return EXIT_USAGE;
        }
        c->config = value;
    }
    return 0;
}

/*
 * Every secret a worker needs must be readable now: a reload must fail before the old workers are gone. The
 * owner role's password is not among them, a worker never has it.
 */
static bool secrets_readable(const struct options *o, char *error, size_t n)
{
    const char *const paths[] = { o->database_password_file, o->redis_password_file, o->secret_file };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        size_t size;
        char *secret = paths[i][0] != '\0' ? options_secret(paths[i], &size, error, n) : NULL;
        if (paths[i][0] != '\0' && !secret) {
            return false;
        }
        if (secret) {
            explicit_bzero(secret, size);
        }
        free(secret);
    }
    return true;
}

/* What a worker makes of the options: keys that are no keys, a secret that is too short. Connects to nothing.
 */
static bool service_possible(const struct options *o, char *error, size_t n)
{
    struct service *s = service_create(o, NULL, error, n);
    if (s) {
        service_destroy(s);
    }
    return s != NULL;
}

/* NULL with one line on stderr when the configuration cannot be used. */
static struct options *load(const struct command *c)
{
    char error[512];
    enum log_level level;
    struct options *o = options_load(c->config ? c->config : OPTIONS_DEFAULT_FILE, error, sizeof error);
    if (!o) {
        fprintf(stderr, "nexus-api: %s\n", error);
        return NULL;
    }
    if (!log_level_parse(str_from(o->log_level), &level)) {
        fprintf(stderr, "nexus-api: log_level: \"%s\" is none of error, warn, info, debug\n", o->log_level);
    } else {
        log_init("nexus-api", level);
        if (secrets_readable(o, error, sizeof error) && service_possible(o, error, sizeof error)) {
            return o;
        }
        fprintf(stderr, "nexus-api: %s\n", error);
    }
    options_free(o);
    return NULL;
}

/*
 * The path under which the next generation is executed: as called, made absolute, symbolic links kept, so
 * that a link moved to another version is followed. /proc/self/exe would go on naming the deleted file of
 * this version.
 */
static char *own_path(const char *called)
{
    char cwd[PATH_MAX];
    char *path = NULL;
    if (called[0] == '/') {
        path = strdup(called);
    } else if (strchr(called, '/') && getcwd(cwd, sizeof cwd)) {
        path = asprintf(&path, "%s/%s", cwd, called) > 0 ? path : NULL;
    } else {
        ssize_t n = readlink("/proc/self/exe", cwd, sizeof cwd - 1);
        cwd[n > 0 ? n : 0] = '\0';
        path = n > 0 ? strdup(cwd) : NULL;
    }
    return path;
}

static int serve(char **argv, const struct command *c, const struct options *o)
{
    char *program = own_path(argv[0]);
    if (!program) {
        fprintf(stderr, "nexus-api: cannot tell where this program is\n");
        return EXIT_FAILURE;
    }
    if (!o->core_dumps && setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }) != 0) {
        fprintf(stderr, "nexus-api: cannot switch core dumps off: %s\n", strerror(errno));
        free(program);
        return EXIT_FAILURE;
    }
    struct supervisor_setup setup = { .program = program, .argv = argv, .config = c->config, .options = o };
    int status = supervisor_run(&setup);
    free(program);
    return status;
}

static int run(char **argv, const struct command *c)
{
    struct options *o = load(c);
    if (!o) {
        return EXIT_FAILURE;
    }
    int status = EXIT_SUCCESS;
    if (c->action == ACTION_CHECK) {
        printf("configuration is fine\n");
    } else {
        status = serve(argv, c, o);
    }
    options_free(o);
    return status;
}

int main(int argc, char **argv)
{
    struct command c = { .action = ACTION_SERVE };
    char **args = title_init(argc, argv);
    int status = parse_command(args, &c);
    if (status != 0) {
        return status;
    }
    switch (c.action) {
    case ACTION_HELP:
        print_help();
        return EXIT_SUCCESS;
    case ACTION_VERSION:
        printf("nexus-api %s\n", PACKAGE_VERSION);
        return EXIT_SUCCESS;
    default:
        return run(args, &c);
    }
}
