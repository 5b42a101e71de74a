#include <stdlib.h>
#include <string.h>

#include "app/build.h"
#include "common/file.h"

struct keeps { /* sized before it is filled */
    struct tree_keep *items;
    size_t n;
};

static void add(struct keeps *k, const char *what, const char *path, bool is_folder)
{
    if (path != NULL && strncmp(path, "pkcs11:", 7) != 0)
        k->items[k->n++] = (struct tree_keep){what, path, is_folder};
}

static void add_inputs(struct keeps *k, const struct inventory *inv)
{
    for (size_t i = 0; i < inv->input_n; i++)
        add(k, "the inventory's file", inv->inputs[i].path, false);
    for (size_t i = 0; i < inv->zone_n; i++)
        add(k, "the zone file", inv->zones[i].file, false);
    add(k, "the certificate", inv->publication.signer.certificate, false);
    add(k, "the key", inv->publication.signer.key, false);
    add(k, "the certificate", inv->publication.tls.certificate, false);
    add(k, "the key", inv->publication.tls.key, false);
    add(k, "the certificate", inv->publication.tls_next_certificate, false);
}

/* OUT is replaced as a whole, so nothing of ours or of the user's may lie in it. Before state is
   opened: nothing has been made yet. */
int build_check_place(struct build *b)
{
    const struct inventory *inv = b->site.inv;
    enum { STATE_PARTS = 4, PUBLICATION_FILES = 5 };
    size_t most = STATE_PARTS + PUBLICATION_FILES + inv->input_n + inv->zone_n;
    struct tree_keep *items = calloc(most, sizeof(*items));
    AUTO_FREE char *keys = file_join(inv->state_dir, "keys");
    AUTO_FREE char *zones = file_join(inv->state_dir, "zones");
    AUTO_FREE char *database = file_join(inv->state_dir, "state.db");
    struct keeps k = {items, 0};
    int err = ERR_NOMEM;
    if (items != NULL && keys != NULL && zones != NULL && database != NULL) {
        add(&k, "the state folder", inv->state_dir, true);
        add_inputs(&k, inv);
        err = tree_check_place(b->out, k.items, k.n, b->app->diags);
        /* its parts only count where links lead them elsewhere: one finding is enough */
        k.n = 0;
        add(&k, "the state's key folder", keys, true);
        add(&k, "the state's zone folder", zones, true);
        add(&k, "the state's database", database, false);
        if (err == ERR_OK)
            err = tree_check_place(b->out, k.items, k.n, b->app->diags);
    }
    free(items);
    return err;
}
