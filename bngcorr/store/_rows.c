/* What the store is told and asked, in MessagePack and as commands. `row_octets.py` beside it says what each function is for, and the same in
 * Python; tests hold the two against each other.
 *
 * Much of it comes from the network: every length is checked, and arguments of another type or form are a TypeError,
 * ValueError or OverflowError. What is kept are hashes, in a table whose size does not change. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* ---- octets that grow */

#define FEW 1024 /* of nearly every row */

typedef struct {
    uint8_t *at;
    size_t n, room;
    uint8_t few[FEW];
} buffer;

static void begin(buffer *b) { b->at = b->few, b->n = 0, b->room = FEW; }

static void end(buffer *b) {
    if (b->at != b->few) PyMem_Free(b->at);
}

static int widen(buffer *b, size_t n) {
    if (n > (size_t)PY_SSIZE_T_MAX / 4 || b->room > (size_t)PY_SSIZE_T_MAX / 4) return PyErr_NoMemory(), 0;
    size_t room = 2 * b->room + n;
    uint8_t *at = b->at == b->few ? PyMem_Malloc(room) : PyMem_Realloc(b->at, room);
    if (!at) return PyErr_NoMemory(), 0;
    if (b->at == b->few) memcpy(at, b->few, b->n);
    b->at = at, b->room = room;
    return 1;
}

/* Where `n` more octets go. */
static inline uint8_t *more(buffer *b, size_t n) {
    if (n > b->room - b->n && !widen(b, n)) return NULL;
    uint8_t *to = b->at + b->n;
    b->n += n;
    return to;
}

static inline int put_octet(buffer *b, size_t octet) {
    uint8_t *to = more(b, 1);
    if (to) *to = (uint8_t)octet;
    return to != NULL;
}

static int put(buffer *b, const void *from, size_t n) {
    uint8_t *to = more(b, n);
    if (!to) return 0;
    if (n) memcpy(to, from, n);
    return 1;
}

/* What it holds if all went well, and its end. */
static PyObject *told(buffer *b, int well) {
    PyObject *octets = well ? PyBytes_FromStringAndSize((const char *)b->at, (Py_ssize_t)b->n) : NULL;
    end(b);
    return octets;
}

/* ---- MessagePack */

#define NOBODY 0xc0
#define MOST_DEPTH 8 /* of arrays in arrays */

/* A type, and behind it a number of 1, 2, 4 or 8 octets. */
static int put_number(buffer *b, uint8_t type, uint64_t number, int octets) {
    uint8_t *to = more(b, 1 + (size_t)octets);
    if (!to) return 0;
    *to++ = type;
    while (octets--) *to++ = (uint8_t)(number >> 8 * octets);
    return 1;
}

static int put_natural(buffer *b, uint64_t number) {
    if (number < 128) return put_octet(b, (size_t)number);
    if (number < 1 << 8) return put_number(b, 0xcc, number, 1);
    if (number < 1 << 16) return put_number(b, 0xcd, number, 2);
    return number >> 32 ? put_number(b, 0xcf, number, 8) : put_number(b, 0xce, number, 4);
}

static int put_int(buffer *b, PyObject *argument) {
    int over;
    long long number = PyLong_AsLongLongAndOverflow(argument, &over);
    if (number == -1 && !over && PyErr_Occurred()) return 0;
    if (over > 0) {
        unsigned long long natural = PyLong_AsUnsignedLongLong(argument);
        return !(natural == (unsigned long long)-1 && PyErr_Occurred()) && put_natural(b, natural);
    }
    if (over) return PyErr_SetString(PyExc_OverflowError, "a number below those of 64 bits"), 0;
    if (number >= 0) return put_natural(b, (uint64_t)number);
    if (number >= -32) return put_octet(b, (size_t)number);
    if (number >= -(1 << 7)) return put_number(b, 0xd0, (uint64_t)number, 1);
    if (number >= -(1 << 15)) return put_number(b, 0xd1, (uint64_t)number, 2);
    return number < -(1LL << 31) ? put_number(b, 0xd3, (uint64_t)number, 8) : put_number(b, 0xd2, (uint64_t)number, 4);
}

/* Octets as the scripts take them: a text of old, which knows no length of 1 octet. */
static int put_head(buffer *b, size_t n) {
    if (n < 32) return put_octet(b, 0xa0 | n);
    if (n >> 32) return PyErr_SetString(PyExc_ValueError, "too many octets"), 0;
    return n >> 16 ? put_number(b, 0xdb, n, 4) : put_number(b, 0xda, n, 2);
}

static int put_octets(buffer *b, const void *from, size_t n) { return put_head(b, n) && put(b, from, n); }

static int put_text(buffer *b, PyObject *argument, int binary) {
    Py_ssize_t n;
    const char *text = PyUnicode_AsUTF8AndSize(argument, &n);
    if (!text) return 0;
    if (binary && 32 <= n && n < 256) return put_number(b, 0xd9, (uint64_t)n, 1) && put(b, text, (size_t)n);
    return put_octets(b, text, (size_t)n);
}

static int put_bytes(buffer *b, PyObject *argument, int binary) {
    const char *octets = PyBytes_AS_STRING(argument);
    size_t n = (size_t)PyBytes_GET_SIZE(argument);
    if (!binary) return put_octets(b, octets, n);
    if (n >> 32) return PyErr_SetString(PyExc_ValueError, "too many octets"), 0;
    int head = n < 1 << 8 ? put_number(b, 0xc4, n, 1)
        : n < 1 << 16     ? put_number(b, 0xc5, n, 2)
                          : put_number(b, 0xc6, n, 4);
    return head && put(b, octets, n);
}

