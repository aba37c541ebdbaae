/* Progress and questions. */
#include "ctl/term.h"

#include "base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define REDRAW_US 100000
#define LINE_US   10000000
#define BAR_WIDTH 24

static bool dumb(void)
{
    const char *term = getenv("TERM");
    return term && strcmp(term, "dumb") == 0;
}

bool term_progress(void)
{
    return isatty(STDERR_FILENO) && !dumb();
}

bool term_colour(void)
{
    const char *no = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !dumb() && (!no || !no[0]);
}

static double seconds(int64_t us)
{
    return (double)us / 1e6;
}

static void draw_bar(const struct progress *p, int64_t now)
{
    char bar[BAR_WIDTH + 1];
    int64_t filled = p->total > 0 ? p->done * BAR_WIDTH / p->total : 0;
    for (int64_t i = 0; i < BAR_WIDTH; i++) {
        bar[i] = i < filled ? '#' : '.';
    }
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%-26s ", p->label);
    if (p->total > 0) {
        fprintf(stderr, "[%s] %3d%% ", bar, (int)(p->done * 100 / p->total));
    } else if (p->done > 0) {
        fprintf(stderr, "%lld ", (long long)p->done);
    }
    fprintf(stderr, "%.0f s ", seconds(now - p->start_us));
    if (p->total > 0 && p->done > p->total / 20 && p->done < p->total) {
        double left = seconds(now - p->start_us) * (double)(p->total - p->done) / (double)p->done;
        fprintf(stderr, "(%.0f s left) ", left);
    }
    fputs("\033[K", stderr);
    fflush(stderr);
}

static void draw_line(const struct progress *p, int64_t now)
{
    fprintf(stderr, "%-26s %lld", p->label, (long long)p->done);
    if (p->total > 0) {
        fprintf(stderr, " of %lld", (long long)p->total);
    }
    fprintf(stderr, ", %.0f s\n", seconds(now - p->start_us));
}

void progress_start(struct progress *p, const char *label, int64_t total, bool quiet)
{
    int64_t now = clock_mono_us();
    *p = (struct progress){ .label = label,
                            .total = total,
                            .start_us = now,
                            .drawn_us = now,
                            .terminal = term_progress(),
                            .quiet = quiet };
    if (p->terminal && !quiet) {
        draw_bar(p, now);
    }
}

void progress_set(struct progress *p, int64_t done)
{
    int64_t now = clock_mono_us();
    p->done = done;
    if (p->quiet || now - p->drawn_us < (p->terminal ? REDRAW_US : LINE_US)) {
        return;
    }
    p->drawn_us = now;
    p->terminal ? draw_bar(p, now) : draw_line(p, now);
}

void progress_end(struct progress *p, const char *note)
{
    if (p->quiet) {
        return;
    }
    fprintf(stderr, "%s%-26s ", p->terminal ? "\r" : "", p->label);
    if (p->done > 0) {
        fprintf(stderr, "%lld, ", (long long)p->done);
    }
    fprintf(stderr, "%.1f s%s%s%s\n", seconds(clock_mono_us() - p->start_us), note ? ", " : "",
            note ? note : "", p->terminal ? "\033[K" : "");
}

/* The terminal as it was, for whoever presses Ctrl-C while echo is off. */
static struct termios as_it_was;

static void restore_and_die(int number)
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
    signal(number, SIG_DFL);
    raise(number);
}

/* Echo goes off before the question shows, so that an answer can follow at once. */
static bool read_hidden(const char *question, char *out, size_t size)
{
    struct termios quiet = as_it_was;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    fprintf(stderr, "%s: ", question);
    fflush(stderr);
    bool ok = fgets(out, (int)size, stdin) != NULL;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
    fputc('\n', stderr);
    if (ok) {
        out[strcspn(out, "\n")] = '\0';
    }
    return ok;
}

bool term_password(const char *question, char *out, size_t size)
{
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &as_it_was) != 0) {
        return false;
    }
    struct sigaction before[2], restore = { .sa_handler = restore_and_die };
    sigaction(SIGINT, &restore, &before[0]);
    sigaction(SIGTERM, &restore, &before[1]);
    bool ok = read_hidden(question, out, size);
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
    return ok;
}
