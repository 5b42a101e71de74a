/*
 * zones/text_put.c -- see zones/text_put.h.
 */
#include "zones/text_put.h"

#include <endian.h>

const char text_digit_pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

const char text_base32hex[33] = "0123456789abcdefghijklmnopqrstuv";
const char text_hex_upper[17] = "0123456789ABCDEF";

/* All second digits behind one first digit: 12 bits make two characters in one step. */
#define AFTER(c)                                                                                   \
    c, 'A', c, 'B', c, 'C', c, 'D', c, 'E', c, 'F', c, 'G', c, 'H', c, 'I', c, 'J', c, 'K', c,     \
        'L', c, 'M', c, 'N', c, 'O', c, 'P', c, 'Q', c, 'R', c, 'S', c, 'T', c, 'U', c, 'V', c,    \
        'W', c, 'X', c, 'Y', c, 'Z', c, 'a', c, 'b', c, 'c', c, 'd', c, 'e', c, 'f', c, 'g', c,    \
        'h', c, 'i', c, 'j', c, 'k', c, 'l', c, 'm', c, 'n', c, 'o', c, 'p', c, 'q', c, 'r', c,    \
        's', c, 't', c, 'u', c, 'v', c, 'w', c, 'x', c, 'y', c, 'z', c, '0', c, '1', c, '2', c,    \
        '3', c, '4', c, '5', c, '6', c, '7', c, '8', c, '9', c, '+', c, '/'

const char text_base64_pairs[64][128] = {
    {AFTER('A')}, {AFTER('B')}, {AFTER('C')}, {AFTER('D')}, {AFTER('E')}, {AFTER('F')},
    {AFTER('G')}, {AFTER('H')}, {AFTER('I')}, {AFTER('J')}, {AFTER('K')}, {AFTER('L')},
    {AFTER('M')}, {AFTER('N')}, {AFTER('O')}, {AFTER('P')}, {AFTER('Q')}, {AFTER('R')},
    {AFTER('S')}, {AFTER('T')}, {AFTER('U')}, {AFTER('V')}, {AFTER('W')}, {AFTER('X')},
    {AFTER('Y')}, {AFTER('Z')}, {AFTER('a')}, {AFTER('b')}, {AFTER('c')}, {AFTER('d')},
    {AFTER('e')}, {AFTER('f')}, {AFTER('g')}, {AFTER('h')}, {AFTER('i')}, {AFTER('j')},
    {AFTER('k')}, {AFTER('l')}, {AFTER('m')}, {AFTER('n')}, {AFTER('o')}, {AFTER('p')},
    {AFTER('q')}, {AFTER('r')}, {AFTER('s')}, {AFTER('t')}, {AFTER('u')}, {AFTER('v')},
    {AFTER('w')}, {AFTER('x')}, {AFTER('y')}, {AFTER('z')}, {AFTER('0')}, {AFTER('1')},
    {AFTER('2')}, {AFTER('3')}, {AFTER('4')}, {AFTER('5')}, {AFTER('6')}, {AFTER('7')},
    {AFTER('8')}, {AFTER('9')}, {AFTER('+')}, {AFTER('/')},
};

/* What libknot prints as it is: letters, digits, hyphen, underscore, star, slash. */
const uint8_t text_name_plain[256] = {
    ['-'] = 1, ['_'] = 1, ['*'] = 1, ['/'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1,
    ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['A'] = 1, ['B'] = 1,
    ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1,
    ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1,
    ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,
    ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1,
    ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1,
    ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1,
    ['y'] = 1, ['z'] = 1,
};

char *put_base64(char *p, const uint8_t *data, size_t len)
{
    const char *pairs = text_base64_pairs[0];
    for (; len >= 8; data += 6, len -= 6, p += 8) { /* loads 8 octets, of which it takes 6 */
        uint64_t v;
        memcpy(&v, data, 8);
        v = be64toh(v);
        memcpy(p, pairs + 2 * (v >> 52), 2);
        memcpy(p + 2, pairs + 2 * (v >> 40 & 0xfff), 2);
        memcpy(p + 4, pairs + 2 * (v >> 28 & 0xfff), 2);
        memcpy(p + 6, pairs + 2 * (v >> 16 & 0xfff), 2);
    }
    for (; len >= 3; data += 3, len -= 3, p += 4) {
        uint32_t v = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];
        memcpy(p, pairs + 2 * (v >> 12), 2);
        memcpy(p + 2, pairs + 2 * (v & 0xfff), 2);
    }
    if (len == 0)
        return p;
    uint32_t v = (uint32_t)data[0] << 16 | (len == 2 ? (uint32_t)data[1] << 8 : 0);
    memcpy(p, pairs + 2 * (v >> 12), 2);
    memcpy(p + 2, pairs + 2 * (v & 0xfff), 2);
    p[3] = '=';
    if (len == 1)
        p[2] = '=';
    return p + 4;
}

char *put_base32hex(char *p, const uint8_t *data, size_t len)
{
    for (; len >= 5; data += 5, len -= 5) {
        uint64_t v = (uint64_t)data[0] << 32 | (uint64_t)data[1] << 24 | (uint64_t)data[2] << 16 |
                     (uint64_t)data[3] << 8 | data[4];
        for (unsigned shift = 40; shift > 0;) {
            shift -= 5;
            *p++ = text_base32hex[v >> shift & 31];
        }
    }
    return p;
}

char *put_name(char *p, const uint8_t *name)
{
    if (*name == 0)
        return put_char(p, '.');
    while (*name != 0) {
        const uint8_t *end = name + 1 + *name;
        for (name++; name < end; name++) {
            uint8_t c = *name;
            if (text_name_plain[c]) {
                *p++ = (char)c;
            } else if (c > 0x20 && c < 0x7f && c != '#') { /* "\\#" would open generic rdata */
                p[0] = '\\';
                p[1] = (char)c;
                p += 2;
            } else {
                p = put_octet_escaped(p, c);
            }
        }
        *p++ = '.';
    }
    return p;
}

#define DAY_S           86400u
#define DAYS_FROM_MARCH 671u   /* 1968-03-01, where four-year rounds begin, to 1970-01-01 */
#define DAY_2100_MARCH  47541u /* from 1970; 2100 has no 29 February */

char *put_time(char *p, uint32_t at)
{
    if (at == 0) /* libknot takes it for 2^32, which is the same serial number (RFC 4034 s3.1.5) */
        return put_bytes(p, "21060207062816", 14);
    uint32_t day = at / DAY_S;
    uint32_t s = at % DAY_S;
    day += DAYS_FROM_MARCH + (day >= DAY_2100_MARCH);
    /* years begin with March here, so that the leap day is the last of its year */
    uint32_t year = (4 * day + 3) / 1461;
    uint32_t of_year = day - 1461 * year / 4;
    uint32_t month = (5 * of_year + 2) / 153; /* 31 30 31 30 31, twice, and the rest */
    uint32_t of_month = of_year - (153 * month + 2) / 5;
    bool next_year = month >= 10;
    p = put_4_digits(p, 1968 + year + next_year);
    p = put_2_digits(p, next_year ? month - 9 : month + 3);
    p = put_2_digits(p, of_month + 1);
    p = put_2_digits(p, s / 3600);
    p = put_2_digits(p, s / 60 % 60);
    return put_2_digits(p, s % 60);
}
