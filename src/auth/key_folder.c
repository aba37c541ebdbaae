/* The folder of signing keys: reading it, and changing it so that a reader never sees half a change. */
#include "auth/key_folder.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LIST_NAME "keys"
#define LIST_HEADER                                                                                          \
    "# Signing keys, changed by nexusctl keys: name, algorithm, state, since (unix seconds).\n"
#define LIST_LINE_MAX   128
#define CREDENTIAL      "credential:"
#define FOLDER_NAME_MAX (KEY_ID_SIZE + 16)

static const char *const state_names[] = {
    [KEY_PUBLISHED] = "published", [KEY_ACTIVE] = "active", [KEY_OLD] = "old"
};

#define STATES (sizeof(state_names) / sizeof(state_names[0]))

const char *key_state_name(enum key_state state)
{
    return state_names[state];
}

/* ---- reading ---- */

/* A file of the folder as options_secret takes it; systemd puts an underscore between the names. */
static void path_of(char path[PATH_MAX], const char *folder, const char *name, const char *suffix)
{
    bool credential = strncmp(folder, CREDENTIAL, strlen(CREDENTIAL)) == 0;
    snprintf(path, PATH_MAX, "%s%c%s%s", folder, credential ? '_' : '/', name, suffix);
}

static bool parse_state(struct str name, enum key_state *state)
{
    for (size_t i = 0; i < STATES; i++) {
        if (str_eqz(name, state_names[i])) {
            *state = (enum key_state)i;
            return true;
        }
    }
    return false;
}

static bool parse_line(struct str line, struct key_entry *e)
{
    struct str id, algorithm, state;
    if (!str_split(&line, ' ', &id) || !str_split(&line, ' ', &algorithm) || !str_split(&line, ' ', &state) ||
        id.n != KEY_ID_SIZE || memchr(id.p, '/', id.n)) {
        return false;
    }
    memcpy(e->id, id.p, id.n);
    e->id[id.n] = '\0';
    e->algorithm = str_eqz(algorithm, key_algorithm_name(KEY_ES256)) ? KEY_ES256 : KEY_EDDSA;
    return str_eqz(algorithm, key_algorithm_name(e->algorithm)) && parse_state(state, &e->state) && line.p &&
           str_int64(line, &e->since_s);
}

/* NULL, or what is wrong. */
static const char *parse_list(struct str text, struct key_list *list)
{
    struct str line;
    size_t active = 0;
    list->count = 0;
    while (str_split(&text, '\n', &line)) {
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        if (list->count == KEYS_MAX) {
            return "has more keys than fit";
        }
        struct key_entry *e = &list->entry[list->count++];
        if (!parse_line(line, e)) {
            return "has a line that is not \"name algorithm state since\"";
        }
        active += e->state == KEY_ACTIVE;
    }
    return active == 1 ? NULL : "does not have exactly one active key";
}

bool key_folder_read(const char *folder, struct key_list *list, char *error, size_t error_size)
{
    char path[PATH_MAX];
    size_t size;
    if (!folder[0]) {
        snprintf(error, error_size, "token_keys is not set: there is no key to sign tokens with");
        return false;
    }
    path_of(path, folder, LIST_NAME, "");
    char *text = options_secret(path, &size, error, error_size);
    if (!text) {
        return false;
    }
    const char *why = parse_list((struct str){ text, size }, list);
    free(text);
    if (why) {
        snprintf(error, error_size, "%.200s: %s", path, why);
    }
    return !why;
}

char *key_folder_pem(const char *folder, const char *id, size_t *size, char *error, size_t error_size)
{
    char path[PATH_MAX];
    path_of(path, folder, id, ".pem");
    return options_secret(path, size, error, error_size);
}

struct key_stamp key_folder_stamp(const char *folder)
{
    char path[PATH_MAX];
    struct stat st;
    path_of(path, folder, LIST_NAME, "");
    if (stat(path, &st) != 0) {
        return (struct key_stamp){ 0 };
    }
    return (struct key_stamp){ .inode = st.st_ino, .size = st.st_size, .changed = st.st_mtim };
}

