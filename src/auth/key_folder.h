/*
 * The folder of signing keys (option token_keys): one PEM file a key, ID.pem, and the file `keys` that says
 * what each is for. nexusctl keys changes it, workers only read it. `keys` is replaced as a whole, after the
 * files it names have been written and before those it no longer names are removed, so that a reader finds
 * everything it is told of at any moment.
 *
 * The life of a key: published (others may fetch it, it signs nothing), active (exactly one; it signs), old
 * (it verifies; only its public half is kept), retired (gone: its tokens are refused).
 *
 * "credential:NAME" is a folder that systemd has loaded (LoadCredential=NAME:FOLDER); it cannot change while
 * the service runs.
 */
#ifndef NEXUS_AUTH_KEY_FOLDER_H
#define NEXUS_AUTH_KEY_FOLDER_H

#include "auth/keys.h"

#include <stdint.h>
#include <sys/stat.h>

enum key_state { KEY_PUBLISHED, KEY_ACTIVE, KEY_OLD };

struct key_entry {
    char id[KEY_ID_SIZE + 1];
    enum key_algorithm algorithm;
    enum key_state state;
    int64_t since_s; /* unix seconds: when it came into this state */
};

struct key_list { /* in the order they were made */
    struct key_entry entry[KEYS_MAX];
    size_t count;
};

const char *key_state_name(enum key_state state);

/* All functions: false with one line in error[] (at least 512 bytes) when they fail. */

/* The list. There is exactly one active key in it. */
bool key_folder_read(const char *folder, struct key_list *list, char *error, size_t error_size);
/* The PEM text of a key, malloc'd; NULL on failure. */
char *key_folder_pem(const char *folder, const char *id, size_t *size, char *error, size_t error_size);

/* What tells two states of the folder apart without reading it. Zeroed when it cannot be told. */
struct key_stamp {
    ino_t inode;
    off_t size;
    struct timespec changed;
};
struct key_stamp key_folder_stamp(const char *folder);

/* ---- changes; one at a time, whoever makes them ---- */

struct key_folder_edit {
    int lock; /* the folder, locked */
    char folder[4096];
    uid_t owner;
    gid_t group;
    struct key_list list;
};

/* Lock and read. An empty folder is an empty list here. */
bool key_folder_begin(struct key_folder_edit *e, const char *folder, char *error, size_t error_size);
/* A new key, published; the first one of a folder is active at once. */
bool key_folder_generate(struct key_folder_edit *e, enum key_algorithm algorithm, int64_t now_s,
                         struct key_entry *made, char *error, size_t error_size);
/* Sign with this published key from now on; the one that has signed is old. */
bool key_folder_activate(struct key_folder_edit *e, const char *id, int64_t now_s, char *error,
                         size_t error_size);
/* Remove a key that is not active. */
bool key_folder_retire(struct key_folder_edit *e, const char *id, char *error, size_t error_size);
void key_folder_end(struct key_folder_edit *e);

/* NULL: no such key in the list. */
const struct key_entry *key_list_find(const struct key_list *list, const char *id);

#endif
