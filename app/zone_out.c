#include "app/zone_out.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/err.h"
#include "common/limits.h"

#define WAITING_MAX 32 /* pieces of about 100 KB */

/* A piece of the zone as text, and what made it. */
struct piece {
    struct piece *next;
    size_t index;
    struct buf text;
    struct zone_proofreader *proofreader; /* made when first wanted */
};

struct zone_out {
    struct file_stream file; /* open: the target */
    FILE *to;                /* or a pipe or device, */
    bool owns_to;
    struct buf *text; /* or memory; with `to`: held until the commit */
    struct buf held;
    struct proof_digest *digest;
    bool proofreads;
    const struct zone *proved; /* pieces of it were read back when they were new */

    pthread_mutex_t lock; /* of the rest */
    pthread_cond_t moved;
    struct piece *spare;
    struct piece *waiting; /* by index */
    size_t waiting_n;
    size_t next; /* the index whose turn it is */
    size_t count;
    bool writing; /* somebody is, and will go on while pieces are there */
    int err;      /* the first; with its errno */
    int err_errno;
    bool has_misprint;
};

/* ------------------------------------------------------------------ targets */

static int out_new(struct zone_out **ret)
{
    struct zone_out *o = calloc(1, sizeof(*o));
    if (o == NULL)
        return ERR_NOMEM;
    bool locked = pthread_mutex_init(&o->lock, NULL) == 0;
    if (!locked || pthread_cond_init(&o->moved, NULL) != 0) {
        if (locked)
            (void)pthread_mutex_destroy(&o->lock);
        free(o);
        return ERR_NOMEM;
    }
    *ret = o;
    return ERR_OK;
}

static void pieces_free(struct piece *p)
{
    while (p != NULL) {
        struct piece *next = p->next;
        buf_done(&p->text);
        zone_proofreader_free(p->proofreader);
        free(p);
        p = next;
    }
}

void zone_out_free(struct zone_out *o)
{
    if (o == NULL)
        return;
    pieces_free(o->spare);
    pieces_free(o->waiting);
    proof_digest_free(o->digest);
    buf_done(&o->held);
    if (o->owns_to)
        (void)fclose(o->to); /* flushed already, or given up */
    file_stream_done(&o->file);
    (void)pthread_cond_destroy(&o->moved);
    (void)pthread_mutex_destroy(&o->lock);
    free(o);
}

static int open_target(struct zone_out *o, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISDIR(st.st_mode))
        return file_stream_open(path, 0644, &o->file);
    if (S_ISREG(st.st_mode)) {
        AUTO_FREE char *real = realpath(path, NULL);
        return real == NULL ? ERR_IO : file_stream_open(real, 0644, &o->file);
    }
    o->to = fopen(path, "we");
    o->owns_to = o->to != NULL;
    return o->to == NULL ? ERR_IO : ERR_OK;
}

int zone_out_file(const char *path, struct zone_out **ret)
{
    AUTO_PTR(zone_out) struct zone_out *o = NULL;
    int err = out_new(&o);
    if (err == ERR_OK)
        err = open_target(o, path);
    if (err == ERR_OK)
        *ret = TAKE(o);
    return err;
}

int zone_out_entry(const char *path, struct zone_out **ret)
{
    AUTO_PTR(zone_out) struct zone_out *o = NULL;
    int err = out_new(&o);
    if (err == ERR_OK)
        err = file_stream_open(path, 0644, &o->file);
    if (err == ERR_OK)
        *ret = TAKE(o);
    return err;
}

int zone_out_stdout(struct zone_out **ret)
{
    int err = out_new(ret);
    if (err == ERR_OK)
        (*ret)->to = stdout;
    return err;
}

int zone_out_buf(struct buf *text, struct zone_out **ret)
{
    int err = out_new(ret);
    if (err == ERR_OK)
        (*ret)->text = text;
    return err;
}

void zone_out_set_digest(struct zone_out *o, struct proof_digest *digest)
{
    proof_digest_free(o->digest);
    o->digest = digest;
}

void zone_out_set_proofreading(struct zone_out *o, const struct zone *proved)
{
    o->proofreads = true;
    o->proved = proved;
}

void zone_out_set_holding(struct zone_out *o)
{
    if (o->to != NULL)
        o->text = &o->held;
}

struct file_stream *zone_out_stream(struct zone_out *o)
{
    return o->file.temp == NULL ? NULL : &o->file;
}

/* ------------------------------------------------------------------ writing */

static int write_to(FILE *to, const struct buf *text)
{
    return fwrite(text->data, 1, text->len, to) == text->len ? ERR_OK : ERR_IO;
}

static int write_text(struct zone_out *o, const struct buf *text)
{
    int err = o->digest == NULL ? ERR_OK : proof_feed(o->digest, text->data, text->len);
    if (err != ERR_OK)
        return err;
    if (o->text != NULL) {
        buf_add(o->text, text->data, text->len);
        return buf_ok(o->text) ? ERR_OK : ERR_NOMEM;
    }
    return o->to != NULL ? write_to(o->to, text)
                         : file_stream_write(&o->file, text->data, text->len);
}

