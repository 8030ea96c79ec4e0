/* Octets of RADIUS packets: authenticators, hidden attributes, edits, layout. `octets.py` beside it says what each
 * function is for, and the same in Python; tests hold the two against each other.
 *
 * Packets come from the network: every length is checked before an octet is read, and arguments of another type or
 * length are a TypeError or ValueError. Functions keep nothing but what HMAC makes of a secret, in a table whose size
 * does not change. Lengths and offsets are octets. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define HEADER 20 /* Code, Identifier, Length (2), Authenticator (16): RFC 2865 §3 */
#define DIGEST 16 /* of MD5, and of an Authenticator */
#define MESSAGE 18 /* a Message-Authenticator with its type and length: RFC 3579 §3.2 */
#define BLOCK 64 /* of MD5 */
#define MOST_OCTETS 4096 /* of a packet: RFC 2865 §3 */

/* ---- MD5 (RFC 1321) */

typedef struct {
    uint32_t state[4];
    uint64_t length; /* of all that was taken in */
    uint8_t rest[BLOCK];
} md5;

static const md5 START = {.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};

static uint32_t word_at(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_word(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8), p[2] = (uint8_t)(v >> 16), p[3] = (uint8_t)(v >> 24);
}

/* The functions of §3.4. Where both halves of G can't be 1 at once, adding them is as good as OR, and the sum with ~z
 * does not wait for x. */
#define F(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define G(x, y, z) (((x) & (z)) + ((y) & ~(z)))
#define H(x, y, z) ((x) ^ (y) ^ (z))
#define I(x, y, z) ((y) ^ ((x) | ~(z)))
#define STEP(f, a, b, c, d, k, s, t) \
    a += (uint32_t)(t) + w[k]; \
    a += f(b, c, d); \
    a = (a << (s) | a >> (32 - (s))) + b;