static int put_array(buffer *b, size_t n) {
    if (n < 16) return put_octet(b, 0x90 | n);
    if (n >> 32) return PyErr_SetString(PyExc_ValueError, "too many values"), 0;
    return n >> 16 ? put_number(b, 0xdd, n, 4) : put_number(b, 0xdc, n, 2);
}

/* A plain value. With `binary`, octets are no text. */
static int put_value(buffer *b, PyObject *value, int binary, int depth) {
    if (value == Py_None) return put_octet(b, NOBODY);
    if (PyUnicode_Check(value)) return put_text(b, value, binary);
    if (PyBytes_CheckExact(value)) return put_bytes(b, value, binary);
    if (PyBool_Check(value)) return put_octet(b, value == Py_True ? 0xc3 : 0xc2);
    if (PyLong_Check(value)) return put_int(b, value);
    if (!PyList_CheckExact(value) && !PyTuple_Check(value)) {
        PyErr_Format(PyExc_TypeError, "got %.80s; expected a plain value", Py_TYPE(value)->tp_name);
        return 0;
    }
    if (depth == MOST_DEPTH) return PyErr_SetString(PyExc_ValueError, "arrays in too many arrays"), 0;
    if (!put_array(b, (size_t)PySequence_Fast_GET_SIZE(value))) return 0;
    for (Py_ssize_t at = 0; at < PySequence_Fast_GET_SIZE(value); at++)
        if (!put_value(b, PySequence_Fast_GET_ITEM(value, at), binary, depth + 1)) return 0;
    return 1;
}

static int put_values(buffer *b, PyObject *const *args, Py_ssize_t n, int binary) {
    for (Py_ssize_t at = 0; at < n; at++)
        if (!put_value(b, args[at], binary, 0)) return 0;
    return 1;
}

static PyObject *array(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    buffer b;
    begin(&b);
    return told(&b, put_array(&b, (size_t)n) && put_values(&b, args, n, 1));
}

static PyObject *values(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    buffer b;
    begin(&b);
    return told(&b, put_values(&b, args, n, 0));
}

static PyObject *head(PyObject *Py_UNUSED(module), PyObject *argument) {
    if (!PyLong_Check(argument)) return PyErr_Format(PyExc_TypeError, "expected a number");
    size_t many = PyLong_AsSize_t(argument);
    if (many == (size_t)-1 && PyErr_Occurred()) return NULL;
    buffer b;
    begin(&b);
    return told(&b, put_array(&b, many));
}

/* ---- BLAKE2b without a key (RFC 7693), of 8 octets: names of terms, and of what an Accept told */

#define BLOCK 128
#define DIGEST 8

