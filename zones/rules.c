/*
 * zones/rules.c -- the rules of this folder: over zones, and over the inventory.
 */
#include "zones/rules_inventory.h"
#include "zones/rules_zone.h"
#include "zones/zones.h"

DIAG_RULES_DEFINE(zones_rules, ZONE_RULES)
DIAG_RULES_DEFINE(inventory_rules, INVENTORY_RULES)
