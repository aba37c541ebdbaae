/* What a terminal needs: progress on stderr, questions on stdin, the width of a line. */
#ifndef NEXUS_CTL_TERM_H
#define NEXUS_CTL_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Progress of one step. On a terminal it is one line, redrawn at most ten times a second; otherwise a line is
 * printed when the step ends and every ten seconds before. Nothing is printed when `quiet`.
 */
struct progress {
    const char *label; /* literal */
    int64_t total;     /* 0: not known */
    int64_t done;
    int64_t start_us, drawn_us;
    bool terminal, quiet;
};

void progress_start(struct progress *p, const char *label, int64_t total, bool quiet);
void progress_set(struct progress *p, int64_t done);
/* Prints the count, the time taken and, when not NULL, `note`. */
void progress_end(struct progress *p, const char *note);

/* Is stderr a terminal that takes escapes (TERM is not dumb)? */
bool term_progress(void);
/* Colour on stdout: a terminal, NO_COLOR unset or empty, TERM not dumb. */
bool term_colour(void);

/*
 * Ask for a password on the terminal, without echo. False without a word when stdin is no terminal; the text
 * is cut at `size`. The caller wipes it.
 */
bool term_password(const char *question, char *out, size_t size);

#endif