static void md5_block(uint32_t state[4], const uint8_t *p) {
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], w[16];
    for (int at = 0; at < 16; at++) w[at] = word_at(p + 4 * at);

    STEP(F, a, b, c, d, 0, 7, 0xd76aa478) STEP(F, d, a, b, c, 1, 12, 0xe8c7b756)
    STEP(F, c, d, a, b, 2, 17, 0x242070db) STEP(F, b, c, d, a, 3, 22, 0xc1bdceee)
    STEP(F, a, b, c, d, 4, 7, 0xf57c0faf) STEP(F, d, a, b, c, 5, 12, 0x4787c62a)
    STEP(F, c, d, a, b, 6, 17, 0xa8304613) STEP(F, b, c, d, a, 7, 22, 0xfd469501)
    STEP(F, a, b, c, d, 8, 7, 0x698098d8) STEP(F, d, a, b, c, 9, 12, 0x8b44f7af)
    STEP(F, c, d, a, b, 10, 17, 0xffff5bb1) STEP(F, b, c, d, a, 11, 22, 0x895cd7be)
    STEP(F, a, b, c, d, 12, 7, 0x6b901122) STEP(F, d, a, b, c, 13, 12, 0xfd987193)
    STEP(F, c, d, a, b, 14, 17, 0xa679438e) STEP(F, b, c, d, a, 15, 22, 0x49b40821)

    STEP(G, a, b, c, d, 1, 5, 0xf61e2562) STEP(G, d, a, b, c, 6, 9, 0xc040b340)
    STEP(G, c, d, a, b, 11, 14, 0x265e5a51) STEP(G, b, c, d, a, 0, 20, 0xe9b6c7aa)
    STEP(G, a, b, c, d, 5, 5, 0xd62f105d) STEP(G, d, a, b, c, 10, 9, 0x02441453)
    STEP(G, c, d, a, b, 15, 14, 0xd8a1e681) STEP(G, b, c, d, a, 4, 20, 0xe7d3fbc8)
    STEP(G, a, b, c, d, 9, 5, 0x21e1cde6) STEP(G, d, a, b, c, 14, 9, 0xc33707d6)
    STEP(G, c, d, a, b, 3, 14, 0xf4d50d87) STEP(G, b, c, d, a, 8, 20, 0x455a14ed)
    STEP(G, a, b, c, d, 13, 5, 0xa9e3e905) STEP(G, d, a, b, c, 2, 9, 0xfcefa3f8)
    STEP(G, c, d, a, b, 7, 14, 0x676f02d9) STEP(G, b, c, d, a, 12, 20, 0x8d2a4c8a)

    STEP(H, a, b, c, d, 5, 4, 0xfffa3942) STEP(H, d, a, b, c, 8, 11, 0x8771f681)
    STEP(H, c, d, a, b, 11, 16, 0x6d9d6122) STEP(H, b, c, d, a, 14, 23, 0xfde5380c)
    STEP(H, a, b, c, d, 1, 4, 0xa4beea44) STEP(H, d, a, b, c, 4, 11, 0x4bdecfa9)
    STEP(H, c, d, a, b, 7, 16, 0xf6bb4b60) STEP(H, b, c, d, a, 10, 23, 0xbebfbc70)
    STEP(H, a, b, c, d, 13, 4, 0x289b7ec6) STEP(H, d, a, b, c, 0, 11, 0xeaa127fa)
    STEP(H, c, d, a, b, 3, 16, 0xd4ef3085) STEP(H, b, c, d, a, 6, 23, 0x04881d05)
    STEP(H, a, b, c, d, 9, 4, 0xd9d4d039) STEP(H, d, a, b, c, 12, 11, 0xe6db99e5)
    STEP(H, c, d, a, b, 15, 16, 0x1fa27cf8) STEP(H, b, c, d, a, 2, 23, 0xc4ac5665)

    STEP(I, a, b, c, d, 0, 6, 0xf4292244) STEP(I, d, a, b, c, 7, 10, 0x432aff97)
    STEP(I, c, d, a, b, 14, 15, 0xab9423a7) STEP(I, b, c, d, a, 5, 21, 0xfc93a039)
    STEP(I, a, b, c, d, 12, 6, 0x655b59c3) STEP(I, d, a, b, c, 3, 10, 0x8f0ccc92)
    STEP(I, c, d, a, b, 10, 15, 0xffeff47d) STEP(I, b, c, d, a, 1, 21, 0x85845dd1)
    STEP(I, a, b, c, d, 8, 6, 0x6fa87e4f) STEP(I, d, a, b, c, 15, 10, 0xfe2ce6e0)
    STEP(I, c, d, a, b, 6, 15, 0xa3014314) STEP(I, b, c, d, a, 13, 21, 0x4e0811a1)
    STEP(I, a, b, c, d, 4, 6, 0xf7537e82) STEP(I, d, a, b, c, 11, 10, 0xbd3af235)
    STEP(I, c, d, a, b, 2, 15, 0x2ad7d2bb) STEP(I, b, c, d, a, 9, 21, 0xeb86d391)

    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

static void md5_take(md5 *m, const uint8_t *p, size_t n) {
    size_t held = m->length % BLOCK;
    m->length += n;
    if (held) {
        size_t room = BLOCK - held;
        if (n < room) {
            memcpy(m->rest + held, p, n);
            return;
        }
        memcpy(m->rest + held, p, room);
        md5_block(m->state, m->rest);
        p += room, n -= room;
    }
    for (; n >= BLOCK; p += BLOCK, n -= BLOCK) md5_block(m->state, p);
    memcpy(m->rest, p, n);
}

static void md5_end(md5 *m, uint8_t out[DIGEST]) {
    size_t held = m->length % BLOCK;
    m->rest[held++] = 0x80;
    if (held > BLOCK - 8) {
        memset(m->rest + held, 0, BLOCK - held);
        md5_block(m->state, m->rest);
        held = 0;
    }
    memset(m->rest + held, 0, BLOCK - 8 - held);
    put_word(m->rest + BLOCK - 8, (uint32_t)(m->length << 3)); /* in bits */
    put_word(m->rest + BLOCK - 4, (uint32_t)(m->length >> 29));
    md5_block(m->state, m->rest);
    for (int at = 0; at < 4; at++) put_word(out + 4 * at, m->state[at]);
}

/* ---- HMAC-MD5 (RFC 2104): what the secret alone decides is computed once */

#define SECRETS 1024 /* a power of two; two that fall on one place take turns */

