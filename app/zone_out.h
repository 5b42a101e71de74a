/*
 * app/zone_out.h -- where a signed zone goes: its pieces become text in many threads, and leave in
 * order by one at a time.
 *
 * A piece that comes before its turn waits; when too many do, who brings more waits too, so memory
 * is bounded. So nobody may bring a piece before all earlier ones are at least on somebody's desk.
 * What goes to a file appears there with zone_out_commit and not before; what is written to a pipe
 * or device has left for good. Errors: ERR_IO with errno, ERR_CRYPTO when the text of a piece did
 * not read back as the records that it was made of, ERR_NOMEM. Threads: the sink may be called from
 * many; all else by one, before or after the signing.
 */
#pragma once

#include "common/file.h"
#include "signer/signer.h"

struct zone_out;

/* A new file or one to replace, where a link leads too; a pipe or device (/dev/stdout) is written
   to: root would replace it by a file. */
int zone_out_file(const char *path, struct zone_out **ret) MUST_USE;
/* An entry of a folder of ours: replaced, whatever it is. */
int zone_out_entry(const char *path, struct zone_out **ret) MUST_USE;
int zone_out_stdout(struct zone_out **ret) MUST_USE;
/* Appended to TEXT, which must live as long. */
int zone_out_buf(struct buf *text, struct zone_out **ret) MUST_USE;
void zone_out_free(struct zone_out *o); /* what was not committed is gone */
DEFINE_AUTO_PTR(zone_out)

/* Feeds DIGEST (taken over) with all text in order. */
void zone_out_set_digest(struct zone_out *o, struct proof_digest *digest);
/* Each piece of text is read back and compared with its nodes (trust rule 3: what is checked is
   what will be published), but for pieces that hold nothing new: all of it shared with PROVED, a
   previous version whose text was proved (NULL: there is none). */
void zone_out_set_proofreading(struct zone_out *o, const struct zone *proved);
/* Text for a pipe or device is held until the commit: for checks of the whole. */
void zone_out_set_holding(struct zone_out *o);

struct sign_sink zone_out_sink(struct zone_out *o);

/* After a failure: text did not read back; or what went wrong here (0: nothing), errno with it. */
bool zone_out_has_misprint(const struct zone_out *o);
int zone_out_err(const struct zone_out *o);

/* All pieces have come. HEX, when there is a digest, gets it. */
int zone_out_end(struct zone_out *o, char hex[PROOF_HEX_LEN]) MUST_USE;
/* The text as it stands where it was written, or is held. */
int zone_out_text(const struct zone_out *o, struct buf *ret) MUST_USE;
int zone_out_commit(struct zone_out *o) MUST_USE;
/* The file behind it, to be committed with others; NULL: there is none. */
struct file_stream *zone_out_stream(struct zone_out *o);
