/*
 * app/rules_all.h -- every rule of every module.
 */
#pragma once

#include "common/diag.h"

/* All rules by id, malloc'ed; NULL when out of memory. */
const struct diag_rule **rules_all_sorted(size_t *ret_n);