typedef struct {
    PyObject *secret; /* bytes, or NULL */
    uint32_t inner[4], outer[4]; /* after the block of the secret XOR ipad, and XOR opad (§4) */
} started;

typedef struct {
    started secrets[SECRETS];
} core;

static const uint8_t ZEROS[DIGEST];

static void pad(const uint8_t key[BLOCK], uint8_t with, uint32_t state[4]) {
    uint8_t block[BLOCK];
    for (int at = 0; at < BLOCK; at++) block[at] = key[at] ^ with;
    memcpy(state, START.state, sizeof START.state);
    md5_block(state, block);
}

static const started *start(PyObject *module, PyObject *secret) {
    Py_hash_t hash = PyObject_Hash(secret); /* bytes remember theirs */
    if (hash == -1) return NULL;
    started *one = &((core *)PyModule_GetState(module))->secrets[(size_t)hash % SECRETS];
    size_t n = (size_t)PyBytes_GET_SIZE(secret);
    const uint8_t *octets = (const uint8_t *)PyBytes_AS_STRING(secret);
    if (one->secret == secret) return one;
    if (one->secret && (size_t)PyBytes_GET_SIZE(one->secret) == n
        && memcmp(PyBytes_AS_STRING(one->secret), octets, n) == 0)
        return one;
    uint8_t key[BLOCK] = {0};
    if (n > BLOCK) {
        md5 m = START;
        md5_take(&m, octets, n);
        md5_end(&m, key);
    } else {
        memcpy(key, octets, n);
    }
    pad(key, 0x36, one->inner);
    pad(key, 0x5c, one->outer);
    Py_XSETREF(one->secret, Py_NewRef(secret));
    return one;
}

static md5 hmac_begin(const started *of) {
    md5 m = {.length = BLOCK};
    memcpy(m.state, of->inner, sizeof of->inner);
    return m;
}

static void hmac_end(const started *of, md5 *m, uint8_t out[DIGEST]) {
    uint8_t inner[DIGEST];
    md5_end(m, inner);
    md5 outer = {.length = BLOCK};
    memcpy(outer.state, of->outer, sizeof of->outer);
    md5_take(&outer, inner, DIGEST);
    md5_end(&outer, out);
}

/* Whether they are equal, in a time that does not tell where they differ. */
static int same(const uint8_t *one, const uint8_t *other) {
    volatile uint8_t differ = 0;
    for (int at = 0; at < DIGEST; at++) differ |= one[at] ^ other[at];
    return differ == 0;
}

/* ---- arguments */

typedef struct {
    const uint8_t *at;
    size_t n;
} octets;

static int count(const char *function, Py_ssize_t got, Py_ssize_t expected) {
    if (got == expected) return 1;
    PyErr_Format(PyExc_TypeError, "%s: got %zd arguments; expected %zd", function, got, expected);
    return 0;
}

static int take(PyObject *argument, size_t least, size_t most, octets *into) {
    if (!PyBytes_CheckExact(argument)) {
        PyErr_Format(PyExc_TypeError, "got %.80s; expected bytes", Py_TYPE(argument)->tp_name);
        return 0;
    }
    into->at = (const uint8_t *)PyBytes_AS_STRING(argument);
    into->n = (size_t)PyBytes_GET_SIZE(argument);
    if (least <= into->n && into->n <= most) return 1;
    PyErr_Format(PyExc_ValueError, "got %zu octets; expected %zu to %zu", into->n, least, most);
    return 0;
}

static int take_number(PyObject *argument, uint64_t least, uint64_t most, uint64_t *into) {
    if (!PyLong_Check(argument)) {
        PyErr_Format(PyExc_TypeError, "got %.80s; expected int", Py_TYPE(argument)->tp_name);
        return 0;
    }
    int over;
    long long number = PyLong_AsLongLongAndOverflow(argument, &over);
    if (!over && number >= 0 && least <= (uint64_t)number && (uint64_t)number <= most) {
        *into = (uint64_t)number;
        return 1;
    }
    PyErr_Format(PyExc_ValueError, "got %R; expected %llu to %llu", argument, (unsigned long long)least,
                 (unsigned long long)most);
    return 0;
}

#define SECRET_OCTETS 65535 /* more than anybody configures */
#define ANY ((size_t)PY_SSIZE_T_MAX)

