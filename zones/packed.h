/*
 * zones/packed.h -- for signer/: what a snapshot is made of, since signing makes snapshots leaf by
 * leaf. All other folders read them through zones/zones.h.
 */
#pragma once

#include "zones/edit.h"
#include "zones/pack.h"
#include "zones/snapshot.h"
#include "zones/tree.h"
#include "zones/wire.h"
