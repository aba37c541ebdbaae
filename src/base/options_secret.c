/* Secrets from files and from systemd credentials. */
#include "base/options.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_SIZE_MAX 65536

static const struct str credential_prefix = { "credential:", sizeof("credential:") - 1 };

struct secret_file {
    char path[PATH_MAX];
    bool credential; /* under $CREDENTIALS_DIRECTORY */
};

static bool is_file_name(struct str name)
{
    return name.n > 0 && !memchr(name.p, '/', name.n) && !str_eqz(name, ".") && !str_eqz(name, "..");
}

static bool is_under(struct str path, struct str folder)
{
    return folder.n > 0 && str_starts(path, folder) && path.n > folder.n && path.p[folder.n] == '/' &&
           is_file_name(str_skip(path, folder.n + 1));
}

/* NULL on success, else what is wrong. */
static const char *find_file(const char *path, struct secret_file *f)
{
    struct str given = str_from(path);
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    f->credential = str_starts(given, credential_prefix);
    int n;
    if (f->credential) {
        struct str name = str_skip(given, credential_prefix.n);
        if (!is_file_name(name)) {
            return "not the name of a credential";
        }
        if (!folder || !folder[0]) {
            return "CREDENTIALS_DIRECTORY is not set: not started by systemd with this credential";
        }
        n = snprintf(f->path, sizeof(f->path), "%s/" STR_FMT, folder, STR_ARG(name));
    } else {
        f->credential = is_under(given, str_from(folder));
        n = snprintf(f->path, sizeof(f->path), "%s", path);
    }
    return n < 0 || (size_t)n >= sizeof(f->path) ? "the path is too long" : NULL;
}

/*
 * systemd gives credentials to a service's user by an ACL, which shows as group permission (0440) although no
 * group may read; everybody else's files must be their owner's alone.
 */
static const char *check_file(const struct secret_file *f, const struct stat *st)
{
    if (!S_ISREG(st->st_mode)) {
        return "not a regular file";
    }
    if ((st->st_mode & (f->credential ? 0037 : 0077)) != 0) {
        return "readable or writable by others than its owner; chmod 600 it";
    }
    if (st->st_size > SECRET_SIZE_MAX) {
        return "larger than 64 KiB";
    }
    return NULL;
}

static char *read_all(int fd, size_t *size)
{
    char *text = malloc(SECRET_SIZE_MAX + 1);
    size_t n = 0;
    ssize_t got = 1;
    while (text && got != 0 && n < SECRET_SIZE_MAX) {
        got = read(fd, text + n, SECRET_SIZE_MAX - n);
        if (got < 0 && errno != EINTR) {
            free(text);
            return NULL;
        }
        n += got > 0 ? (size_t)got : 0;
    }
    *size = n;
    return text;
}

static void cut_newline(char *text, size_t *size)
{
    if (*size > 0 && text[*size - 1] == '\n') {
        --*size;
        if (*size > 0 && text[*size - 1] == '\r') {
            --*size;
        }
    }
    text[*size] = '\0';
}

static char *read_file(const struct secret_file *f, size_t *size, const char **why)
{
    /* Not blocking: a FIFO in the place of the file must not hang the start. */
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        *why = strerror(errno);
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    *why = check_file(f, &st);
    char *text = *why ? NULL : read_all(fd, size);
    if (!text && !*why) {
        *why = "cannot be read";
    }
    close(fd);
    return text;
}

char *options_secret(const char *path, size_t *size, char *error, size_t error_size)
{
    struct secret_file f;
    const char *why = find_file(path, &f);
    char *text = why ? NULL : read_file(&f, size, &why);
    if (text) {
        cut_newline(text, size);
        if (*size == 0) {
            free(text);
            text = NULL;
            why = "empty";
        }
    }
    if (!text) {
        snprintf(error, error_size, "%s: %s", path, why);
    }
    return text;
}
