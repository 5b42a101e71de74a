#include "common/timetext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool digits(const char *p, int n, int *ret)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (p[i] - '0');
    }
    *ret = v;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool date_part(const char *text, struct tm *tm)
{
    int y, m, d;
    if (strlen(text) < 10 || !digits(text, 4, &y) || text[4] != '-' || !digits(text + 5, 2, &m) ||
        text[7] != '-' || !digits(text + 8, 2, &d))
        return false;
    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > days_of_month(y, m))
        return false;
    tm->tm_year = y - 1900;
    tm->tm_mon = m - 1;
    tm->tm_mday = d;
    return true;
}

bool time_parse_date(const char *text, int64_t *ret)
{
    struct tm tm = {0};
    if (!date_part(text, &tm) || text[10] != 0)
        return false;
    *ret = timegm(&tm);
    return true;
}

/* "Z", "+02:00"; REST must be consumed whole. */
static bool offset_part(const char *rest, int *ret_s)
{
    int h, m;
    if ((rest[0] == 'Z' || rest[0] == 'z') && rest[1] == 0) {
        *ret_s = 0;
        return true;
    }
    if ((rest[0] != '+' && rest[0] != '-') || strlen(rest) != 6 || !digits(rest + 1, 2, &h) ||
        rest[3] != ':' || !digits(rest + 4, 2, &m) || h > 23 || m > 59)
        return false;
    *ret_s = (h * 3600 + m * 60) * (rest[0] == '-' ? -1 : 1);
    return true;
}

bool time_parse_rfc3339(const char *text, int64_t *ret)
{
    struct tm tm = {0};
    if (!date_part(text, &tm))
        return false;
    const char *t = text + 10;
    if ((t[0] != 'T' && t[0] != 't') || !digits(t + 1, 2, &tm.tm_hour) || t[3] != ':' ||
        !digits(t + 4, 2, &tm.tm_min) || t[6] != ':' || !digits(t + 7, 2, &tm.tm_sec))
        return false;
    if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    t += 9;
    if (*t == '.') {
        t++;
        if (*t < '0' || *t > '9')
            return false;
        while (*t >= '0' && *t <= '9')
            t++;
    }
    int offset_s;
    if (!offset_part(t, &offset_s))
        return false;
    int64_t at = (int64_t)timegm(&tm) - offset_s;
    if (at < 0)
        return false;
    *ret = at;
    return true;
}

bool time_parse_any(const char *text, int64_t *ret)
{
    if (time_parse_rfc3339(text, ret) || time_parse_date(text, ret))
        return true;
    size_t n = strlen(text);
    if (n < 1 || n > 12 || strspn(text, "0123456789") != n)
        return false;
    int64_t at = strtoll(text, NULL, 10);
    if (at > 253402300799) /* 9999-12-31T23:59:59Z */
        return false;
    *ret = at;
    return true;
}

void time_format_rfc3339(int64_t at, char out[TIME_TEXT_LEN])
{
    struct tm tm;
    time_t t = (time_t)at;
    if (at < 0 || at > 253402300799 || gmtime_r(&t, &tm) == NULL ||
        strftime(out, TIME_TEXT_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(out, TIME_TEXT_LEN, "?");
}

void time_format_date(int64_t at, char out[TIME_TEXT_LEN])
{
    time_format_rfc3339(at, out);
    if (strlen(out) > 10)
        out[10] = 0;
}

uint32_t time_date_number(int64_t at)
{
    struct tm tm;
    time_t t = (time_t)at;
    if (gmtime_r(&t, &tm) == NULL)
        return 0;
    return (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

bool duration_parse(const char *text, uint32_t *ret_s)
{
    size_t n = strspn(text, "0123456789");
    if (n < 1 || n > 10 || text[n] == 0 || text[n + 1] != 0)
        return false;
    uint64_t unit;
    switch (text[n]) {
    case 's': unit = 1; break;
    case 'm': unit = 60; break;
    case 'h': unit = 3600; break;
    case 'd': unit = 86400; break;
    case 'w': unit = 604800; break;
    default: return false;
    }
    uint64_t v = strtoull(text, NULL, 10) * unit;
    if (v > UINT32_MAX)
        return false;
    *ret_s = (uint32_t)v;
    return true;
}
