#include "app/sign_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/rules_app.h"

void sign_run_done(struct sign_run *run)
{
    for (size_t i = 0; i < run->task_n; i++)
        sign_task_done(&run->tasks[i]);
    free(run->tasks);
    key_folder_free(run->folder);
    proof_free(run->proof);
    (void)pthread_mutex_destroy(&run->lock);
}

/* ------------------------------------------------------------------ what the zones share */

int sign_run_open(struct sign_run *run, struct app *app, const struct key_folder **ret)
{
    (void)pthread_mutex_lock(&run->lock);
    if (!run->is_open) {
        run->is_open = true;
        run->open_err = key_folder_open(run->keys, &run->folder, app->diags);
        if (run->open_err == ERR_OK)
            run->open_err = proof_open(run->keys, &run->proof, app->diags);
        run->proved_before = run->open_err == ERR_OK && proof_has_key(run->proof);
    }
    int err = run->open_err;
    *ret = run->folder;
    (void)pthread_mutex_unlock(&run->lock);
    return err;
}

static int make_proof_key(struct sign_run *run, struct app *app)
{
    run->proof_is_tried = true;
    int err = proof_make_key(run->proof, app->diags);
    if (err != ERR_ABSENT)
        return err;
    diag_add(app->diags, &rule_proof_unkept, AT_FILE(run->keys), NULL, "no proof.key: %s",
             strerror(errno));
    return ERR_OK;
}

int sign_run_digest(struct sign_run *run, struct app *app, struct proof_digest **ret)
{
    (void)pthread_mutex_lock(&run->lock);
    int err = run->proof_is_tried ? ERR_OK : make_proof_key(run, app);
    (void)pthread_mutex_unlock(&run->lock);
    if (err == ERR_OK && proof_has_key(run->proof))
        err = proof_begin(run->proof, ret);
    return err;
}

void sign_run_keys_done(struct sign_run *run)
{
    (void)pthread_mutex_lock(&run->lock);
    if (--run->keys_wanted == 0) {
        key_folder_free(run->folder); /* others may have the folder now */
        run->folder = NULL;
    }
    (void)pthread_mutex_unlock(&run->lock);
}

bool sign_run_takes_place(struct sign_run *run, struct sign_task *t)
{
    bool free_place = true;
    (void)pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < run->task_n && free_place; i++) {
        const struct sign_task *other = &run->tasks[i];
        free_place = other == t || !other->has_apex || name_compare(other->apex, t->apex) != 0;
    }
    t->has_apex = free_place;
    (void)pthread_mutex_unlock(&run->lock);
    if (!free_place)
        diag_add(t->app.diags, &rule_zone_twice, AT_FILE(t->file), NULL, "would be written to %s",
                 t->out_path);
    return free_place;
}

/* ------------------------------------------------------------------ the end */

static void say_unwritable(struct sign_task *t, int err)
{
    t->err = err;
    if (err == ERR_IO)
        diag_add(t->app.diags, &rule_file_unwritable, AT_FILE(t->out_path), NULL, "%s",
                 strerror(errno));
}

/* All files of a folder with one sync. */
static int commit_folder(struct sign_run *run)
{
    AUTO_FREE struct file_stream **streams = calloc(run->task_n + 1, sizeof(struct file_stream *));
    AUTO_FREE struct sign_task **tasks = calloc(run->task_n + 1, sizeof(struct sign_task *));
    AUTO_FREE int *errs = calloc(run->task_n + 1, sizeof(int));
    size_t n = 0;
    if (streams == NULL || tasks == NULL || errs == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < run->task_n; i++) {
        struct sign_task *t = &run->tasks[i];
        if (t->err != ERR_OK)
            continue;
        streams[n] = zone_out_stream(t->out);
        tasks[n++] = t;
    }
    if (n > 0)
        file_streams_commit(run->out, streams, n, errs);
    for (size_t i = 0; i < n; i++) {
        if (errs[i] != ERR_OK)
            say_unwritable(tasks[i], errs[i]);
    }
    return ERR_OK;
}

static int commit(struct sign_run *run)
{
    struct sign_task *t = &run->tasks[0];
    if (run->is_folder)
        return commit_folder(run);
    int err = t->err == ERR_OK ? zone_out_commit(t->out) : ERR_OK;
    if (err != ERR_OK)
        say_unwritable(t, err);
    return ERR_OK;
}

/* A digest that cannot be kept costs the next run work, and no more. */
static int keep_proofs(struct sign_run *run)
{
    int err = ERR_OK;
    if (run->proof == NULL || !proof_has_key(run->proof))
        return ERR_OK;
    for (size_t i = 0; i < run->task_n && err == ERR_OK; i++) {
        const struct sign_task *t = &run->tasks[i];
        if (t->err == ERR_OK)
            err = proof_keep(run->proof, t->apex, t->result.report.serial, t->result.proof);
    }
    if (err == ERR_OK)
        err = proof_save(run->proof);
    if (err != ERR_IO)
        return err;
    diag_add(run->app->diags, &rule_proof_unkept, AT_FILE(run->keys), NULL, "%s", strerror(errno));
    return ERR_OK;
}

/* ------------------------------------------------------------------ all zones */

static bool task_is_large(const void *ctx, size_t i)
{
    const struct sign_run *run = ctx;
    struct stat st;
    return stat(run->tasks[i].file, &st) == 0 && st.st_size > SIGNING_LARGE_BYTES;
}

static void task_work(void *ctx, size_t i, size_t threads)
{
    struct sign_run *run = ctx;
    sign_task_work(&run->tasks[i], threads);
}

static int open_tasks(struct sign_run *run, const struct words *files)
{
    run->tasks = calloc(files->n, sizeof(*run->tasks));
    if (run->tasks == NULL)
        return ERR_NOMEM;
    run->keys_wanted = files->n;
    int err = ERR_OK;
    for (size_t i = 0; i < files->n && err == ERR_OK; i++) {
        run->task_n++;
        run->tasks[i] = (struct sign_task){.run = run, .file = files->items[i]};
        err = signing_app(run->app, &run->tasks[i].app);
    }
    return err;
}

/* Findings in order; the worst error by its exit status. */
static int gather(struct sign_run *run)
{
    int worst = ERR_OK;
    for (size_t i = 0; i < run->task_n; i++) {
        struct sign_task *t = &run->tasks[i];
        signing_app_done(run->app, &t->app);
        if (err_exit_status(t->err) > err_exit_status(worst))
            worst = t->err;
    }
    return worst;
}

int sign_run_all(struct sign_run *run, const struct words *files)
{
    struct progress progress;
    int err = open_tasks(run, files);
    const struct signing_work work = {.n = run->task_n,
                                      .threads = run->signing.threads,
                                      .is_large = task_is_large,
                                      .work = task_work,
                                      .ctx = run};
    progress_start_signing(&progress, run->app, "signing", &run->progress);
    if (err == ERR_OK)
        err = signing_run(&work);
    if (err == ERR_OK)
        err = commit(run);
    progress_done(&progress);
    if (err == ERR_OK)
        err = keep_proofs(run);
    int worst = gather(run);
    return err == ERR_OK ? worst : err;
}