/* ---- authenticators */

static PyObject *hmac_md5(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    octets secret, covered;
    if (!count("hmac_md5", n, 2) || !take(args[0], 0, SECRET_OCTETS, &secret) || !take(args[1], 0, ANY, &covered))
        return NULL;
    const started *key = start(module, args[0]);
    if (!key) return NULL;
    uint8_t out[DIGEST];
    md5 m = hmac_begin(key);
    md5_take(&m, covered.at, covered.n);
    hmac_end(key, &m, out);
    return PyBytes_FromStringAndSize((const char *)out, DIGEST);
}

static PyObject *authenticator_fits(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    octets packet, authenticator, secret;
    if (!count("authenticator_fits", n, 3) || !take(args[0], HEADER, MOST_OCTETS, &packet)
        || !take(args[1], DIGEST, DIGEST, &authenticator) || !take(args[2], 0, SECRET_OCTETS, &secret))
        return NULL;
    uint8_t out[DIGEST];
    md5 m = START;
    md5_take(&m, packet.at, 4);
    md5_take(&m, authenticator.at, DIGEST);
    md5_take(&m, packet.at + HEADER, packet.n - HEADER);
    md5_take(&m, secret.at, secret.n);
    md5_end(&m, out);
    return PyBool_FromLong(same(out, packet.at + 4));
}

static PyObject *message_fits(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    octets packet, authenticator, secret;
    uint64_t at;
    if (!count("message_fits", n, 4) || !take(args[0], HEADER + DIGEST, MOST_OCTETS, &packet)
        || !take_number(args[1], HEADER, packet.n - DIGEST, &at) || !take(args[2], DIGEST, DIGEST, &authenticator)
        || !take(args[3], 0, SECRET_OCTETS, &secret))
        return NULL;
    const started *key = start(module, args[3]);
    if (!key) return NULL;
    uint8_t out[DIGEST];
    md5 m = hmac_begin(key);
    md5_take(&m, packet.at, 4);
    md5_take(&m, authenticator.at, DIGEST);
    md5_take(&m, packet.at + HEADER, at - HEADER);
    md5_take(&m, ZEROS, DIGEST);
    md5_take(&m, packet.at + at + DIGEST, packet.n - at - DIGEST);
    hmac_end(key, &m, out);
    return PyBool_FromLong(same(out, packet.at + at));
}

/* A packet whose authenticator is `authenticator`, with an empty Message-Authenticator in front of `attributes` if
 * `with_message`. */
static PyObject *unsigned_packet(
    uint64_t code, uint64_t identifier, octets authenticator, octets attributes, int with_message, uint8_t **at, size_t *n
) {
    *n = HEADER + (with_message ? MESSAGE : 0) + attributes.n;
    PyObject *packet = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)*n);
    if (!packet) return NULL;
    uint8_t *p = *at = (uint8_t *)PyBytes_AS_STRING(packet);
    p[0] = (uint8_t)code, p[1] = (uint8_t)identifier, p[2] = (uint8_t)(*n >> 8), p[3] = (uint8_t)*n;
    memcpy(p + 4, authenticator.at, DIGEST);
    p += HEADER;
    if (with_message) {
        p[0] = 80, p[1] = MESSAGE;
        memset(p + 2, 0, DIGEST);
        p += MESSAGE;
    }
    memcpy(p, attributes.at, attributes.n);
    return packet;
}

static void sign_message(const started *key, uint8_t *packet, size_t n) {
    md5 m = hmac_begin(key);
    md5_take(&m, packet, n);
    hmac_end(key, &m, packet + HEADER + 2);
}

#define ROOM (65535 - HEADER - MESSAGE) /* what the two octets of Length can tell; 4096 is the caller's to see to */

static PyObject *signed_request(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    uint64_t code, identifier;
    size_t size;
    octets authenticator, attributes, secret;
    if (!count("signed_request", n, 5) || !take_number(args[0], 0, 255, &code)
        || !take_number(args[1], 0, 255, &identifier) || !take(args[2], DIGEST, DIGEST, &authenticator)
        || !take(args[3], 0, ROOM, &attributes) || !take(args[4], 0, SECRET_OCTETS, &secret))
        return NULL;
    const started *key = start(module, args[4]);
    if (!key) return NULL;
    uint8_t *p;
    PyObject *packet = unsigned_packet(code, identifier, authenticator, attributes, 1, &p, &size);
    if (packet) sign_message(key, p, size);
    return packet;
}

