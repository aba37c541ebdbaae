/* Process titles. */
#include "base/title.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static char *area; /* arguments and environment as the kernel laid them out, one behind the other */
static size_t area_size;

/*
 * Kept for ever and in sight of leak checkers: setenv(3) and unsetenv(3) drop the vector and the strings they
 * replace without freeing them.
 */
static char **args_copy __attribute__((used));
static char **environ_strings __attribute__((used));
static char **environ_vector __attribute__((used));

static char **copy_vector(char **v, size_t n)
{
    char **copy = calloc(n + 1, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = strdup(v[i]);
        if (!copy[i]) {
            abort();
        }
    }
    if (!copy) {
        abort();
    }
    return copy;
}

static size_t vector_length(char **v)
{
    size_t n = 0;
    while (v[n]) {
        n++;
    }
    return n;
}

/* Strings of v that directly follow the area belong to it. */
static void area_extend(char **v)
{
    for (size_t i = 0; v[i]; i++) {
        if (v[i] == area + area_size) {
            area_size += strlen(v[i]) + 1;
        }
    }
}

static void move_environment(void)
{
    size_t n = vector_length(environ);
    environ_strings = copy_vector(environ, n);
    environ_vector = calloc(n + 1, sizeof *environ_vector);
    if (!environ_vector) {
        abort();
    }
    memcpy(environ_vector, environ_strings, n * sizeof *environ_vector);
    environ = environ_vector;
}

char **title_init(int argc, char **argv)
{
    args_copy = copy_vector(argv, (size_t)argc);
    if (argc > 0) {
        area = argv[0];
        area_extend(argv);
        area_extend(environ);
        move_environment();
    }
    return args_copy;
}

void title_set(const char *name, const char *fmt, ...)
{
    char text[128];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    prctl(PR_SET_NAME, name);
    if (area_size > 0) {
        memset(area, 0, area_size);
        snprintf(area, area_size, "%s", text);
    }
}
