/*
 * tests/support/chance.h -- random numbers from a seed (splitmix64), the same on every machine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_next(struct chance *c)
{
    uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline size_t below(struct chance *c, size_t n) /* in [0, n), n > 0 */
{
    return (size_t)(chance_next(c) % n);
}

static inline bool percent(struct chance *c, size_t n)
{
    return below(c, 100) < n;
}
