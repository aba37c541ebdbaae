/* One writer, one reader, no lock. */
#include "base/request_ring.h"

#define MASK (REQUEST_RING_NOTES - 1)

struct request_note *request_ring_begin(struct request_ring *r)
{
    uint64_t written = atomic_load_explicit(&r->written, memory_order_relaxed);
    if (written - atomic_load_explicit(&r->read, memory_order_acquire) >= REQUEST_RING_NOTES) {
        uint64_t lost = atomic_load_explicit(&r->lost, memory_order_relaxed);
        atomic_store_explicit(&r->lost, lost + 1, memory_order_relaxed);
        return NULL;
    }
    return &r->notes[written & MASK];
}

void request_ring_end(struct request_ring *r)
{
    uint64_t written = atomic_load_explicit(&r->written, memory_order_relaxed);
    atomic_store_explicit(&r->written, written + 1, memory_order_release);
}

size_t request_ring_peek(const struct request_ring *r, const struct request_note **notes, size_t most)
{
    uint64_t read = atomic_load_explicit(&r->read, memory_order_relaxed);
    uint64_t count = atomic_load_explicit(&r->written, memory_order_acquire) - read;
    uint64_t piece = REQUEST_RING_NOTES - (read & MASK);
    *notes = &r->notes[read & MASK];
    count = count < piece ? count : piece;
    return count < most ? (size_t)count : most;
}

void request_ring_drop(struct request_ring *r, size_t count)
{
    uint64_t read = atomic_load_explicit(&r->read, memory_order_relaxed);
    atomic_store_explicit(&r->read, read + count, memory_order_release);
}
