/*
 * app/sign_run.h -- one run of `mudzone sign`: any number of zone files, one folder of keys.
 *
 * The folder of keys and what proves earlier files are opened once, by the first zone that gets so
 * far. Everything goes to temporary files; when the last zone is signed all that succeeded are made
 * durable with one sync and renamed. One zone's failure stops no other.
 */
#pragma once

#include <pthread.h>

#include "app/signing.h"

struct sign_run;

/* One zone file on its way. */
struct sign_task {
    struct sign_run *run;
    const char *file;
    struct app app; /* with findings of its own */
    int err;

    uint8_t apex[256];
    bool has_apex;
    struct zone *zone; /* ready to sign */
    struct zone *old;  /* the previous version, or NULL */
    bool old_is_proved;
    uint32_t dnskey_ttl_s;
    bool keys_made;
    char *out_path; /* NULL: standard output */
    struct zone_out *out;
    struct signed_zone result;
};

struct sign_run {
    struct app *app;
    /* as the command line says */
    const char *keys;
    const char *previous;
    const char *out; /* NULL: standard output */
    bool is_folder;  /* `out`, and `previous` too */
    bool has_origin;
    uint8_t origin[256];
    struct dnssec_policy policy;
    const struct ttl_policy *ttl; /* NULL: off */
    bool accept_new_keys;
    bool allow_include;
    struct signing_options signing;

    struct sign_task *tasks;
    size_t task_n;
    struct sign_progress progress;

    pthread_mutex_t lock;      /* of the rest */
    struct key_folder *folder; /* until the last zone has its keys */
    size_t keys_wanted;
    bool is_open; /* tried, with open_err */
    int open_err;
    struct proof *proof;
    bool proved_before;  /* its key was there */
    bool proof_is_tried; /* to make its key, where there was none */
};
void sign_run_done(struct sign_run *run);
DEFINE_AUTO(sign_run)

/* The worst error of all zones; their findings are in app->diags, in order of FILES. */
int sign_run_all(struct sign_run *run, const struct words *files) MUST_USE;

/* sign_task.c: from file to text that waits for its commit; the task keeps the error. */
void sign_task_work(struct sign_task *t, size_t threads);
void sign_task_done(struct sign_task *t);
bool sign_is_same_file(const char *a, const char *b);

/* For tasks. The folder, locked, and the proofs. */
int sign_run_open(struct sign_run *run, struct app *app, const struct key_folder **ret) MUST_USE;
/* For a file to write, once the zone has its keys; NULL: nothing can be proved here. */
int sign_run_digest(struct sign_run *run, struct app *app, struct proof_digest **ret) MUST_USE;
/* This zone needs the folder of keys no more; once for each. */
void sign_run_keys_done(struct sign_run *run);
/* Another zone has this place to write to: false, with a finding. */
bool sign_run_takes_place(struct sign_run *run, struct sign_task *t);
