#include "signer/serial.h"

#include "common/timetext.h"

bool serial_is_after(uint32_t a, uint32_t b)
{
    uint32_t ahead = a - b;
    return ahead > 0 && ahead < 0x80000000u;
}

uint32_t serial_later(uint32_t a, uint32_t b)
{
    return serial_is_after(b, a) ? b : a;
}

uint32_t serial_next(uint32_t base, uint32_t published, enum serial_policy policy, int64_t now)
{
    uint32_t candidate = base;
    switch (policy) {
    case SERIAL_UNIXTIME: candidate = (uint32_t)now; break;
    case SERIAL_DATE: candidate = time_date_number(now) * 100 + 1; break; /* YYYYMMDD01 */
    case SERIAL_INCREMENT: break;
    }
    if (serial_is_after(candidate, base) && serial_is_after(candidate, published))
        return candidate;
    return serial_is_after(base + 1, published) ? base + 1 : published + 1;
}
