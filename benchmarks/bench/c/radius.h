/* RADIUS for the load generator and the sink: attributes put down, packets signed (RFC 2865 §3, RFC 2869 §5.14). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/md5.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ACCESS_REQUEST = 1, ACCESS_ACCEPT, ACCESS_REJECT, ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE };
enum {
    USER_NAME = 1, USER_PASSWORD = 2, NAS_IP_ADDRESS = 4, NAS_PORT = 5, FRAMED_IP_ADDRESS = 8, FRAMED_IP_NETMASK = 9,
    CLASS = 25, VENDOR_SPECIFIC = 26, SESSION_TIMEOUT = 27, CALLING_STATION_ID = 31, NAS_IDENTIFIER = 32,
    PROXY_STATE = 33, ACCT_STATUS_TYPE = 40, ACCT_DELAY_TIME = 41, ACCT_INPUT_OCTETS = 42, ACCT_OUTPUT_OCTETS = 43,
    ACCT_SESSION_ID = 44, ACCT_SESSION_TIME = 46, ACCT_INPUT_PACKETS = 47, ACCT_OUTPUT_PACKETS = 48,
    ACCT_TERMINATE_CAUSE = 49, EVENT_TIMESTAMP = 55, NAS_PORT_TYPE = 61, CONNECT_INFO = 77,
    MESSAGE_AUTHENTICATOR = 80, ACCT_INTERIM_INTERVAL = 85, NAS_PORT_ID = 87
};
enum { BBF = 3561, AGENT_CIRCUIT_ID = 1, AGENT_REMOTE_ID = 2 };
enum { NOKIA = 6527, ALC_SUBSC_PROF = 11, ALC_SLA_PROF = 12, ALC_TO_SERVER_DHCP6_OPTIONS = 191 };

#define PASSWORD "bng-secret"
#define TRUTH "line=%08u;%c" /* Connect-Info: which line a request is of, and its kind; proxies pass it through */
#define TRUTH_LENGTH 15
enum { V4 = '4', V6 = '6', BARE = 'b', AMBIGUOUS = 'x', ACCOUNTING = 'a' };

/* HMAC-MD5 with the padded key hashed once. */
typedef struct { MD5_CTX in, out; } hmac_key;

static inline void hmac_init(hmac_key *key, const char *secret) {
    uint8_t pad[64] = {0};
    size_t n = strlen(secret);
    memcpy(pad, secret, n > 64 ? 64 : n);
    for (int i = 0; i < 64; i++) pad[i] ^= 0x36;
    MD5_Init(&key->in);
    MD5_Update(&key->in, pad, 64);
    for (int i = 0; i < 64; i++) pad[i] ^= 0x36 ^ 0x5c;
    MD5_Init(&key->out);
    MD5_Update(&key->out, pad, 64);
}

static inline void hmac_md5(const hmac_key *key, const uint8_t *octets, size_t n, uint8_t out[16]) {
    MD5_CTX c = key->in;
    uint8_t digest[16];
    MD5_Update(&c, octets, n);
    MD5_Final(digest, &c);
    c = key->out;
    MD5_Update(&c, digest, 16);
    MD5_Final(out, &c);
}

/* The one block that hides a password of up to 16 octets (RFC 2865 §5.2); it hides and reveals alike. */
static inline void hide_block(const char *secret, const uint8_t authenticator[16], uint8_t block[16]) {
    MD5_CTX c;
    uint8_t pad[16];
    MD5_Init(&c);
    MD5_Update(&c, secret, strlen(secret));
    MD5_Update(&c, authenticator, 16);
    MD5_Final(pad, &c);
    for (int i = 0; i < 16; i++) block[i] ^= pad[i];
}

/* MD5 over code to attributes with `authenticator` in its place, and the secret: of replies and of accounting. */
static inline void seal(const uint8_t *packet, int n, const uint8_t authenticator[16], const char *secret,
                        uint8_t out[16]) {
    MD5_CTX c;
    MD5_Init(&c);
    MD5_Update(&c, packet, 4);
    MD5_Update(&c, authenticator, 16);
    MD5_Update(&c, packet + 20, n - 20);
    MD5_Update(&c, secret, strlen(secret));
    MD5_Final(out, &c);
}

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Datagrams that are never fragmented need no Identification (RFC 6864 §4.1), and the kernel makes none. */
static inline void spare_identification(int fd) {
    int never = IP_PMTUDISC_DO;
    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &never, sizeof never);
}

static inline uint8_t *put(uint8_t *p, int type, const void *value, int n) {
    p[0] = type;
    p[1] = n + 2;
    memcpy(p + 2, value, n);
    return p + 2 + n;
}
static inline uint8_t *put_text(uint8_t *p, int type, const char *text) { return put(p, type, text, strlen(text)); }
static inline uint8_t *put_u32(uint8_t *p, int type, uint32_t value) {
    value = htonl(value);
    return put(p, type, &value, 4);
}
static inline uint8_t *put_vsa(uint8_t *p, uint32_t vendor, int type, const void *value, int n) {
    p[0] = VENDOR_SPECIFIC;
    p[1] = n + 8;
    vendor = htonl(vendor);
    memcpy(p + 2, &vendor, 4);
    p[6] = type;
    p[7] = n + 2;
    memcpy(p + 8, value, n);
    return p + 8 + n;
}
static inline void put_length(uint8_t *packet, int n) {
    packet[2] = n >> 8;
    packet[3] = n;
}
