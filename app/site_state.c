/* Opening state on behalf of a user: who acts stands in the event log. */
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "app/pipeline.h"

void app_who(const struct app *app, char out[APP_WHO_LEN])
{
    const struct passwd *user = getpwuid(getuid());
    (void)snprintf(out, APP_WHO_LEN, "%.64s (%u): %.32s", user == NULL ? "?" : user->pw_name,
                   (unsigned)getuid(), app->command);
}

int site_state_open(struct app *app, const struct site *site, struct state **ret)
{
    char who[APP_WHO_LEN];
    struct state *state = NULL;
    int err = state_open(site->inv->state_dir, &state, app->diags);
    if (err != ERR_OK)
        return err;
    app_who(app, who);
    err = state_set_who(state, who);
    if (err == ERR_OK)
        *ret = state;
    else
        state_close(state);
    return err;
}
