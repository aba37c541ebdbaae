/*
 * multipart/form-data (RFC 7578) as it comes, in pieces of any size and without keeping any of it: a file in
 * it may be far larger than memory. Strict: what a browser or client library would not send is refused, so
 * that nobody reads a body in another way than we do. No preamble, no epilogue, no nesting, no transfer
 * encodings, no folded headers, each part with a name.
 */
#ifndef NEXUS_HTTP_MULTIPART_H
#define NEXUS_HTTP_MULTIPART_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */
#define MULTIPART_HEAD_MAX     4096
#define MULTIPART_NAME_MAX     64
#define MULTIPART_PARTS_MAX    16

/* FAULT(name, sentence) */
#define MULTIPART_FAULTS(FAULT)                                                                              \
    FAULT(FINE, "")                                                                                          \
    FAULT(START, "The body does not start with its boundary.")                                               \
    FAULT(BOUNDARY, "After a boundary there is neither the end of the line nor the end of the body.")        \
    FAULT(HEAD_SIZE, "The headers of a part are longer than 4096 bytes.")                                    \
    FAULT(HEAD, "A header of a part cannot be read.")                                                        \
    FAULT(DISPOSITION, "A part has no Content-Disposition: form-data with a name.")                          \
    FAULT(NAME, "The name of a part is empty, longer than 64 bytes, no UTF-8 or has control characters.")    \
    FAULT(ENCODING, "A part has a transfer encoding, or parts of its own.")                                  \
    FAULT(PARTS, "The body has more than 16 parts.")                                                         \
    FAULT(CUT_OFF, "The body ends before its last boundary.")                                                \
    FAULT(AFTER_END, "Something follows after the last boundary.")                                           \
    FAULT(REFUSED, "A part is refused.")

enum multipart_fault {
#define FAULT(id, sentence) MULTIPART_##id,
    MULTIPART_FAULTS(FAULT)
#undef FAULT
        MULTIPART_FAULT_COUNT
};
const char *multipart_fault_text(enum multipart_fault f);

/* Called in order: part, data any number of times, end. False ends the reading with MULTIPART_REFUSED. */
struct multipart_calls {
    bool (*part)(void *data, struct str name, bool is_file);
    bool (*data)(void *data, struct str bytes);
    bool (*end)(void *data);
};

struct multipart {
    const struct multipart_calls *calls;
    void *data;
    enum multipart_fault fault;
    int state;
    char delimiter[MULTIPART_BOUNDARY_MAX + 4]; /* CR LF - - boundary */
    size_t delimiter_size, matched;
    char head[MULTIPART_HEAD_MAX];
    size_t head_size;
    int parts;
};

/* Whether this is the Content-Type of such a body, and its boundary. */
bool multipart_boundary(struct str content_type, struct str *boundary);

void multipart_start(struct multipart *m, struct str boundary, const struct multipart_calls *calls,
                     void *data);
/* The next bytes. MULTIPART_FINE while there may be more; a fault stays. */
enum multipart_fault multipart_feed(struct multipart *m, struct str bytes);
/* There are no more. */
enum multipart_fault multipart_finish(struct multipart *m);

#endif
