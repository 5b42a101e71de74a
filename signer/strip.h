/*
 * signer/strip.h -- which records only a signer makes. Pure.
 */
#pragma once

#include "signer/signer.h"

bool is_signer_type(uint16_t type, bool apex);
