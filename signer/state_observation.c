/* What the parent said and what was made of it: the latest observations of each zone, as evidence.
 */
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "signer/state.h"

#define OBSERVATIONS_KEPT 4 /* of a zone: enough to see a change, and what was before it */

static int put(struct state *s, const uint8_t *zone, const struct state_observation *o)
{
    int64_t id = 0;
    int err = state_zone_id(s, zone, true, &id);
    if (err == ERR_OK) /* the same one judged again, at another moment */
        err = state_run(s, "DELETE FROM observations WHERE zone = ? AND at = ? AND evidence = ?",
                        "iib", id, o->at, o->evidence);
    if (err == ERR_OK)
        err = state_run(s,
                        "INSERT INTO observations (zone, at, evidence, verdict)"
                        " VALUES (?, ?, ?, ?)",
                        "iibt", id, o->at, o->evidence, o->verdict);
    if (err != ERR_OK)
        return err;
    return state_run(s,
                     "DELETE FROM observations WHERE zone = ?1 AND id NOT IN"
                     " (SELECT id FROM observations WHERE zone = ?1 ORDER BY id DESC LIMIT ?2)",
                     "ii", id, (int64_t)OBSERVATIONS_KEPT);
}

int state_observation_put(struct state *s, const uint8_t *zone, const struct state_observation *o,
                          char ret_sha256[65])
{
    bool own = false;
    if (o->evidence.len > LIMIT_OBSERVED_BYTES)
        return ERR_LIMIT;
    int err = state_enter(s, &own);
    if (err == ERR_OK)
        err = state_leave(s, own, put(s, zone, o));
    if (err == ERR_OK)
        sha256_hex(o->evidence.data, o->evidence.len, ret_sha256);
    return err;
}

int state_observation_each(struct state *s, const uint8_t *zone,
                           int (*each)(void *ctx, const struct state_observation *o), void *ctx)
{
    char name[NAME_TEXT_LEN];
    name_to_text_nodot(zone, name);
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q,
                          "SELECT o.at, o.verdict, o.evidence FROM observations AS o"
                          " JOIN zones AS z ON z.id = o.zone WHERE z.name = ? ORDER BY o.id DESC",
                          "t", name);
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK) {
        const char *verdict = (const char *)sqlite3_column_text(q, 1);
        const void *data = sqlite3_column_blob(q, 2);
        const struct state_observation o = {
            .at = sqlite3_column_int64(q, 0),
            .evidence = {data, (size_t)sqlite3_column_bytes(q, 2)},
            .verdict = verdict == NULL ? "" : verdict,
        };
        err = each(ctx, &o);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}
