/* What is said between nexus-decode and who asks it; the asking. */
#include "decode/decode.h"

#include "base/buf.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

const int32_t decode_sizes[DECODE_SIZES] = { 320, 960, 1920 };

static const struct {
    const char *name, *text;
} faults[] = {
#define FAULT(id, name, sentence) { #name, sentence },
    DECODE_FAULTS(FAULT)
#undef FAULT
};

const char *decode_fault_name(enum decode_fault f)
{
    return faults[f].name;
}

const char *decode_fault_text(enum decode_fault f)
{
    return faults[f].text;
}

/* ---- kinds of pictures ---- */

enum decode_media decode_sniff(struct str s)
{
    if (str_starts(s, STR("\xff\xd8\xff"))) {
        return DECODE_JPEG;
    }
    if (str_starts(s, STR("\x89PNG\r\n\x1a\n"))) {
        return DECODE_PNG;
    }
    bool riff = s.n >= DECODE_SNIFF_BYTES && str_starts(s, STR("RIFF"));
    return riff && str_starts(str_skip(s, 8), STR("WEBP")) ? DECODE_WEBP : DECODE_NO_MEDIA;
}

const char *decode_media_type(enum decode_media m)
{
    static const char *const types[] = { "", "image/jpeg", "image/png", "image/webp" };
    return types[m];
}

const char *decode_format_name(enum decode_format f)
{
    return f == DECODE_FORMAT_WEBP ? "webp" : "jpeg";
}

const char *decode_format_suffix(enum decode_format f)
{
    return f == DECODE_FORMAT_WEBP ? "webp" : "jpg";
}

/* ---- answers ---- */

static bool is_size(int32_t size)
{
    for (size_t i = 0; i < DECODE_SIZES; i++) {
        if (decode_sizes[i] == size) {
            return true;
        }
    }
    return false;
}

static bool is_side(int32_t side, int32_t max)
{
    return side > 0 && side <= max;
}

static bool is_sound(const struct decoded *d, const struct decode_variant *v)
{
    for (const struct decode_variant *other = d->variants; other < v; other++) {
        if (other->format == v->format && other->size == v->size) {
            return false;
        }
    }
    enum decode_media wanted = v->format == DECODE_FORMAT_WEBP ? DECODE_WEBP : DECODE_JPEG;
    return is_size(v->size) && is_side(v->width, v->size) && is_side(v->height, v->size) &&
           v->width <= d->width && v->height <= d->height && decode_sniff(v->bytes) == wanted;
}

/* The rest of the message after the variant's bytes; absent when it has not as many. */
static struct str take(struct str rest, uint32_t bytes, struct str *out)
{
    if (bytes > rest.n) {
        return STR_NONE;
    }
    *out = (struct str){ rest.p, bytes };
    return str_skip(rest, bytes);
}

bool decode_answer_read(struct str message, struct decoded *out)
{
    struct decode_head head;
    *out = (struct decoded){ .fault = DECODE_CRASHED };
    if (message.n < sizeof(head)) {
        return false;
    }
    memcpy(&head, message.p, sizeof(head));
    bool known = head.magic == DECODE_MAGIC && head.fault < DECODE_FAULT_COUNT;
    if (!known || head.count != (head.fault == DECODE_OK ? DECODE_VARIANTS_MAX : 0)) {
        return false;
    }
    *out = (struct decoded){ .fault = (enum decode_fault)head.fault,
                             .width = head.width,
                             .height = head.height };
    if (!out->fault && !(is_side(head.width, DECODE_SIDE_MAX) && is_side(head.height, DECODE_SIDE_MAX))) {
        return false;
    }
    struct str rest = str_skip(message, sizeof(head));
    for (; out->count < head.count; out->count++) {
        struct decode_variant *v = &out->variants[out->count];
        bool format_known = head.variants[out->count].format <= DECODE_FORMAT_JPEG;
        v->format = (enum decode_format)head.variants[out->count].format;
        v->size = head.variants[out->count].size;
        v->width = head.variants[out->count].width;
        v->height = head.variants[out->count].height;
        rest = take(rest, head.variants[out->count].bytes, &v->bytes);
        if (!rest.p || !format_known || !is_sound(out, v)) {
            return false;
        }
    }
    return rest.n == 0;
}

/* ---- asking ---- */

static int open_decoder(const char *path, int64_t timeout_us)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct timeval t = { .tv_sec = timeout_us / 1000000, .tv_usec = timeout_us % 1000000 };
    if (strlen(path) >= sizeof(a.sun_path)) {
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
        if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) != 0) {
            close(fd);
            fd = -1;
        }
    }
    return fd;
}

static bool send_call(int fd, int file, const struct decode_call *call)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header; /* for its alignment */
    } control = { .bytes = { 0 } };
    struct iovec part = { .iov_base = (void *)(uintptr_t)call, .iov_len = sizeof(*call) };
    struct msghdr m = { .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = control.bytes,
                        .msg_controllen = sizeof(control.bytes) };
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(file));
    memcpy(CMSG_DATA(h), &file, sizeof(file));
    return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(*call);
}

/* Until it hangs up. */
static bool receive(int fd, struct buf *out)
{
    char bytes[65536];
    for (;;) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n == 0) {
            return true;
        }
        if (n < 0 && errno != EINTR) {
            return false;
        }
        buf_add(out, bytes, n > 0 ? (size_t)n : 0);
        if (out->overflow) {
            return false;
        }
    }
}

bool decode_run(struct arena *a, const char *socket_path, int file, int64_t bytes, int64_t pixels_max,
                int64_t timeout_us, struct decoded *out, const char **why)
{
    const struct decode_call call = { .magic = DECODE_MAGIC, .bytes = bytes, .pixels_max = pixels_max };
    struct buf answer;
    int fd = open_decoder(socket_path, timeout_us);
    if (fd < 0) {
        *why = "nexus-decode cannot be reached";
        return false;
    }
    buf_init(&answer, DECODE_ANSWER_MAX);
    bool came = send_call(fd, file, &call) && receive(fd, &answer) &&
                decode_answer_read(arena_str(a, buf_str(&answer)), out);
    buf_free(&answer);
    close(fd);
    *why = came ? NULL : "nexus-decode gave no answer";
    return came;
}