/* ------------------------------------------------------------------ pieces; all under the lock */

static void note_err(struct zone_out *o, int err)
{
    if (err == ERR_OK || o->err != ERR_OK)
        return;
    o->err = err;
    o->err_errno = errno;
    (void)pthread_cond_broadcast(&o->moved);
}

static bool has_turn(const struct zone_out *o)
{
    return o->waiting != NULL && o->waiting->index == o->next;
}

static void wait_for_turn(struct zone_out *o, struct piece *p)
{
    struct piece **at = &o->waiting;
    while (*at != NULL && (*at)->index < p->index)
        at = &(*at)->next;
    p->next = *at;
    *at = p;
    o->waiting_n++;
}

/* Writes what has its turn. The lock is open meanwhile: others go on bringing pieces. */
static void write_waiting(struct zone_out *o)
{
    o->writing = true;
    while (o->err == ERR_OK && has_turn(o)) {
        struct piece *p = o->waiting;
        o->waiting = p->next;
        o->waiting_n--;
        (void)pthread_mutex_unlock(&o->lock);
        int err = write_text(o, &p->text);
        (void)pthread_mutex_lock(&o->lock);
        note_err(o, err);
        o->next++;
        p->next = o->spare;
        o->spare = p;
        (void)pthread_cond_broadcast(&o->moved);
    }
    o->writing = false;
}

/* A piece whose turn it is finds nobody writing, or somebody who will take it: so the wait ends. */
static void put_piece(struct zone_out *o, struct piece *p)
{
    wait_for_turn(o, p);
    for (;;) {
        if (!o->writing && has_turn(o))
            write_waiting(o);
        if (o->err != ERR_OK || o->waiting_n <= WAITING_MAX)
            return;
        (void)pthread_cond_wait(&o->moved, &o->lock);
    }
}

static struct piece *take_spare(struct zone_out *o)
{
    struct piece *p = o->spare;
    if (p != NULL)
        o->spare = p->next;
    return p;
}

/* ------------------------------------------------------------------ the sink */

static int proofread(struct piece *p, const struct zone_cursor *nodes)
{
    if (p->proofreader == NULL)
        p->proofreader = zone_proofreader_new();
    if (p->proofreader == NULL)
        return ERR_NOMEM;
    int err = zone_proofread(p->proofreader, nodes, buf_str(&p->text), p->text.len);
    return err == ERR_FINDINGS ? ERR_CRYPTO : err;
}

bool zone_out_has_misprint(const struct zone_out *o)
{
    return o->has_misprint;
}

int zone_out_err(const struct zone_out *o)
{
    errno = o->err_errno;
    return o->err;
}

static int print_piece(const struct zone_out *o, struct piece *p, struct zone_cursor *nodes)
{
    const struct zone_cursor from = *nodes;
    buf_clear(&p->text);
    int err = zone_write_nodes(nodes, &p->text);
    if (err != ERR_OK || !o->proofreads ||
        (o->proved != NULL && zone_cursor_is_shared(&from, o->proved)))
        return err;
    return proofread(p, &from);
}

static int take(void *ctx, size_t index, size_t count, struct zone_cursor *nodes)
{
    struct zone_out *o = ctx;
    (void)pthread_mutex_lock(&o->lock);
    struct piece *p = take_spare(o);
    o->count = count;
    (void)pthread_mutex_unlock(&o->lock);
    if (p == NULL)
        p = calloc(1, sizeof(*p));
    int err = p == NULL ? ERR_NOMEM : print_piece(o, p, nodes);
    (void)pthread_mutex_lock(&o->lock);
    o->has_misprint = o->has_misprint || err == ERR_CRYPTO;
    note_err(o, err);
    if (p != NULL) {
        p->index = index;
        put_piece(o, p);
    }
    err = o->err;
    (void)pthread_mutex_unlock(&o->lock);
    return err;
}

struct sign_sink zone_out_sink(struct zone_out *o)
{
    return (struct sign_sink){.take = take, .ctx = o};
}

/* ------------------------------------------------------------------ the end */

int zone_out_end(struct zone_out *o, char hex[PROOF_HEX_LEN])
{
    int err = zone_out_err(o);
    if (err != ERR_OK)
        return err;
    if (o->next != o->count)
        return ERR_INTERNAL;
    pieces_free(o->spare);
    o->spare = NULL;
    if (o->to != NULL && fflush(o->to) != 0)
        note_err(o, ERR_IO);
    return o->err == ERR_OK && o->digest != NULL ? proof_end(o->digest, hex) : o->err;
}

int zone_out_text(const struct zone_out *o, struct buf *ret)
{
    if (o->text == NULL)
        return file_read(o->file.temp, (size_t)LIMIT_ZONE_BYTES, ret);
    buf_add(ret, o->text->data, o->text->len);
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

int zone_out_commit(struct zone_out *o)
{
    if (o->to != NULL && o->text != NULL) {
        int err = write_to(o->to, o->text);
        return err == ERR_OK && fflush(o->to) != 0 ? ERR_IO : err;
    }
    return o->file.temp != NULL ? file_stream_commit(&o->file) : ERR_OK;
}
