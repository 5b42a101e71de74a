#include "zones/inventory_nearest.h"

#include <ctype.h>
#include <string.h>

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static int lower(char c)
{
    return c == '_' ? '-' : tolower((unsigned char)c);
}

/* Optimal string alignment over three rows. Both words are at most NEAREST_WORD_MAX long. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][NEAREST_WORD_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t differ = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = min3(row[j - 1] + 1, above[j] + 1, above[j - 1] + differ);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]) && above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
    }
    return rows[a_len % 3][b_len];
}

const char *inventory_nearest(const char *word, const char *const *words, size_t n)
{
    size_t len = strlen(word);
    if (len == 0 || len > NEAREST_WORD_MAX)
        return NULL;
    const char *best = NULL;
    size_t best_distance = len / 3 + 2; /* as far as this it may be meant, not at it */
    for (size_t i = 0; i < n; i++) {
        if (strlen(words[i]) > NEAREST_WORD_MAX)
            continue;
        size_t d = distance(word, words[i]);
        if (d < best_distance) {
            best_distance = d;
            best = words[i];
        }
    }
    return best;
}