const struct key_entry *key_list_find(const struct key_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->entry[i].id, id) == 0) {
            return &list->entry[i];
        }
    }
    return NULL;
}

/* ---- changing ---- */

static bool failed(char *error, size_t error_size, const char *folder, const char *name)
{
    snprintf(error, error_size, "%.300s/%.80s: %s", folder, name, strerror(errno));
    return false;
}

bool key_folder_begin(struct key_folder_edit *e, const char *folder, char *error, size_t error_size)
{
    struct stat st;
    *e = (struct key_folder_edit){ .lock = -1 };
    if (!folder[0] || strncmp(folder, CREDENTIAL, strlen(CREDENTIAL)) == 0 ||
        strlen(folder) >= sizeof(e->folder)) {
        snprintf(error, error_size, "token_keys must name a folder here; nexus.conf(5)");
        return false;
    }
    snprintf(e->folder, sizeof(e->folder), "%s", folder);
    e->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (e->lock < 0 || flock(e->lock, LOCK_EX) != 0 || fstat(e->lock, &st) != 0) {
        (void)failed(error, error_size, folder, "");
        key_folder_end(e);
        return false;
    }
    e->owner = st.st_uid;
    e->group = st.st_gid;
    bool empty = faccessat(e->lock, LIST_NAME, F_OK, 0) != 0 && errno == ENOENT;
    if (!empty && !key_folder_read(folder, &e->list, error, error_size)) {
        key_folder_end(e);
        return false;
    }
    return true;
}

void key_folder_end(struct key_folder_edit *e)
{
    if (e->lock >= 0) {
        close(e->lock);
        e->lock = -1;
    }
}

/* Complete under a name nobody reads, owned by whoever owns the folder (the workers' user), then in place. */
static bool put_file(const struct key_folder_edit *e, const char *name, const char *text, size_t n)
{
    static const char *const fresh = ".new";
    int fd = openat(e->lock, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && (geteuid() != 0 || fchown(fd, e->owner, e->group) == 0) &&
                write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
    if (fd >= 0) {
        good = close(fd) == 0 && good;
    }
    good = good && renameat(e->lock, fresh, e->lock, name) == 0 && fsync(e->lock) == 0;
    if (!good) {
        int why = errno;
        unlinkat(e->lock, fresh, 0);
        errno = why;
    }
    return good;
}

static bool put_list(const struct key_folder_edit *e, char *error, size_t error_size)
{
    char text[sizeof(LIST_HEADER) + KEYS_MAX * LIST_LINE_MAX];
    size_t n = (size_t)snprintf(text, sizeof(text), "%s", LIST_HEADER);
    for (size_t i = 0; i < e->list.count; i++) {
        const struct key_entry *k = &e->list.entry[i];
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %s %s %" PRId64 "\n", k->id,
                              key_algorithm_name(k->algorithm), state_names[k->state], k->since_s);
    }
    return put_file(e, LIST_NAME, text, n) || failed(error, error_size, e->folder, LIST_NAME);
}

static bool put_key(const struct key_folder_edit *e, const char *id, EVP_PKEY *pkey, bool private,
                    char *error, size_t error_size)
{
    char name[FOLDER_NAME_MAX];
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    bool made = bio && (private ? PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL)
                                : PEM_write_bio_PUBKEY(bio, pkey)) == 1;
    long n = made ? BIO_get_mem_data(bio, &text) : 0;
    snprintf(name, sizeof(name), "%s.pem", id);
    bool good = n > 0 && put_file(e, name, text, (size_t)n);
    if (n > 0) {
        OPENSSL_cleanse(text, (size_t)n);
    }
    BIO_free(bio);
    return good || failed(error, error_size, e->folder, name);
}

