/* The loop of nexus-decode, and what one of its children does. */
#include "decode/decoder.h"

#include "base/box.h"
#include "base/clock.h"
#include "base/log.h"
#include "decode/decode.h"
#include "decode/picture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND_US  INT64_C(1000000)
#define ASK_US     (5 * SECOND_US) /* in which the caller has to say what it wants */
#define READ_US    (5 * SECOND_US) /* of CPU */
#define WRITE_US   (10 * SECOND_US)
#define WALL_US    (60 * SECOND_US)            /* of each, on a machine that is busy */
#define ROOM       ((size_t)512 * 1024 * 1024) /* of address space, beside what is there before */
#define PIXELS_MAX (sizeof(struct pixels_head) + (size_t)1920 * 1920 * 3)
#define PAUSE_MS   100 /* after accept has failed */

/* ---- what is asked ---- */

static bool receive_call(int peer, struct decode_call *call, int *file)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header; /* for its alignment */
    } control;
    struct iovec part = { .iov_base = call, .iov_len = sizeof(*call) };
    struct msghdr m = { .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = control.bytes,
                        .msg_controllen = sizeof(control.bytes) };
    ssize_t n = recvmsg(peer, &m, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    struct cmsghdr *h = n == (ssize_t)sizeof(*call) ? CMSG_FIRSTHDR(&m) : NULL;
    if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS ||
        h->cmsg_len != CMSG_LEN(sizeof(int))) {
        return false;
    }
    memcpy(file, CMSG_DATA(h), sizeof(*file));
    return call->magic == DECODE_MAGIC && call->bytes > 0 && call->bytes <= DECODE_BYTES_MAX;
}