static const uint64_t IV[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static uint64_t word_at(const uint8_t *p) {
    return p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32
        | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* Which words a round mixes in (§2.7); the eleventh and twelfth are as the first two. */
static const uint8_t SIGMA[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

#define TURNED(x, n) ((x) >> (n) | (x) << (64 - (n)))
#define MIX(a, b, c, d, at) \
    a += b + w[sigma[at]], d = TURNED(d ^ a, 32), c += d, b = TURNED(b ^ c, 24); \
    a += b + w[sigma[at + 1]], d = TURNED(d ^ a, 16), c += d, b = TURNED(b ^ c, 63);

/* A loop, as fast as the twelve rounds written out: what is little code is in the cache more often. */
static void blake2b_block(uint64_t h[8], const uint8_t *p, uint64_t length, int last) {
    uint64_t w[16];
    for (int at = 0; at < 16; at++) w[at] = word_at(p + 8 * at);
    uint64_t v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    uint64_t v8 = IV[0], v9 = IV[1], va = IV[2], vb = IV[3], vc = IV[4] ^ length, vd = IV[5];
    uint64_t ve = last ? ~IV[6] : IV[6], vf = IV[7];
    for (int round = 0; round < 12; round++) {
        const uint8_t *sigma = SIGMA[round % 10];
        MIX(v0, v4, v8, vc, 0) MIX(v1, v5, v9, vd, 2) MIX(v2, v6, va, ve, 4) MIX(v3, v7, vb, vf, 6)
        MIX(v0, v5, va, vf, 8) MIX(v1, v6, vb, vc, 10) MIX(v2, v7, v8, vd, 12) MIX(v3, v4, v9, ve, 14)
    }
    h[0] ^= v0 ^ v8, h[1] ^= v1 ^ v9, h[2] ^= v2 ^ va, h[3] ^= v3 ^ vb;
    h[4] ^= v4 ^ vc, h[5] ^= v5 ^ vd, h[6] ^= v6 ^ ve, h[7] ^= v7 ^ vf;
}

static void blake2b(const uint8_t *p, size_t n, uint8_t out[DIGEST]) {
    uint64_t h[8], length = 0;
    memcpy(h, IV, sizeof IV);
    h[0] ^= 0x01010000 ^ DIGEST; /* §2.5: one leaf, no key */
    for (; n > BLOCK; p += BLOCK, n -= BLOCK) blake2b_block(h, p, length += BLOCK, 0);
    uint8_t rest[BLOCK] = {0};
    if (n) memcpy(rest, p, n);
    blake2b_block(h, rest, length + n, 1);
    for (int at = 0; at < DIGEST; at++) out[at] = (uint8_t)(h[0] >> 8 * at);
}

/* ---- arguments */

typedef struct {
    const uint8_t *at; /* NULL: None */
    size_t n;
} octets;

static int expected(PyObject *argument, const char *type) {
    PyErr_Format(PyExc_TypeError, "got %.80s; expected %s", Py_TYPE(argument)->tp_name, type);
    return 0;
}

static int take_count(const char *function, Py_ssize_t got, Py_ssize_t expects) {
    if (got == expects) return 1;
    PyErr_Format(PyExc_TypeError, "%s: got %zd arguments; expected %zd", function, got, expects);
    return 0;
}

static int take(PyObject *argument, size_t most, octets *into) {
    *into = (octets){NULL, 0};
    if (argument == Py_None) return 1;
    if (!PyBytes_CheckExact(argument)) return expected(argument, "bytes or None");
    *into = (octets){(const uint8_t *)PyBytes_AS_STRING(argument), (size_t)PyBytes_GET_SIZE(argument)};
    if (into->n <= most) return 1;
    PyErr_Format(PyExc_ValueError, "got %zu octets; expected at most %zu", into->n, most);
    return 0;
}

/* None is no digits at all. */
static int take_digits(PyObject *argument, octets *into) {
    *into = (octets){NULL, 0};
    if (argument == Py_None) return 1;
    if (!PyUnicode_Check(argument)) return expected(argument, "str or None");
    Py_ssize_t n;
    into->at = (const uint8_t *)PyUnicode_AsUTF8AndSize(argument, &n);
    into->n = (size_t)n;
    return into->at != NULL;
}

static int take_small(PyObject *argument, uint8_t *into) {
    long number = PyLong_Check(argument) ? PyLong_AsLong(argument) : -1;
    if (0 <= number && number < 128) {
        *into = (uint8_t)number;
        return 1;
    }
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "no small number");
    return 0;
}

/* Of hexadecimal digits one more than their value; 0 of all else. */
static const uint8_t DIGITS[256] = {
    ['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ['A'] = 11, 12, 13, 14, 15, 16, ['a'] = 11, 12, 13, 14, 15, 16,
};

/* Of anything else than a digit it is above 15. */
static uint8_t nibble(uint8_t c) { return (uint8_t)(DIGITS[c] - 1); }

static int put_unhexed(buffer *b, octets digits) {
    if (digits.n % 2) return PyErr_SetString(PyExc_ValueError, "an odd number of hexadecimal digits"), 0;
    uint8_t *to = more(b, digits.n / 2), wrong = 0;
    if (!to) return 0;
    for (size_t at = 0; at < digits.n; at += 2) {
        uint8_t high = nibble(digits.at[at]), low = nibble(digits.at[at + 1]);
        wrong |= high | low;
        *to++ = (uint8_t)(high << 4 | low);
    }
    if (wrong > 15) PyErr_SetString(PyExc_ValueError, "no hexadecimal digits");
    return wrong <= 15;
}

static int put_name(buffer *b, PyObject *argument) {
    octets digits;
    return take_digits(argument, &digits) && put_head(b, digits.n / 2) && put_unhexed(b, digits);
}

/* ---- who a line or session is */

#define MOST_ID 254 /* octets whose number, and 1 more, fit into one */
#define MOST_KEY (3 * (1 + MOST_ID))

typedef struct {
    octets remote_id, circuit_id, address;
    uint8_t key[MOST_KEY]; /* each with a length in front; the ids as `LineIds.encode` makes them */
    size_t ids_end, key_end;
} subject;

static size_t add_to_key(subject *of, size_t at, octets value) {
    of->key[at++] = value.at ? (uint8_t)(value.n + 1) : 0;
    if (value.n) memcpy(of->key + at, value.at, value.n);
    return at + value.n;
}

static int take_subject(PyObject *const *args, subject *into) {
    if (!take(args[0], MOST_ID, &into->remote_id) || !take(args[1], MOST_ID, &into->circuit_id)
        || !take(args[2], MOST_ID, &into->address))
        return 0;
    into->ids_end = add_to_key(into, add_to_key(into, 0, into->remote_id), into->circuit_id);
    into->key_end = add_to_key(into, into->ids_end, into->address);
    return 1;
}

/* Name and digits of a term, its hash to the end of `out`. Between two octets stands `between`, unless it is 0. */
static void term(const char *kind, octets value, char between, uint8_t out[DIGEST]) {
    uint8_t text[11 + 3 * MOST_ID], *to = text; /* behind the longest kind */
    while (*kind) *to++ = (uint8_t)*kind++;
    for (size_t at = 0; at < value.n; at++) {
        if (between && at) *to++ = (uint8_t)between;
        *to++ = (uint8_t)"0123456789abcdef"[value.at[at] >> 4];
        *to++ = (uint8_t)"0123456789abcdef"[value.at[at] & 15];
    }
    blake2b(text, (size_t)(to - text), out);
}

#define MOST_TERMS 3 /* beside that of a User-Name */
#define SUBJECTS 16384 /* a power of two; two that fall on one place take turns */
#define KEY_OCTETS 103

/* What was hashed of late: a line is told again and again, by its sightings, sessions and families. */
static _Alignas(64) struct {
    uint8_t n, key[KEY_OCTETS], terms[MOST_TERMS * DIGEST];
} remembered[SUBJECTS];

static size_t place_of(const uint8_t *key, size_t n) {
    uint64_t mixed = 0, word = 0;
    for (; n >= 8; key += 8, n -= 8) mixed = (mixed ^ word_at(key)) * 0x9e3779b97f4a7c15, mixed ^= mixed >> 32;
    while (n--) word = word << 8 | key[n];
    return (size_t)((mixed ^ word) * 0x9e3779b97f4a7c15 >> 40) % SUBJECTS;
}

static void hash_terms(const subject *of, uint8_t *to) {
    if (of->address.at) term("mac:", of->address, ':', to), to += DIGEST;
    if (of->remote_id.at) term("remote_id:", of->remote_id, 0, to), to += DIGEST;
    if (of->circuit_id.at) term("circuit_id:", of->circuit_id, 0, to);
}

static void terms_of(const subject *of, uint8_t out[MOST_TERMS * DIGEST]) {
    if (of->key_end > KEY_OCTETS) {
        hash_terms(of, out);
        return;
    }
    size_t at = place_of(of->key, of->key_end);
    if (remembered[at].n != of->key_end || memcmp(remembered[at].key, of->key, of->key_end) != 0) {
        hash_terms(of, remembered[at].terms);
        memcpy(remembered[at].key, of->key, of->key_end);
        remembered[at].n = (uint8_t)of->key_end;
    }
    memcpy(out, remembered[at].terms, MOST_TERMS * DIGEST);
}

static int is_space(uint8_t c) { /* of Latin-1, as str.strip sees it */
    return c == ' ' || (9 <= c && c <= 13) || (28 <= c && c <= 31) || c == 0x85 || c == 0xa0;
}

/* Twelve digits, whole or in three parts with dots between them. */
static int read_digits(octets text, uint8_t into[6]) {
    size_t dotted = text.n == 14, digits = 0;
    if (!dotted && text.n != 12) return 0;
    for (size_t at = 0; at < text.n; at++) {
        uint8_t c = text.at[at], value = nibble(c);
        if (dotted && (at == 4 || at == 9)) {
            if (c != '.') return 0;
            continue;
        }
        if (value > 15) return 0;
        into[digits / 2] = (uint8_t)(digits % 2 ? into[digits / 2] | value : value << 4);
        digits++;
    }
    return 1;
}

/* Six groups of one or two digits, or seven of which the first is a hardware type. */
static int read_groups(octets text, uint8_t into[6]) {
    uint8_t groups[7];
    size_t many = 0, at = 0;
    int is_short = 0, is_padded = 0; /* any of them; both: a digit is missing somewhere */
    for (;;) {
        uint8_t high = at < text.n ? nibble(text.at[at]) : 0xff;
        uint8_t low = at + 1 < text.n ? nibble(text.at[at + 1]) : 0xff;
        if (high > 15 || many == 7) return 0;
        groups[many++] = low > 15 ? high : (uint8_t)(high << 4 | low);
        is_short |= low > 15, is_padded |= low <= 15 && high == 0;
        at += low > 15 ? 1 : 2;
        if (at == text.n) break;
        uint8_t between = text.at[at++];
        if (between != ':' && between != '-' && between != ' ') return 0;
    }
    if (many < 6 || (is_short && is_padded) || (many == 7 && groups[0] != 1)) return 0;
    memcpy(into, groups + many - 6, 6);
    return 1;
}

/* A MAC in any of the formats that `parse_mac` knows, whether it names anybody or not. */
static int read_mac(octets text, uint8_t into[6]) {
    for (; text.n && is_space(*text.at); text.at++) text.n--;
    while (text.n && is_space(text.at[text.n - 1])) text.n--;
    return read_digits(text, into) || read_groups(text, into);
}

static int same(octets one, octets other) {
    return one.at && other.at && one.n == other.n && memcmp(one.at, other.at, one.n) == 0;
}

/* Whether the User-Name is found by what else is known. */
static int is_named(const subject *of, octets user) {
    static const uint8_t zeros[6];
    if (same(user, of->remote_id) || same(user, of->circuit_id)) return 1;
    uint8_t mac[6];
    return of->address.n == 6 && read_mac(user, mac) && memcmp(mac, of->address.at, 6) == 0 && !(mac[0] & 1)
        && memcmp(mac, zeros, 6) != 0;
}

/* Octets of a text, those that are none given back as they came: `owner` keeps them. */
static int take_user(PyObject *argument, PyObject **owner, octets *into) {
    *into = (octets){NULL, 0};
    if (argument == Py_None) return 1;
    if (!PyUnicode_Check(argument)) return expected(argument, "str or None");
    if (PyUnicode_IS_ASCII(argument)) {
        *into = (octets){PyUnicode_DATA(argument), (size_t)PyUnicode_GET_LENGTH(argument)};
        return 1;
    }
    *owner = PyUnicode_AsEncodedString(argument, "utf-8", "surrogateescape");
    if (!*owner) return 0;
    *into = (octets){(const uint8_t *)PyBytes_AS_STRING(*owner), (size_t)PyBytes_GET_SIZE(*owner)};
    return 1;
}

static int put_user_term(buffer *b, PyObject *user_name) {
    PyObject *lower = PyObject_CallMethod(user_name, "lower", NULL), *owner = NULL;
    octets user;
    buffer text;
    begin(&text);
    uint8_t *to = NULL;
    if (lower && take_user(lower, &owner, &user) && put(&text, "user:", 5) && put(&text, user.at, user.n)
        && (to = more(b, DIGEST)))
        blake2b(text.at, text.n, to);
    end(&text);
    Py_XDECREF(owner);
    Py_XDECREF(lower);
    return to != NULL;
}

/* Hashes of all terms, one behind the other; in front of them their length if `with_head`. `user` is what `take_user`
 * made of `user_name`. */
static int put_terms(buffer *b, const subject *of, PyObject *user_name, octets user, int with_head) {
    int named = !user.n || is_named(of, user);
    size_t all = DIGEST * ((of->address.at != NULL) + (of->remote_id.at != NULL) + (of->circuit_id.at != NULL));
    uint8_t hashes[MOST_TERMS * DIGEST];
    terms_of(of, hashes);
    if ((with_head && !put_head(b, named ? all : all + DIGEST)) || !put(b, hashes, all)) return 0;
    return named || put_user_term(b, user_name);
}

static PyObject *terms(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    enum { IDS, USER = IDS + 3, ALL };
    subject of;
    octets user;
    PyObject *owner = NULL;
    if (!take_count("terms", n, ALL) || !take_subject(args + IDS, &of) || !take_user(args[USER], &owner, &user))
        return NULL;
    buffer b;
    begin(&b);
    PyObject *octets = told(&b, put_terms(&b, &of, args[USER], user, 0));
    Py_XDECREF(owner);
    return octets;
}

/* ---- lessons */

#define ATTACHMENT 3 /* port, outer, inner VLAN, as arguments */
enum { IS_V6 = 1, PAIR_FIRST = 2, ATTACHMENT_NEXT = 4, HAS_MAC = 8, HAS_PLACE = 16 }; /* marks of a sighting */

/* Of what no port is known, nothing stands there. */
static int put_port(buffer *b, PyObject *const *attachment) {
    return attachment[0] == Py_None || put_values(b, attachment, ATTACHMENT, 0);
}

/* A text as the scripts pack it, with a length of one octet where that will do. */
static int put_told(buffer *b, size_t n) {
    return 32 <= n && n < 1 << 8 ? put_number(b, 0xd9, n, 1) : put_head(b, n);
}

/* Keys, one behind the other, as one text. */
static int put_keys(buffer *b, PyObject *const *args) {
    octets keys[4]; /* attachment and MAC, attachment, session, BNG and MAC */
    size_t n = 0;
    for (int at = 0; at < 4; at++) {
        if (!take_digits(args[at], &keys[at])) return 0;
        n += keys[at].n;
    }
    if (!put_told(b, n / 2)) return 0;
    for (int at = 0; at < 4; at++)
        if (!put_unhexed(b, keys[at])) return 0;
    return 1;
}

#define NAME 12 /* octets of a key, MAC, place, line or session */

/* A name, or zeros. */
static int put_whole_name(buffer *b, PyObject *argument) {
    static const uint8_t zeros[NAME];
    octets digits;
    if (argument == Py_None) return put(b, zeros, NAME);
    if (!take_digits(argument, &digits)) return 0;
    if (digits.n != 2 * NAME) return PyErr_SetString(PyExc_ValueError, "a name of another size"), 0;
    return put_unhexed(b, digits);
}

static int put_uint(buffer *b, uint64_t number, int octets) {
    uint8_t *to = more(b, (size_t)octets);
    if (!to) return 0;
    while (octets--) *to++ = (uint8_t)(number >> 8 * octets);
    return 1;
}

static int put_instant(buffer *b, PyObject *argument) {
    if (!PyLong_Check(argument)) return expected(argument, "int");
    unsigned long long instant = PyLong_AsUnsignedLongLong(argument);
    return !(instant == (unsigned long long)-1 && PyErr_Occurred()) && put_uint(b, instant, 8);
}

/* A line, behind its bucket. */
static int put_line(buffer *b, PyObject *argument) {
    if (!PyUnicode_Check(argument)) return expected(argument, "str");
    size_t at = b->n;
    if (!put(b, "l:..", 4) || !put_whole_name(b, argument)) return 0;
    uint8_t *bucket = b->at + at + 2, *name = bucket + 2;
    bucket[0] = (uint8_t)(';' + (name[0] >> 2));
    bucket[1] = (uint8_t)(';' + ((name[0] & 3) << 4 | name[1] >> 4));
    return 1;
}

static PyObject *sighting(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    enum { V6, LINE, AT, UNTIL, IDS, BNG = IDS + 3, PORT, MARKS = PORT + ATTACHMENT, KEYS, MAC = KEYS + 4, PLACE, ALL };
    subject of;
    if (!take_count("sighting", n, ALL) || !take_subject(args + IDS, &of)) return NULL;
    if (!PyBool_Check(args[V6])) return expected(args[V6], "bool"), NULL;
    int has = (args[V6] == Py_True ? IS_V6 : 0) | (args[KEYS] != Py_None ? PAIR_FIRST : 0)
        | (args[KEYS + 1] != Py_None ? ATTACHMENT_NEXT : 0) | (args[MAC] != Py_None ? HAS_MAC : 0)
        | (args[PLACE] != Py_None ? HAS_PLACE : 0);
    buffer inner, text, b;
    begin(&inner), begin(&text), begin(&b);
    int well = put_array(&inner, 4) && put_octets(&inner, of.key, of.ids_end)
        && put_array(&inner, args[PORT] == Py_None ? 2 : 2 + ATTACHMENT) && put_value(&inner, args[BNG], 0, 0)
        && put_octets(&inner, of.address.at, of.address.n) && put_port(&inner, args + PORT)
        && put_terms(&inner, &of, Py_None, (octets){NULL, 0}, 1) && put_value(&inner, args[MARKS], 0, 0)
        && put_keys(&text, args + KEYS) && put_told(&text, inner.n) && put(&text, inner.at, inner.n);
    end(&inner);
    if (well && text.n >> 32) PyErr_SetString(PyExc_ValueError, "too many octets"), well = 0;
    well = well && put_octet(&b, (size_t)has) && put_instant(&b, args[AT]) && put_instant(&b, args[UNTIL])
        && put_line(&b, args[LINE]) && put_octet(&b, 0xa0 | NAME) && put_whole_name(&b, args[PLACE])
        && put_octet(&b, 0xa0) && put_uint(&b, text.n, 4) && put(&b, text.at, text.n) && put_whole_name(&b, args[MAC]);
    end(&text);
    return told(&b, well);
}

/* What people are shown of a session: how it came by its line, Acct-Session-Id, User-Name, MAC, and its port. */
static int put_shown(
    buffer *b, uint8_t outcome, PyObject *session_id, octets user, octets address, PyObject *const *attachment
) {
    return put_array(b, attachment[0] == Py_None ? 4 : 4 + ATTACHMENT) && put_natural(b, outcome)
        && put_value(b, session_id, 0, 0) && (user.at ? put_octets(b, user.at, user.n) : put_octet(b, NOBODY))
        && put_octets(b, address.at, address.n) && put_port(b, attachment);
}

static PyObject *shown(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    enum { OUTCOME, SESSION_ID, USER, ADDRESS, PORT, ALL = PORT + ATTACHMENT };
    uint8_t outcome;
    octets user, address;
    PyObject *owner = NULL;
    if (!take_count("shown", n, ALL) || !take_small(args[OUTCOME], &outcome) || !take(args[ADDRESS], MOST_ID, &address)
        || !take_user(args[USER], &owner, &user))
        return NULL;
    buffer b;
    begin(&b);
    PyObject *octets = told(&b, put_shown(&b, outcome, args[SESSION_ID], user, address, args + PORT));
    Py_XDECREF(owner);
    return octets;
}

#define PRINT 4 /* octets of half a fingerprint, and of a tag */

/* "attachment.MAC" in hexadecimal, zeros for either that is not there. */
static int put_fingerprint(buffer *b, PyObject *argument) {
    static const uint8_t zeros[PRINT];
    octets text;
    if (!PyUnicode_Check(argument)) return expected(argument, "str");
    if (!take_digits(argument, &text)) return 0;
    const uint8_t *dot = text.n ? memchr(text.at, '.', text.n) : NULL;
    octets where = {text.at, dot ? (size_t)(dot - text.at) : text.n}, mac = {NULL, 0};
    if (dot) mac = (octets){dot + 1, text.n - where.n - 1};
    return put_head(b, (where.n ? where.n / 2 : PRINT) + (mac.n ? mac.n / 2 : PRINT))
        && (where.n ? put_unhexed(b, where) : put(b, zeros, PRINT))
        && (mac.n ? put_unhexed(b, mac) : put(b, zeros, PRINT));
}

/* The first octets of the keys on which a session vouches. */
static int put_tags(buffer *b, PyObject *keys) {
    if (!PyTuple_Check(keys)) return expected(keys, "tuple");
    size_t many = (size_t)PyTuple_GET_SIZE(keys);
    if (!put_head(b, PRINT * many)) return 0;
    for (size_t at = 0; at < many; at++) {
        octets digits;
        PyObject *key = PyTuple_GET_ITEM(keys, (Py_ssize_t)at);
        if (!PyUnicode_Check(key)) return expected(key, "str");
        if (!take_digits(key, &digits)) return 0;
        if (digits.n < 2 * PRINT) return PyErr_SetString(PyExc_ValueError, "a key of few digits"), 0;
        digits.n = 2 * PRINT;
        if (!put_unhexed(b, digits)) return 0;
    }
    return 1;
}

static PyObject *accept(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    enum {
        KIND, AT, UNTIL, BOX, LINE, SESSION, OWN, KEYS, OUTCOME, NAMED, IDS, FINGERPRINT = IDS + 3, SESSION_ID,
        USER, PORT, INTERVAL = PORT + ATTACHMENT, TIMEOUT, PROMISED, ALL,
    };
    subject of;
    octets user;
    PyObject *owner = NULL;
    if (!take_count("accept", n, ALL) || !take_subject(args + IDS, &of) || !take_user(args[USER], &owner, &user))
        return NULL;
    buffer people, inner, b;
    begin(&people), begin(&inner), begin(&b);
    int well = put_shown(&people, 0, args[SESSION_ID], user, of.address, args + PORT) && put_array(&inner, 8)
        && (args[NAMED] == Py_True ? put_octets(&inner, of.key, of.ids_end) : put_head(&inner, 0))
        && put_fingerprint(&inner, args[FINGERPRINT]) && put_octets(&inner, people.at, people.n)
        && put_terms(&inner, &of, args[USER], user, 1)
        && (args[PORT] == Py_None ? put_head(&inner, 0) : put_value(&inner, args[PORT], 0, 0))
        && put_values(&inner, args + INTERVAL, 3, 0);
    end(&people);
    Py_XDECREF(owner);
    if (well) {
        uint8_t digest[DIGEST];
        blake2b(inner.at, inner.n, digest);
        well = put_values(&b, args + KIND, 4, 0) && put_name(&b, args[LINE]) && put_name(&b, args[SESSION])
            && put_octets(&b, digest, DIGEST) && put_octets(&b, inner.at, inner.n) && put_value(&b, args[OWN], 0, 0)
            && put_tags(&b, args[KEYS]) && put_value(&b, args[OUTCOME], 0, 0);
    }
    end(&inner);
    return told(&b, well);
}

/* ---- requests that are over */

static PyObject *entry(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    enum { LINE, MAC, ABOUT, MOMENT, ALL };
    if (!take_count("entry", n, ALL)) return NULL;
    buffer b;
    begin(&b);
    int well = put_name(&b, args[LINE]) && put_name(&b, args[LINE] == Py_None ? args[MAC] : Py_None)
        && put_values(&b, args + ABOUT, 2, 0);
    return told(&b, well);
}

/* ---- commands, as a server is sent them (RESP) */

#define DECIMAL 20 /* digits of a number of 64 bits */

/* A number in decimal digits, which end at `end`: where they begin. */
static char *decimal(char *end, uint64_t number) {
    do *--end = (char)('0' + number % 10);
    while (number /= 10);
    return end;
}

/* A sign, a number, and the end of that. */
static int put_count(buffer *b, char sign, uint64_t number) {
    char text[DECIMAL + 3], *end = text + sizeof text, *begins = decimal(end - 2, number);
    *--begins = sign, end[-2] = '\r', end[-1] = '\n';
    return put(b, begins, (size_t)(end - begins));
}

static int put_bulk_head(buffer *b, size_t size) { return put_count(b, '$', size); }

static int put_bulk(buffer *b, const void *from, size_t n) {
    return put_bulk_head(b, n) && put(b, from, n) && put(b, "\r\n", 2);
}

static int put_bulk_text(buffer *b, PyObject *text) {
    Py_ssize_t n;
    const char *from = PyUnicode_AsUTF8AndSize(text, &n);
    return from && put_bulk(b, from, (size_t)n);
}

/* Numbers as Python shows them. */
static int put_argument(buffer *b, PyObject *argument) {
    if (PyBytes_CheckExact(argument))
        return put_bulk(b, PyBytes_AS_STRING(argument), (size_t)PyBytes_GET_SIZE(argument));
    if (PyUnicode_Check(argument)) return put_bulk_text(b, argument);
    if (PyLong_CheckExact(argument)) {
        int over;
        long long number = PyLong_AsLongLongAndOverflow(argument, &over);
        if (!over && number >= 0) {
            char text[DECIMAL], *end = text + sizeof text, *begins = decimal(end, (uint64_t)number);
            return put_bulk(b, begins, (size_t)(end - begins));
        }
    } else if (!PyFloat_CheckExact(argument))
        return expected(argument, "str, bytes, int or float");
    PyObject *shown_so = PyObject_Repr(argument);
    int well = shown_so && put_bulk_text(b, shown_so);
    Py_XDECREF(shown_so);
    return well;
}

static PyObject *command(PyObject *Py_UNUSED(module), PyObject *parts) {
    if (!PyTuple_Check(parts)) return expected(parts, "tuple"), NULL;
    Py_ssize_t many = PyTuple_GET_SIZE(parts);
    buffer b;
    begin(&b);
    int well = put_count(&b, '*', (uint64_t)many);
    for (Py_ssize_t at = 0; well && at < many; at++) well = put_argument(&b, PyTuple_GET_ITEM(parts, at));
    return told(&b, well);
}

/* RPUSHX, as a server is sent it. */
static PyObject *push(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    enum { PREFIX, LINE, MARK, DIGEST_OF_ABOUT, MOMENT, ALL };
    octets parts[ALL], line;
    if (!take_count("push", n, ALL)) return NULL;
    for (int at = 0; at < ALL; at++) {
        if (at == LINE) continue;
        if (!PyBytes_CheckExact(args[at])) return expected(args[at], "bytes"), NULL;
        if (!take(args[at], SIZE_MAX, &parts[at])) return NULL;
    }
    if (!PyUnicode_Check(args[LINE])) return expected(args[LINE], "str"), NULL;
    if (!take_digits(args[LINE], &line)) return NULL;
    static const char verb[] = "*3\r\n$6\r\nRPUSHX\r\n";
    size_t told_of = parts[MARK].n + parts[DIGEST_OF_ABOUT].n + parts[MOMENT].n;
    buffer b;
    begin(&b);
    int well = put(&b, verb, sizeof verb - 1) && put_bulk_head(&b, parts[PREFIX].n + line.n / 2)
        && put(&b, parts[PREFIX].at, parts[PREFIX].n) && put_unhexed(&b, line) && put(&b, "\r\n", 2)
        && put_bulk_head(&b, told_of);
    for (int at = MARK; well && at < ALL; at++) well = put(&b, parts[at].at, parts[at].n);
    return told(&b, well && put(&b, "\r\n", 2));
}

/* ---- questions */

#define NAME 12 /* octets */

static int put_bucket(buffer *b, octets prefix, octets kind, octets name) {
    uint8_t one = (uint8_t)(nibble(name.at[0]) << 4 | nibble(name.at[1])), two = nibble(name.at[2]);
    uint8_t number[2] = {(uint8_t)(59 + (one >> 2)), (uint8_t)(59 + ((one & 3) << 4 | (two & 15)))};
    return put(b, prefix.at, prefix.n) && put(b, kind.at, kind.n) && put(b, ":", 1) && put(b, number, 2);
}

/* HGET of a record, as a server is sent it. */
static PyObject *hget(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    enum { PREFIX, KIND, OF, ALL };
    octets prefix, kind, name;
    if (!take_count("hget", n, ALL)) return NULL;
    for (int at = PREFIX; at <= KIND; at++)
        if (!PyBytes_CheckExact(args[at])) return expected(args[at], "bytes"), NULL;
    if (!PyUnicode_Check(args[OF])) return expected(args[OF], "str"), NULL;
    if (!take(args[PREFIX], SIZE_MAX, &prefix) || !take(args[KIND], SIZE_MAX, &kind) || !take_digits(args[OF], &name))
        return NULL;
    if (name.n != 2 * NAME) return PyErr_Format(PyExc_ValueError, "got %zu digits; expected 24", name.n), NULL;
    static const char verb[] = "*3\r\n$4\r\nHGET\r\n";
    buffer b;
    begin(&b);
    int well = put(&b, verb, sizeof verb - 1) && put_bulk_head(&b, prefix.n + kind.n + 3)
        && put_bucket(&b, prefix, kind, name) && put(&b, "\r\n", 2) && put_bulk_head(&b, NAME) && put_unhexed(&b, name)
        && put(&b, "\r\n", 2);
    return told(&b, well);
}

/* Where a line's record has what, see lines.lua: in front of NOTED all has a size of its own. */
enum { SOONEST = 3, LAST = 8, COUNTS = 17, LAST_V6 = 27, COUNTS_V6 = 36, NOTED = 45 };
enum { ARRAY16 = 0xdc, SECOND = 0xce, INSTANT = 0xcf, FIXRAW = 0xa0, RAW8 = 0xd9, RAW16 = 0xda, SAME = 1 };

/* The text at an offset, which goes behind it; 0 if there is none. */
static int read_text(octets record, size_t *at, octets *text) {
    if (*at >= record.n) return 0;
    uint8_t form = record.at[*at];
    size_t front = form == RAW8 ? 2 : form == RAW16 ? 3 : 1;
    if (front > record.n - *at) return 0;
    const uint8_t *size = record.at + *at + 1;
    if (front == 1 && (form & 0xe0) != FIXRAW) return 0;
    text->n = front == 1 ? form & 31u : front == 2 ? size[0] : (size_t)size[0] << 8 | size[1];
    if (text->n > record.n - *at - front) return 0;
    text->at = record.at + *at + front;
    *at += front + text->n;
    return 1;
}

/* Behind an instant, or 0 in its place; 0 if there is neither. */
static int pass_instant(octets record, size_t *at) {
    if (*at >= record.n) return 0;
    *at += record.at[*at] == INSTANT ? 9 : 1;
    return *at <= record.n;
}

/* The keys that no other line stands on, of either family; 0 if that can't be read. */
static int read_keys(octets record, octets keys[2]) {
    if (record.n <= NOTED || record.at[0] != ARRAY16 || record.at[SOONEST] != SECOND || record.at[LAST] != INSTANT
        || record.at[COUNTS] != INSTANT || record.at[LAST_V6] != INSTANT || record.at[COUNTS_V6] != INSTANT)
        return 0;
    size_t at = NOTED;
    octets place, version, told_last;
    if (!pass_instant(record, &at) || !pass_instant(record, &at) || !read_text(record, &at, &place)
        || !read_text(record, &at, &version) || !read_text(record, &at, &keys[0]) || !read_text(record, &at, &told_last)
        || at == record.n)
        return 0;
    if (record.at[at] != SAME) return read_text(record, &at, &keys[1]);
    keys[1] = keys[0];
    return 1;
}

static int is_among(const uint8_t name[NAME], octets names) {
    for (size_t at = 0; at + NAME <= names.n; at += NAME)
        if (memcmp(names.at + at, name, NAME) == 0) return 1;
    return 0;
}

static uint64_t number_at(const uint8_t *p) {
    uint64_t number = 0;
    for (int octet = 0; octet < 8; octet++) number = number << 8 | p[octet];
    return number;
}

/* Whether a line's record tells that no other line stands on some keys. */
static PyObject *alone(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    enum { RECORD, KEYS, AFTER, ALL };
    octets record, listed[2], digits;
    if (!take_count("alone", n, ALL)) return NULL;
    if (!PyBytes_CheckExact(args[RECORD])) return expected(args[RECORD], "bytes"), NULL;
    if (!PyTuple_Check(args[KEYS])) return expected(args[KEYS], "tuple"), NULL;
    if (!PyLong_Check(args[AFTER])) return expected(args[AFTER], "int"), NULL;
    unsigned long long after = PyLong_AsUnsignedLongLong(args[AFTER]);
    if ((after == (unsigned long long)-1 && PyErr_Occurred()) || !take(args[RECORD], SIZE_MAX, &record)) return NULL;
    Py_ssize_t many = PyTuple_GET_SIZE(args[KEYS]);
    int stands = read_keys(record, listed) && many > 0;
    for (Py_ssize_t at = 0; at < many; at++) {
        buffer key;
        PyObject *argument = PyTuple_GET_ITEM(args[KEYS], at);
        if (!PyUnicode_Check(argument)) return expected(argument, "str"), NULL;
        if (!take_digits(argument, &digits)) return NULL;
        if (digits.n != 2 * NAME) return PyErr_Format(PyExc_ValueError, "got %zu digits; expected 24", digits.n), NULL;
        begin(&key);
        if (!put_unhexed(&key, digits)) return end(&key), NULL;
        stands = stands
            && ((number_at(record.at + COUNTS + 1) > after && is_among(key.at, listed[0]))
                || (number_at(record.at + COUNTS_V6 + 1) > after && is_among(key.at, listed[1])));
        end(&key);
    }
    return PyBool_FromLong(stands);
}

/* ---- the module */

static PyMethodDef FUNCTIONS[] = {
#define FAST(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL}
    FAST(accept), FAST(alone), FAST(array), FAST(entry), FAST(hget), FAST(push), FAST(shown), FAST(sighting),
    FAST(terms), FAST(values),
    {"command", command, METH_O, NULL}, {"head", head, METH_O, NULL}, {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, .m_name = "bngcorr.store._rows", .m_methods = FUNCTIONS,
    .m_slots = (PyModuleDef_Slot[]){{0, NULL}},
};

PyMODINIT_FUNC PyInit__rows(void) { return PyModuleDef_Init(&MODULE); }
