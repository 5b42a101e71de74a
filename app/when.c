#include "app/when.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/timetext.h"

void span_text(int64_t seconds, char out[WHEN_TEXT_LEN])
{
    static const struct {
        int64_t s;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t u = 0;
    while (u < 3 && seconds < units[u].s)
        u++;
    int64_t first = seconds / units[u].s;
    int64_t rest = u < 3 ? seconds % units[u].s / units[u + 1].s : 0;
    if (rest > 0)
        (void)snprintf(out, WHEN_TEXT_LEN, "%" PRId64 "%c %" PRId64 "%c", first, units[u].letter,
                       rest, units[u + 1].letter);
    else
        (void)snprintf(out, WHEN_TEXT_LEN, "%" PRId64 "%c", first, units[u].letter);
}

void when_text(int64_t at, int64_t now, char out[WHEN_TEXT_LEN])
{
    char moment[TIME_TEXT_LEN];
    char span[WHEN_TEXT_LEN];
    if (at == 0) {
        (void)snprintf(out, WHEN_TEXT_LEN, "never");
        return;
    }
    time_format_rfc3339(at, moment);
    span_text(at > now ? at - now : now - at, span);
    if (at == now)
        (void)snprintf(out, WHEN_TEXT_LEN, "%s (now)", moment);
    else
        (void)snprintf(out, WHEN_TEXT_LEN, "%s (%s%.32s%s)", moment, at > now ? "in " : "", span,
                       at > now ? "" : " ago");
}

json_t *when_json(int64_t at)
{
    char text[TIME_TEXT_LEN];
    if (at == 0)
        return json_null();
    time_format_rfc3339(at, text);
    return json_string(text);
}