static PyObject *signed_over(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    uint64_t code, identifier;
    size_t size;
    octets authenticator, vector, attributes, secret;
    if (!count("signed_over", n, 7) || !take_number(args[0], 0, 255, &code)
        || !take_number(args[1], 0, 255, &identifier) || !take(args[2], DIGEST, DIGEST, &authenticator)
        || !take(args[3], DIGEST, DIGEST, &vector) || !take(args[4], 0, ROOM, &attributes)
        || !take(args[5], 0, SECRET_OCTETS, &secret))
        return NULL;
    int with_message = PyObject_IsTrue(args[6]);
    if (with_message < 0) return NULL;
    const started *key = start(module, args[5]);
    if (!key) return NULL;
    uint8_t *p;
    PyObject *packet = unsigned_packet(code, identifier, vector, attributes, with_message, &p, &size);
    if (!packet) return NULL;
    if (with_message) sign_message(key, p, size);
    md5 m = START;
    md5_take(&m, p, 4);
    md5_take(&m, authenticator.at, DIGEST);
    md5_take(&m, p + HEADER, size - HEADER);
    md5_take(&m, secret.at, secret.n);
    md5_end(&m, p + 4);
    return packet;
}

/* ---- hidden attributes */

static void mask(octets secret, const uint8_t *vector, size_t n, uint8_t out[DIGEST]) {
    md5 m = START;
    md5_take(&m, secret.at, secret.n);
    md5_take(&m, vector, n);
    md5_end(&m, out);
}

static PyObject *rehidden_chain(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    octets value, old_secret, old_vector, new_secret, new_vector;
    if (!count("rehidden_chain", n, 5) || !take(args[0], DIGEST, MOST_OCTETS, &value)
        || !take(args[1], 0, SECRET_OCTETS, &old_secret) || !take(args[2], 0, MOST_OCTETS, &old_vector)
        || !take(args[3], 0, SECRET_OCTETS, &new_secret) || !take(args[4], 0, MOST_OCTETS, &new_vector))
        return NULL;
    if (value.n % DIGEST) return PyErr_Format(PyExc_ValueError, "got %zu octets; expected a multiple of 16", value.n);
    PyObject *hidden = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)value.n);
    if (!hidden) return NULL;
    uint8_t *out = (uint8_t *)PyBytes_AS_STRING(hidden), old_mask[DIGEST], new_mask[DIGEST];
    mask(old_secret, old_vector.at, old_vector.n, old_mask);
    mask(new_secret, new_vector.at, new_vector.n, new_mask);
    for (size_t at = 0;;) {
        for (int i = 0; i < DIGEST; i++) out[at + i] = value.at[at + i] ^ old_mask[i] ^ new_mask[i];
        if (at + DIGEST == value.n) return hidden;
        mask(old_secret, value.at + at, DIGEST, old_mask); /* each block is masked by the one before it, as hidden */
        mask(new_secret, out + at, DIGEST, new_mask);
        at += DIGEST;
    }
}

/* ---- attributes and edits */

static PyObject *attribute(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    uint64_t kind;
    octets value;
    if (!count("attribute", n, 2) || !take_number(args[0], 0, 255, &kind) || !take(args[1], 0, 253, &value))
        return NULL;
    PyObject *made = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)value.n + 2);
    if (!made) return NULL;
    uint8_t *p = (uint8_t *)PyBytes_AS_STRING(made);
    p[0] = (uint8_t)kind, p[1] = (uint8_t)(value.n + 2);
    memcpy(p + 2, value.at, value.n);
    return made;
}

