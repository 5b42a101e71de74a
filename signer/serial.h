/*
 * signer/serial.h -- SOA serials, always forward (RFC 1982; DESIGN trust rule 4). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "signer/signer.h"

uint32_t serial_later(uint32_t a, uint32_t b);

/*
 * The policy's serial for NOW when it is after BASE, else BASE + 1. The result is after PUBLISHED
 * as well: RFC 1982 order is not transitive, so being after BASE says nothing about what BASE is
 * after.
 */
uint32_t serial_next(uint32_t base, uint32_t published, enum serial_policy policy, int64_t now);
