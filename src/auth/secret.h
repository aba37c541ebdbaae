/*
 * What is made from secret_file: MACs that hide what they are made of, and encryption of what is stored. Each
 * use has a label of its own, so that no two uses share a key. Without a secret_file, of which nexusctl check
 * complains, a fixed key stands in for it.
 */
#ifndef NEXUS_AUTH_SECRET_H
#define NEXUS_AUTH_SECRET_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

#define SECRET_MAC_SIZE 32

/* HMAC-SHA-256. */
void secret_mac(struct str secret, const char *label, struct str text, unsigned char out[SECRET_MAC_SIZE]);

/*
 * AES-256-GCM with a key by HKDF. `context` (an owner's id, say) is authenticated: what was sealed for one is
 * not opened for another. The sealed form has a version, a random nonce and a tag in it.
 */
struct str secret_seal(struct str secret, const char *label, struct str context, struct arena *a,
                       struct str plain);
/* False when it was not sealed like this: damaged, another's, or another secret_file. */
bool secret_open(struct str secret, const char *label, struct str context, struct arena *a, struct str sealed,
                 struct str *plain);

/* From the operating system; aborts when it has none. */
void secret_random(void *to, size_t n);

#endif