static PyObject *vendor_attribute(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    uint64_t key;
    octets value;
    if (!count("vendor_attribute", n, 2) || !take_number(args[0], 0, ((uint64_t)1 << 40) - 1, &key)
        || !take(args[1], 0, 247, &value))
        return NULL;
    PyObject *made = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)value.n + 8);
    if (!made) return NULL;
    uint8_t *p = (uint8_t *)PyBytes_AS_STRING(made);
    p[0] = 26, p[1] = (uint8_t)(value.n + 8);
    for (int at = 0; at < 5; at++) p[2 + at] = (uint8_t)(key >> 8 * (4 - at)); /* vendor (4), and its type */
    p[7] = (uint8_t)(value.n + 2);
    memcpy(p + 8, value.at, value.n);
    return made;
}

#define MAC 6
#define MAC_TEXT (3 * MAC - 1) /* two digits an octet, and a colon between two of them */

/* Of a hexadecimal digit; -1 for any other character. */
static int nibble(uint8_t c) {
    if ('0' <= c && c <= '9') return c - '0';
    c |= 0x20; /* lower case */
    return 'a' <= c && c <= 'f' ? c - 'a' + 10 : -1;
}

static PyObject *colon_octets(PyObject *Py_UNUSED(module), PyObject *argument) {
    octets text;
    if (!take(argument, 0, ANY, &text)) return NULL;
    if (text.n != MAC_TEXT) Py_RETURN_NONE;
    uint8_t out[MAC];
    for (int at = 0; at < MAC; at++) {
        const uint8_t *p = text.at + 3 * at;
        int high = nibble(p[0]), low = nibble(p[1]);
        if (high < 0 || low < 0 || (at < MAC - 1 && p[2] != ':')) Py_RETURN_NONE;
        out[at] = (uint8_t)(high << 4 | low);
    }
    return PyBytes_FromStringAndSize((const char *)out, MAC);
}

typedef struct {
    uint64_t start, end;
    octets put;
} edit;

#define FEW 8 /* edits of nearly every packet */

static int take_edit(PyObject *argument, size_t packet, edit *into) {
    if (!PyTuple_Check(argument) || PyTuple_GET_SIZE(argument) != 3) {
        PyErr_SetString(PyExc_TypeError, "expected edits of start, end and octets");
        return 0;
    }
    return take_number(PyTuple_GET_ITEM(argument, 0), HEADER, packet, &into->start)
        && take_number(PyTuple_GET_ITEM(argument, 1), into->start, packet, &into->end)
        && take(PyTuple_GET_ITEM(argument, 2), 0, ROOM, &into->put);
}

static int is_behind(const edit *one, const edit *other) {
    return one->start != other->start ? one->start > other->start : one->end > other->end;
}

/* Copy `n` octets, if there is a place for them, and tell where the next ones go. */
static size_t put(uint8_t *out, size_t at, const uint8_t *from, size_t n) {
    if (out) memcpy(out + at, from, n);
    return at + n;
}

/* How many octets the attributes have with the edits put in; they go to `out` unless it is NULL. */
static size_t join(octets packet, const edit *edits, size_t n, octets tail, uint8_t *out) {
    size_t from = HEADER, size = 0;
    for (size_t number = 0; number < n; number++) {
        const edit *this = &edits[number];
        if (this->start > from) size = put(out, size, packet.at + from, this->start - from);
        size = put(out, size, this->put.at, this->put.n);
        from = this->end;
    }
    size = put(out, size, packet.at + from, packet.n - from);
    return put(out, size, tail.at, tail.n);
}

static PyObject *spliced(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n) {
    octets packet, tail;
    if (!count("spliced", n, 3) || !take(args[0], HEADER, MOST_OCTETS, &packet)) return NULL;
    if (!PyList_Check(args[1])) return PyErr_Format(PyExc_TypeError, "expected a list of edits");
    if (!take(args[2], 0, ROOM, &tail)) return NULL;
    size_t many = (size_t)PyList_GET_SIZE(args[1]);
    edit few[FEW], *edits = many <= FEW ? few : PyMem_New(edit, many);
    if (!edits) return PyErr_NoMemory();
    PyObject *attributes = NULL;
    for (size_t number = 0; number < many; number++) {
        edit this;
        if (!take_edit(PyList_GET_ITEM(args[1], (Py_ssize_t)number), packet.n, &this)) goto done;
        size_t at = number; /* into its place among those before it: nearly always behind them */
        for (; at && is_behind(&edits[at - 1], &this); at--) edits[at] = edits[at - 1];
        edits[at] = this;
    }
    attributes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)join(packet, edits, many, tail, NULL));
    if (attributes) join(packet, edits, many, tail, (uint8_t *)PyBytes_AS_STRING(attributes));
