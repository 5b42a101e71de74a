/*
 * app/key_edit.h -- changing what state says of one zone's keys, by the user's word.
 *
 * Holds the lock of the state folder from open to done. What is changed in `zone.life` is stored by
 * key_edit_store with its events, all or nothing.
 * Errors: those of site_open, state_open, state_life_get; ERR_USAGE, said, for a zone that is not
 * there or has no keys.
 */
#pragma once

#include "app/overview.h"

struct key_edit {
    struct app *app;
    struct site site;
    struct state *state;
    struct zone_overview zone;
};
void key_edit_done(struct key_edit *e);
DEFINE_AUTO(key_edit)

int key_edit_open(struct app *app, const char *zone, struct key_edit *ret) MUST_USE;
/* EVIDENCE: what it rests on, or NULL. */
int key_edit_store(struct key_edit *e, const struct life_events *events,
                   const char *evidence) MUST_USE;
