/*
 * zones/rdata.h -- private: the layout of every record type we know; validation and canonical form.
 *
 * Pure: no I/O, no allocation. Whatever passes rdata_check can be read by libknot's accessors (and
 * ours) without leaving its bounds; unknown types pass as they are (RFC 3597).
 * Source: RFC 4034 s6.2, RFC 6840 s5.1 (which names are lower-cased), and the RFC of each type.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL when DATA is well-formed rdata of TYPE, else what is wrong with it, in words. */
const char *rdata_check(uint16_t type, const uint8_t *data, size_t len);

/* Lower-cases the names that canonical form wants lower. DATA must have passed rdata_check. */
void rdata_canonical(uint16_t type, uint8_t *data, size_t len);

/* May records of TYPE stand in a zone? Questions, OPT and transaction types may not. */
bool rdata_is_zone_type(uint16_t type);