done:
    if (edits != few) PyMem_Free(edits);
    return attributes;
}

/* ---- where attributes lie */

#define LAYOUT 256 /* octets at most: of up to 128 attributes */

/* Packet codes: see attributes.py. */
static int is_code(uint8_t code) {
    return (1 <= code && code <= 5) || code == 11 || code == 12 || (40 <= code && code <= 45);
}

/* Vendors whose sub-attributes have another layout than RFC 2865 §5.26 recommends: see radius.py. */
static int is_opaque(uint32_t vendor) {
    return vendor == 0 || vendor == 429 || vendor == 4846 || vendor == 8164 || vendor == 24757;
}

static PyObject *layout(PyObject *Py_UNUSED(module), PyObject *argument) {
    octets packet;
    if (!take(argument, 0, ANY, &packet)) return NULL;
    const uint8_t *p = packet.at;
    if (packet.n < HEADER || packet.n > MOST_OCTETS || (size_t)(p[2] << 8 | p[3]) != packet.n || !is_code(p[0]))
        Py_RETURN_NONE;
    uint8_t out[LAYOUT];
    size_t size = 0;
    int has_message = 0;
    for (size_t at = HEADER; at < packet.n;) {
        if (at + 2 > packet.n || size + 8 > LAYOUT) Py_RETURN_NONE;
        size_t length = p[at + 1], end = at + length;
        if (length < 2 || end > packet.n) Py_RETURN_NONE;
        out[size++] = p[at], out[size++] = p[at + 1];
        if (p[at] == 80) { /* Message-Authenticator */
            if (length != MESSAGE || has_message) Py_RETURN_NONE;
            has_message = 1;
        } else if (p[at] == 2 && p[0] == 1) { /* User-Password of an Access-Request */
            if (length < 18 || length > 130 || (length - 2) % 16) Py_RETURN_NONE;
        } else if (p[at] == 26 && length >= 8) { /* Vendor-Specific */
            uint32_t vendor = (uint32_t)p[at + 2] << 24 | p[at + 3] << 16 | p[at + 4] << 8 | p[at + 5];
            memcpy(out + size, p + at + 2, 4);
            size += 4;
            size_t subs = size, sub = at + 6;
            if (!is_opaque(vendor)) {
                while (sub + 2 <= end && p[sub + 1] >= 2 && sub + p[sub + 1] <= end) {
                    if (size + 2 > LAYOUT) Py_RETURN_NONE;
                    out[size++] = p[sub], out[size++] = p[sub + 1];
                    sub += p[sub + 1];
                }
                if (sub != end) { /* not the usual layout: one opaque span; no sub-attribute has length 0 */
                    size = subs;
                    if (size + 2 > LAYOUT) Py_RETURN_NONE;
                    out[size++] = 0, out[size++] = 0;
                }
            }
        }
        at = end;
    }
    return PyBytes_FromStringAndSize((const char *)out, (Py_ssize_t)size);
}

/* ---- the module */

static PyMethodDef FUNCTIONS[] = {
#define FAST(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL}
    FAST(attribute), FAST(authenticator_fits), FAST(hmac_md5), FAST(message_fits), FAST(rehidden_chain),
    FAST(signed_over), FAST(signed_request), FAST(spliced), FAST(vendor_attribute),
    {"colon_octets", colon_octets, METH_O, NULL}, {"layout", layout, METH_O, NULL}, {NULL, NULL, 0, NULL},
};

static int core_clear(PyObject *module) {
    core *state = PyModule_GetState(module);
    if (state) for (int at = 0; at < SECRETS; at++) Py_CLEAR(state->secrets[at].secret);
    return 0;
}

static void core_free(void *module) { core_clear(module); }

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, .m_name = "bngcorr.wire._core", .m_size = sizeof(core), .m_methods = FUNCTIONS,
    .m_slots = (PyModuleDef_Slot[]){{0, NULL}}, .m_clear = core_clear, .m_free = core_free,
};

PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&MODULE); }
