/*
 * app/build.h -- one run of `mudzone build`: what its steps share.
 *
 * The steps run in this order, each stopping the run on failure; until build_publish OUT and all
 * that state says about it stay as they were (keys made on first use excepted: trust rule 1). Owns
 * everything in struct build.
 */
#pragma once

#include "app/app.h"
#include "app/manifest.h"
#include "app/pipeline.h"
#include "app/previous.h"
#include "app/signing.h"
#include "publish/publish.h"
#include "signer/life.h"
#include "signer/parent.h"

struct build_zone {
    struct zone *merged; /* unsigned, announcement and TTL policy applied */
    struct signed_zone signed_zone;
    struct buf previous_text; /* the last signed zone, from state */
    bool keys_made;
    struct life life; /* after this build; state has the one before */
    struct life_params params;
    struct life_events events;         /* from that one to this */
    char accepted_doubt[LIFE_WHY_LEN]; /* about the clock, which the user vouched for; "": none */
    bool shows_cds;
    bool deletes_ds;
    bool frozen;         /* a key is missing: the last good version stays, refreshed */
    struct zone *given;  /* signatures of keys that are elsewhere; may be NULL */
    int64_t observed_at; /* of the observation that is to be stored; 0: none */
    struct buf observation;
    char observation_verdict[PARENT_WHY_LEN];
    bool confirmed;  /* some build of it was public */
    bool has_serial; /* state knows one */
    uint32_t serial;
    char *file; /* "zones/<zone>.zone" */
    char *ds;   /* "zones/<zone>.ds" */
};

struct build {
    struct app *app;
    const char *out;
    bool accept_new_keys;
    bool accept_clock;
    bool allow_include;
    struct words allow_removal;
    struct signing_options signing;

    struct site site;
    struct state *state;
    struct manifest old; /* of the OUT that is there; no zones when there is none */
    struct cms_signer *signer;
    uint8_t https_spki[2][32];
    size_t https_spki_n;
    struct previous previous;
    struct mud_output *docs;
    struct build_zone *zones; /* in the inventory's order */
    size_t zone_n;
    struct sign_progress progress;
    struct diags *alarms; /* what is wrong, but must not keep OUT from being refreshed */
    int alarm;            /* their worst error; the run's, once all is published */
    int64_t rebuild_before_at;
    bool changed; /* OUT was replaced */
};
void build_done(struct build *b);
DEFINE_AUTO(build)

/* build_place.c: OUT lies apart from the state folder and all inputs. Only looks. */
int build_check_place(struct build *b) MUST_USE;

/* build_foreign.c: files in OUT that the last build did not put there. */
int build_warn_foreign(struct build *b) MUST_USE;

/* build_trust.c: trust rule 1. */
int build_trust(struct build *b) MUST_USE;

/* build_life.c: the keys of every zone, as they are to be in this build; later, with the zones. */
int build_keys(struct build *b) MUST_USE;
int build_store_life(struct build *b, size_t i) MUST_USE;

/* build_signal.c: what tells the parents of first DS, in the zones of their name servers. */
int build_signal(struct build *b) MUST_USE;

/* build_print.c: what was built, for people and as JSON. */
void build_print(const struct build *b);
json_t *build_json(const struct build *b);

/* build_merge.c: the announcement laid over each zone. All findings of all zones, before keys are
 * made. */
int build_merge(struct build *b) MUST_USE;

/* build_sign.c: the last signed zone from TEXT, whose digest state has checked: it is what was
   signed here. ERR_STATE when it cannot be read. */
int build_read_last(const struct build *b, size_t i, const struct buf *text, struct zone **ret,
                    struct diags *diags) MUST_USE;
/* Signing, verification. */
int build_sign(struct build *b) MUST_USE;

/* build_out.c: manifest, tree, state, exchange. */
int build_publish(struct build *b) MUST_USE;
/* The digests in the publication zone and the documents change together, or not at all: OUT's web
 * tree stays while that zone is frozen. */
bool build_web_is_frozen(const struct build *b);