/* A copy: whoever has written the file may still have it. NULL when there are not as many bytes. */
static char *read_file(int file, size_t size)
{
    char *bytes = malloc(size);
    for (size_t at = 0; bytes && at < size;) {
        ssize_t n = pread(file, bytes + at, size - at, (off_t)at);
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            free(bytes);
            return NULL;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return bytes;
}

/* ---- what becomes of it ---- */

static size_t address_space(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        (void)(fscanf(f, "%lu", &pages) == 1);
        fclose(f);
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static enum decode_fault fault_of(enum box_end end)
{
    return end == BOX_DONE ? DECODE_OK : end == BOX_TIME ? DECODE_TOO_COSTLY : DECODE_CRASHED;
}

static enum box_end in_box(int64_t cpu_us, void (*work)(void *, struct buf *), void *data, struct buf *out)
{
    const struct box_limits l = {
        .cpu_us = cpu_us, .wall_us = WALL_US, .memory = address_space() + ROOM, .threads = true
    };
    return box_run(&l, work, data, out);
}

static bool pixels_are_sound(const struct pixels_head *h, size_t size)
{
    int32_t side = decode_sizes[DECODE_SIZES - 1];
    return h->width > 0 && h->height > 0 && h->pixel_width > 0 && h->pixel_height > 0 &&
           h->pixel_width <= side && h->pixel_height <= side &&
           size == sizeof(*h) + (size_t)h->pixel_width * (size_t)h->pixel_height * 3;
}

/* What the first box said, put down as pixels for the second. */
static enum decode_fault take_pixels(const struct buf *said, struct picture_pixels *p)
{
    if (said->n < sizeof(p->head)) {
        return DECODE_CRASHED;
    }
    memcpy(&p->head, said->p, sizeof(p->head));
    p->bytes = said->p + sizeof(p->head);
    if (p->head.fault != DECODE_OK) {
        return p->head.fault < DECODE_FAULT_COUNT ? (enum decode_fault)p->head.fault : DECODE_CRASHED;
    }
    return pixels_are_sound(&p->head, said->n) ? DECODE_OK : DECODE_CRASHED;
}

static void refuse(struct buf *answer, enum decode_fault fault, const struct pixels_head *h)
{
    const struct decode_head head = {
        .magic = DECODE_MAGIC, .fault = (uint32_t)fault, .width = h->width, .height = h->height
    };
    buf_reset(answer);
    buf_add(answer, &head, sizeof(head));
}

/* False when there were no processes to be had. */
static bool decode(struct picture_file *f, struct buf *answer, enum decode_fault *fault)
{
    struct buf said;
    struct picture_pixels p = { .bytes = NULL };
    buf_init(&said, PIXELS_MAX);
    enum box_end end = in_box(READ_US, picture_read, f, &said);
    *fault = end == BOX_DONE ? take_pixels(&said, &p) : fault_of(end);
    if (end != BOX_FAILED && !*fault) {
        end = in_box(WRITE_US, picture_write, &p, answer);
        *fault = fault_of(end);
    }
    if (*fault) {
        refuse(answer, *fault, &p.head);
    }
    buf_free(&said);
    return end != BOX_FAILED;
}

static bool send_all(int peer, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = send(peer, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            return false;
        }
        bytes = str_skip(bytes, n > 0 ? (size_t)n : 0);
    }
    return true;
}

static int serve(int peer)
{
    struct timeval t = { .tv_sec = ASK_US / SECOND_US };
    struct decode_call call;
    struct buf answer;
    enum decode_fault fault = DECODE_OK;
    int file = -1;
    int64_t start = clock_mono_us();
    (void)setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    (void)setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
    if (!receive_call(peer, &call, &file)) {
        return EXIT_FAILURE;
    }
    char *bytes = read_file(file, (size_t)call.bytes);
    close(file);
    if (!bytes) {
        return EXIT_FAILURE;
    }
    struct picture_file f = { .bytes = { bytes, (size_t)call.bytes }, .pixels_max = call.pixels_max };
    buf_init(&answer, DECODE_ANSWER_MAX);
    bool done = decode(&f, &answer, &fault) && send_all(peer, buf_str(&answer));
    LOG(LOG_INFO, "picture", LOG_TEXT("fault", decode_fault_name(fault)), LOG_NUM("bytes", call.bytes),
        LOG_NUM("us", clock_mono_us() - start));
    buf_free(&answer);
    free(bytes);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the loop ---- */

static void child(int socket, int peer)
{
    static const int plain[] = { SIGTERM, SIGINT, SIGCHLD };
    sigset_t none;
    close(socket);
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        signal(plain[i], SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(serve(peer));
}

static void take(int socket, unsigned *pictures)
{
    int peer = accept4(socket, NULL, NULL, SOCK_CLOEXEC);
    if (peer < 0) {
        bool usual = errno == EINTR || errno == EAGAIN || errno == ECONNABORTED;
        (void)(usual ? 0 : poll(NULL, 0, PAUSE_MS));
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        child(socket, peer);
    }
    *pictures += pid > 0;
    close(peer);
}

static void reap(unsigned *pictures)
{
    int status;
    while (*pictures > 0 && waitpid(-1, &status, WNOHANG) > 0) {
        (*pictures)--;
        if (WIFSIGNALED(status)) {
            LOG(LOG_ERROR, "a decoder was ended", LOG_NUM("signal", WTERMSIG(status)));
        }
    }
}

/* Who finds all at work waits in the backlog: with no socket to look at, only the end of a child is waited
 * for. */
void decoder_loop(const struct options *o, int socket, const volatile int *stop, const sigset_t *open)
{
    unsigned pictures = 0;
    while (!*stop) {
        struct pollfd p = { .fd = pictures < (unsigned)o->decode_photos ? socket : -1, .events = POLLIN };
        int ready = ppoll(&p, 1, NULL, open);
        reap(&pictures);
        if (ready > 0 && !*stop) {
            take(socket, &pictures);
        }
    }
    close(socket);
    while (pictures > 0) {
        (void)ppoll(NULL, 0, NULL, open);
        reap(&pictures);
    }
}
