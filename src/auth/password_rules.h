/*
 * Which passwords may be chosen. Long enough, not easy to guess, nothing of one's own address or name; no
 * rules about kinds of characters (NIST SP 800-63B). How easy it is to guess is what zxcvbn estimates from
 * lists of common passwords, words and names, keyboard rows, sequences, repeats and dates, their usual
 * disguises included. Everything is in memory; no file and no network is asked.
 */
#ifndef NEXUS_AUTH_PASSWORD_RULES_H
#define NEXUS_AUTH_PASSWORD_RULES_H

#include "base/str.h"

#define PASSWORD_LENGTH_MIN 8    /* Unicode scalars */
#define PASSWORD_LENGTH_MAX 1024 /* Unicode scalars */
/* About 2^33 guesses: what a rate-limited log-in never lets through, and a stolen Argon2id hash resists for
 * years. */
#define PASSWORD_BITS_MIN 34.0

enum password_flaw {
    PASSWORD_GOOD,
    PASSWORD_LENGTH,    /* too short, too long, or no UTF-8 */
    PASSWORD_PERSONAL,  /* contains one's own address or name */
    PASSWORD_GUESSABLE, /* common, or made of what is common */
};

/* `email` and `name` may be absent. At most about ten milliseconds. */
enum password_flaw password_flaw(struct str password, struct str email, struct str name);
/* A code for programs and a sentence for people. */
const char *password_flaw_code(enum password_flaw flaw);
const char *password_flaw_text(enum password_flaw flaw);

#endif