/* NULL when OpenSSL fails. No name begins with a dash, so that none looks like an option. */
static EVP_PKEY *make_key(enum key_algorithm algorithm, char id[KEY_ID_SIZE + 1])
{
    EVP_PKEY *pkey;
    bool named;
    do {
        pkey = algorithm == KEY_ES256 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                                      : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        named = pkey && key_thumbprint(pkey, algorithm, id);
        if (!named || id[0] == '-') {
            EVP_PKEY_free(pkey);
            pkey = NULL;
        }
    } while (named && !pkey);
    return pkey;
}

bool key_folder_generate(struct key_folder_edit *e, enum key_algorithm algorithm, int64_t now_s,
                         struct key_entry *made, char *error, size_t error_size)
{
    if (e->list.count == KEYS_MAX) {
        snprintf(error, error_size, "%.300s has %d keys already; retire old ones", e->folder, KEYS_MAX);
        return false;
    }
    *made = (struct key_entry){ .algorithm = algorithm,
                                .state = e->list.count == 0 ? KEY_ACTIVE : KEY_PUBLISHED,
                                .since_s = now_s };
    EVP_PKEY *pkey = make_key(algorithm, made->id);
    if (!pkey) {
        snprintf(error, error_size, "OpenSSL made no key");
    }
    bool good = pkey && put_key(e, made->id, pkey, true, error, error_size);
    EVP_PKEY_free(pkey);
    if (good) {
        e->list.entry[e->list.count++] = *made;
    }
    return good && put_list(e, error, error_size);
}

static struct key_entry *find(struct key_list *list, const char *id)
{
    return (struct key_entry *)key_list_find(list, id);
}

/* The private half is of no use to anybody but a thief once the key no longer signs. */
static bool forget_private(const struct key_folder_edit *e, const char *id, char *error, size_t error_size)
{
    size_t size;
    EVP_PKEY *pkey = NULL;
    char *pem = key_folder_pem(e->folder, id, &size, error, error_size);
    if (!pem) {
        return false;
    }
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    explicit_bzero(pem, size);
    free(pem);
    bool good = !pkey || put_key(e, id, pkey, false, error, error_size);
    EVP_PKEY_free(pkey);
    return good;
}

bool key_folder_activate(struct key_folder_edit *e, const char *id, int64_t now_s, char *error,
                         size_t error_size)
{
    char before[KEY_ID_SIZE + 1] = "";
    struct key_entry *next = find(&e->list, id);
    if (!next || next->state != KEY_PUBLISHED) {
        snprintf(error, error_size, "only a published key can be made active");
        return false;
    }
    for (size_t i = 0; i < e->list.count; i++) {
        struct key_entry *k = &e->list.entry[i];
        if (k->state == KEY_ACTIVE) {
            k->state = KEY_OLD;
            k->since_s = now_s;
            memcpy(before, k->id, sizeof(before));
        }
    }
    next->state = KEY_ACTIVE;
    next->since_s = now_s;
    return put_list(e, error, error_size) && (!before[0] || forget_private(e, before, error, error_size));
}

bool key_folder_retire(struct key_folder_edit *e, const char *id, char *error, size_t error_size)
{
    char name[FOLDER_NAME_MAX];
    struct key_entry *k = find(&e->list, id);
    if (!k || k->state == KEY_ACTIVE) {
        snprintf(error, error_size, "only a key that is not active can be retired");
        return false;
    }
    snprintf(name, sizeof(name), "%s.pem", k->id);
    size_t left = e->list.count - (size_t)(k - e->list.entry) - 1;
    memmove(k, k + 1, left * sizeof(*k));
    e->list.count--;
    if (!put_list(e, error, error_size)) {
        return false;
    }
    if ((unlinkat(e->lock, name, 0) != 0 && errno != ENOENT) || fsync(e->lock) != 0) {
        return failed(error, error_size, e->folder, name);
    }
    return true;
}
