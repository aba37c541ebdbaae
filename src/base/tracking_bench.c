/*
 * What tracking costs a request: reading its address, asking the blocklist, telling the ring. Prints one line
 * each: name, nanoseconds of CPU, of the best of many batches.
 */
#include "base/blocklist.h"
#include "base/request_ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define BATCHES 200
#define ROUNDS  1024

static struct blocklist *list;
static struct request_ring *ring;
static struct address address;
static volatile bool kept;

static void parse(int i)
{
    (void)i;
    kept = address_parse(STR("203.0.113.195"), &address);
}

static void ask(int i)
{
    address.b[13] = (uint8_t)(i * 37);
    address.b[14] = (uint8_t)(i * 101);
    kept = blocklist_has(list, &address, 1);
}

static void tell(int i)
{
    static const char path[] = "/v1/properties/0193c653-c900-7a1f-afd4-69c1691ed165/availability";
    struct request_note *n = request_ring_begin(ring);
    if (!n) {
        request_ring_drop(ring, REQUEST_RING_NOTES);
        n = request_ring_begin(ring);
    }
    n->at_us = i;
    n->address = address;
    n->status = 200;
    n->path_size = sizeof(path) - 1;
    memcpy(n->path, path, sizeof(path) - 1);
    request_ring_end(ring);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void report(const char *name, void (*what)(int i))
{
    int64_t best = INT64_MAX;
    for (int batch = 0; batch < BATCHES; batch++) {
        int64_t start = cpu_ns();
        for (int i = 0; i < ROUNDS; i++) {
            what(i);
        }
        int64_t took = cpu_ns() - start;
        best = took < best ? took : best;
    }
    printf("%-32s%8.1f\n", name, (double)best / ROUNDS);
}

static void *shared(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        abort();
    }
    return p;
}

static void block(size_t count)
{
    static struct blocklist_network networks[BLOCKLIST_MAX];
    for (size_t i = 0; i < count; i++) {
        networks[i] = (struct blocklist_network){ address, 128, BLOCKLIST_FOREVER };
        networks[i].first.b[13] = (uint8_t)(i >> 8);
        networks[i].first.b[14] = (uint8_t)i;
        networks[i].first.b[15] ^= 1;
    }
    (void)blocklist_replace(list, networks, count);
}

int main(void)
{
    list = shared(sizeof(*list));
    ring = shared(sizeof(*ring));
    report("address_parse", parse);
    report("blocklist_has, none blocked", ask);
    block(100);
    report("blocklist_has, 100 blocked", ask);
    block(BLOCKLIST_MAX);
    report("blocklist_has, 20000 blocked", ask);
    report("request_ring", tell);
    return 0;
}
