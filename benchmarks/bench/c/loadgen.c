/* loadgen: BNGs that ask, each from an address of its own, and check what they are answered.
 *
 *     loadgen -p PORT -s SECRET -m mix|v4|acct -b BNGS -l LINES -a PER_MILLE -t TIMEOUT_MS -x SEED
 *
 * Phases are read from standard input, and each is answered with one line of JSON:
 *
 *     closed W SECONDS      W requests outstanding all the time
 *     open RATE SECONDS     Poisson arrivals; latency counts from the intended time of sending
 *     burst N               N requests as fast as they can be sent, and their answers awaited
 *     forget                no v6 request follows the v4 requests so far: before a phase of a much lower rate
 *     quit                  also at end of file
 *
 * `mix` sends thirds: DHCPv4 with line ids; DHCPv6 with an enterprise number in front of the Remote-Id and raw DHCPv6
 * options; DHCPv6 without any line id and without a mark of its family, 0 to 2 s after the DHCPv4 request of the same
 * line. Some pairs of lines (-a) share a MAC address and a port without a VLAN of their own: nobody can tell their
 * requests without line id apart. `acct` sends Start, Interim-Update and Stop. Nothing is sent twice.
 *
 * BNGs share a socket: each datagram says which address it is from, each answer which address it came to (ip(7),
 * IP_PKTINFO). So what is due goes out with one system call, and one takes whatever has come. */
#include "radius.h"
#include <math.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#define PACKET 512
#define KINDS 5
#define LATEST_NS 2000000000ull /* the v6 request follows its v4 request within this */
#define WHEEL 4096              /* buckets of 1 ms */
#define APART 512               /* sessions between the Start, the Interim-Update and the Stop of one */
#define NONE UINT32_MAX
#define BATCH 64             /* datagrams a system call */
#define DOORS 32             /* sockets at most */
#define ROOM (8 << 20)       /* octets for answers in the kernel: several thousand of them */
#define STRIDE (2048 + 5 * 64) /* of buffers: a power of two would put all of them into the same sets of the cache */

typedef struct { uint16_t length; uint8_t octets[PACKET]; } packet;
typedef struct { uint64_t at; uint8_t busy, kind, authenticator[16]; } slot; /* an identifier of a BNG */
typedef union { struct cmsghdr header; uint8_t octets[CMSG_SPACE(sizeof(struct in_pktinfo))]; } control;
typedef struct { /* a socket of BNGs, and what they are about to send */
    int fd, n;
    struct mmsghdr out[BATCH];
    struct iovec at[BATCH];
    control from[BATCH];
    packet packets[BATCH];
    slot *slots[BATCH];
} door;
typedef struct { uint32_t *us, n, room; } latencies;

static const char *secret = "testing123", *mode = "mix", *host = "127.0.0.1";
static int port, bngs = 200, ambiguous_per_mille = 20, timeout_ms = 5000;
static uint32_t lines = 100000, seed = 1;
static hmac_key key;
static struct sockaddr_in there;
static door *doors[DOORS];
static int door_count, poller, timer;
static slot *slots;
static uint8_t *next_identifier;
static uint16_t *asking; /* identifiers in use, by BNG */
static packet *v4, *v6, *bare;
static int outstanding;
static struct {
    uint64_t sent, answered, in_time, lost, unsent, stray, bad_authenticator, unsigned_, bad_code, by_kind[KINDS];
} count;
static latencies latency[KINDS];

static uint64_t random_state;
static uint64_t random_u64(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}
static double random_unit(void) { return (random_u64() >> 11) * 0x1.0p-53; }
static uint32_t mixed(uint32_t v) {
    v = (v ^ v >> 16) * 0x45d9f3bu;
    v = (v ^ v >> 16) * 0x45d9f3bu;
    return v ^ v >> 16;
}

/* ---- lines: line n is line n / bngs of BNG n % bngs; its neighbour there is its pair */

static int bng_of(uint32_t line) { return line % bngs; }
static int is_ambiguous(uint32_t line) {
    uint32_t pair = line / bngs / 2;
    if (pair * 2 + 1 >= lines / bngs) return 0; /* the last of a BNG may have no neighbour */
    return mixed(pair * bngs + bng_of(line) + seed * 7919) % 1000 < (uint32_t)ambiguous_per_mille;
}
static uint32_t partner(uint32_t line) { return line / bngs % 2 ? line - bngs : line + bngs; }

static in_addr_t address_of(int bng) { return htonl(0x7f0a0000u | (bng / 250) << 8 | (bng % 250 + 1)); }
static int bng_at(in_addr_t address) { /* -1: nobody */
    uint32_t place = ntohl(address) - 0x7f0a0000u, bng = (place >> 8) * 250 + (place & 255) - 1;
    return place >> 16 || bng >= (uint32_t)bngs || address_of(bng) != address ? -1 : (int)bng;
}

static void mac_of(uint32_t line, uint8_t mac[6]) {
    if (is_ambiguous(line) && line / bngs % 2) line = partner(line);
    uint32_t v = htonl(line * 2654435761u);
    mac[0] = 0xa4;
    mac[1] = 0x77;
    memcpy(mac + 2, &v, 4);
}

/* What requests of all kinds have in common. */
static uint8_t *put_place(uint8_t *p, uint32_t line, char kind) {
    char text[64];
    uint8_t mac[6];
    uint32_t here = line / bngs, nas = address_of(bng_of(line));
    p = put(p, NAS_IP_ADDRESS, &nas, 4);
    snprintf(text, sizeof text, "bng-%03d.pop1.example.net", bng_of(line));
    p = put_text(p, NAS_IDENTIFIER, text);
    p = put_u32(p, NAS_PORT_TYPE, 15);
    p = put_u32(p, NAS_PORT, line);
    if (is_ambiguous(line)) snprintf(text, sizeof text, "1/1/c9/1:50");
    else snprintf(text, sizeof text, "1/1/c%u/1:%u.%u", 1 + here % 8, 100 + here / 8 / 4000, 1 + here / 8 % 4000);
    p = put_text(p, NAS_PORT_ID, text);
    mac_of(line, mac);
    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    p = put_text(p, CALLING_STATION_ID, text);
    snprintf(text, sizeof text, TRUTH, line, kind);
    return put_text(p, CONNECT_INFO, text);
}
static uint8_t *put_ids(uint8_t *p, uint32_t line, const char *prefix, int n) {
    char text[64];
    snprintf(text, sizeof text, "olt-07/gpon/1/%u/%u:%08u", line % 16, line % 128, line);
    p = put_vsa(p, BBF, AGENT_CIRCUIT_ID, text, strlen(text));
    memcpy(text, prefix, n);
    n += snprintf(text + n, sizeof text - n, "SUBSCR-%08u", line);
    return put_vsa(p, BBF, AGENT_REMOTE_ID, text, n);
}

/* An Access-Request up to what is signed anew each time: identifier, authenticator, password. */
static void build_access(packet *request, uint32_t line, char kind) {
    uint8_t *p = request->octets + 20, zero[16] = {0}, password[16] = PASSWORD, mac[6];
    char text[64];
    request->octets[0] = ACCESS_REQUEST;
    p = put(p, MESSAGE_AUTHENTICATOR, zero, 16); /* octet 20 */
    p = put(p, USER_PASSWORD, password, 16);     /* octet 38 */
    mac_of(line, mac);
    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    p = put_text(p, USER_NAME, text);
    p = put_place(p, line, kind == BARE && is_ambiguous(line) ? AMBIGUOUS : kind);
    if (kind == V4) p = put_ids(p, line, "", 0);
    if (kind == V6) {
        uint8_t options[] = {0, 1, 0, 14, 0, 1, 0, 1, 0x2a, 0x11, 0x22, 0x33, 0, 0, 0, 0, 0, 0, /* DUID-LLT */
                             0, 3, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 2, 0, 0};
        memcpy(options + 12, mac, 6);
        p = put_ids(p, line, "\0\0\x0d\xe9", 4);
        p = put_vsa(p, NOKIA, ALC_TO_SERVER_DHCP6_OPTIONS, options, sizeof options);
    }
    request->length = p - request->octets;
    put_length(request->octets, request->length);
}
static void sign_access(packet *request, uint8_t identifier) {
    uint8_t *o = request->octets;
    o[1] = identifier;
    for (int i = 0; i < 16; i += 8) {
        uint64_t r = random_u64();
        memcpy(o + 4 + i, &r, 8);
    }
    hide_block(secret, o + 4, o + 40);
    hmac_md5(&key, o, request->length, o + 22);
}

enum { START = 1, STOP = 2, INTERIM = 3 }; /* Acct-Status-Type */

/* An Accounting-Request of the nth session of all. */
static void build_accounting(packet *request, uint8_t identifier, uint64_t session, int status) {
    uint8_t *o = request->octets, *p = o + 20, zero[16] = {0}, mac[6], sealed[16];
    uint32_t line = session % lines;
    char text[64];
    o[0] = ACCOUNTING_REQUEST;
    o[1] = identifier;
    p = put_u32(p, ACCT_STATUS_TYPE, status);
    mac_of(line, mac);
    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    p = put_text(p, USER_NAME, text);
    snprintf(text, sizeof text, "%08X%08X", line, (uint32_t)(session / lines + seed * 1000));
    p = put_text(p, ACCT_SESSION_ID, text);
    p = put_place(p, line, ACCOUNTING);
    p = put_ids(p, line, "", 0);
    p = put_u32(p, FRAMED_IP_ADDRESS, 0x0a400000 + line);
    p = put_u32(p, EVENT_TIMESTAMP, time(0));
    p = put_u32(p, ACCT_DELAY_TIME, 0);
    if (status != START) {
        p = put_u32(p, ACCT_SESSION_TIME, status == INTERIM ? 300 : 600);
        p = put_u32(p, ACCT_INPUT_OCTETS, line * (status == INTERIM ? 1 : 2));
        p = put_u32(p, ACCT_OUTPUT_OCTETS, line * (status == INTERIM ? 3 : 6));
        p = put_u32(p, ACCT_INPUT_PACKETS, 1000);
        p = put_u32(p, ACCT_OUTPUT_PACKETS, 2000);
    }
    if (status == STOP) p = put_u32(p, ACCT_TERMINATE_CAUSE, 1);
    request->length = p - o;
    put_length(o, request->length);
    seal(o, request->length, zero, secret, sealed);
    memcpy(o + 4, sealed, 16);
}

/* ---- what comes next */

static uint32_t bucket[WHEEL], *later, due = NONE; /* lists of lines whose v6 request is to come */
static uint64_t wheel_at;                                        /* ms that were looked at */
static uint64_t pauses_ns;                                       /* between phases; no time passes for lines then */
static uint32_t cursor, step;
static uint8_t *follows; /* whether the line is in one of the lists: with few lines it comes round before its v6 request */

static uint64_t line_time_ms(uint64_t now) { return (now - pauses_ns) / 1000000; }

static void follow(uint32_t line, uint64_t now) {
    if (follows[line]) return;
    follows[line] = 1;
    uint64_t at = line_time_ms(now + random_u64() % LATEST_NS);
    uint32_t *list = at <= wheel_at ? &due : &bucket[at % WHEEL];
    later[line] = *list;
    *list = line;
}
static void forget(void) {
    due = NONE;
    memset(follows, 0, lines);
    for (int i = 0; i < WHEEL; i++) bucket[i] = NONE;
}
static void turn_wheel(uint64_t now) {
    for (uint64_t at = line_time_ms(now); wheel_at < at;) {
        uint32_t *list = &bucket[++wheel_at % WHEEL];
        while (*list != NONE) {
            uint32_t line = *list;
            *list = later[line];
            later[line] = due;
            due = line;
        }
    }
}
static int place_of(int kind) { return kind == V4 ? 0 : kind == V6 ? 1 : kind == BARE ? 2 : kind == AMBIGUOUS ? 3 : 4; }

/* The next request but for its identifier and signature; its kind, and its line in *line. */
static int choose(uint64_t now, uint32_t *line) {
    turn_wheel(now);
    int turn = mode[0] == 'v' ? 0 : step++ % 4;
    if (turn % 2 && due == NONE) turn = step++ % 4;
    if (turn % 2) {
        *line = due;
        due = later[due];
        follows[*line] = 0;
        return BARE;
    }
    if (turn == 0) {
        *line = cursor;
        cursor = (cursor + 1) % lines;
        if (mode[0] == 'v') return V4;
        if (!is_ambiguous(*line)) follow(*line, now);
        else if (*line / bngs % 2) { /* nobody can tell them apart once both are known */
            follow(partner(*line), now);
            follow(*line, now);
        }
        return V4;
    }
    *line = (cursor + lines / 2) % lines;
    while (is_ambiguous(*line) && ambiguous_per_mille < 1000) *line = (*line + 1) % lines; /* rightly a conflict */
    return V6;
}

/* Sends what stands ready at a door. Those without an instant of their own are sent at the one just before. */
static void flush(door *d) {
    uint64_t now = now_ns();
    for (int i = 0; i < d->n; i++)
        if (!d->slots[i]->at) d->slots[i]->at = now;
    for (int done = 0; done < d->n;) {
        int m = sendmmsg(d->fd, d->out + done, d->n - done, 0);
        if (m > 0) done += m;
        else if (errno != EINTR) {
            count.unsent++;
            done++;
        }
    }
    d->n = 0;
}
static void flush_all(void) {
    for (int i = 0; i < door_count; i++)
        if (doors[i]->n) flush(doors[i]);
}

/* Puts the next request down at the door of its BNG. Its latency counts from `intended`, if 0 from when it is sent. */
static void prepare_one(uint64_t now, uint64_t intended) {
    static uint64_t turn;
    const packet *model = 0;
    uint32_t line = 0;
    int kind = ACCOUNTING, status = START;
    uint64_t session = 0;
    if (mode[0] == 'a') {
        do {
            uint64_t j = turn / 3;
            status = turn % 3 == 0 ? START : turn % 3 == 1 ? INTERIM : STOP;
            uint64_t back = status == START ? 0 : status == INTERIM ? APART : 2 * APART;
            session = j - back;
            turn++;
            if (j >= back) break;
        } while (1);
        line = session % lines;
    } else {
        kind = choose(now, &line);
        model = kind == V4 ? &v4[line] : kind == V6 ? &v6[line] : &bare[line];
        if (kind == BARE && is_ambiguous(line)) kind = AMBIGUOUS;
    }
    int bng = bng_of(line), tries = 0;
    slot *s;
    do s = &slots[bng * 256 + next_identifier[bng]++];
    while (s->busy && ++tries < 256);
    if (s->busy) {
        count.unsent++;
        return;
    }
    door *d = doors[bng % door_count];
    packet *request = &d->packets[d->n];
    uint8_t identifier = s - &slots[bng * 256];
    if (!model) build_accounting(request, identifier, session, status);
    else {
        request->length = model->length;
        memcpy(request->octets, model->octets, model->length);
        sign_access(request, identifier);
    }
    d->at[d->n].iov_len = request->length;
    struct in_pktinfo from = {.ipi_spec_dst.s_addr = address_of(bng)};
    memcpy(CMSG_DATA(&d->from[d->n].header), &from, sizeof from);
    d->slots[d->n] = s;
    memcpy(s->authenticator, request->octets + 4, 16);
    s->busy = 1;
    s->kind = place_of(kind);
    s->at = intended;
    asking[bng]++;
    count.sent++;
    count.by_kind[s->kind]++;
    outstanding++;
    if (++d->n == BATCH) flush(d);
}

/* ---- answers */

static void note(latencies *l, uint64_t us) {
    if (l->n == l->room) {
        l->room = l->room ? l->room * 2 : 1 << 18;
        l->us = realloc(l->us, l->room * sizeof *l->us);
    }
    l->us[l->n++] = us;
}

/* The BNG that an answer came to; -1: it did not come from whom all ask, or to nobody. */
static int asker(struct msghdr *message) {
    const struct sockaddr_in *peer = message->msg_name;
    if (peer->sin_addr.s_addr != there.sin_addr.s_addr || peer->sin_port != there.sin_port) return -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo to;
            memcpy(&to, CMSG_DATA(c), sizeof to);
            return bng_at(to.ipi_addr.s_addr);
        }
    return -1;
}

static void take(const door *d, uint64_t until) {
    static uint8_t in[BATCH][STRIDE];
    static control to[BATCH];
    static struct sockaddr_in peers[BATCH];
    static struct mmsghdr received[BATCH];
    static struct iovec at[BATCH];
    for (int i = 0; i < BATCH && !at[i].iov_len; i++) {
        at[i] = (struct iovec){in[i], sizeof in[i]};
        received[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &at[i],
                                              .msg_iovlen = 1, .msg_control = &to[i], .msg_controllen = sizeof to[i]};
    }
    int n = recvmmsg(d->fd, received, BATCH, MSG_DONTWAIT, 0);
    uint64_t now = now_ns();
    for (int i = 0; i < n; i++) {
        uint8_t *o = in[i], digest[16];
        int length = received[i].msg_len < 20 ? 0 : o[2] << 8 | o[3], bng = asker(&received[i].msg_hdr);
        received[i].msg_hdr.msg_controllen = sizeof to[i]; /* both were set to what came */
        received[i].msg_hdr.msg_namelen = sizeof peers[i];
        slot *s = bng < 0 ? 0 : &slots[bng * 256 + o[1]];
        if (length < 20 || length > (int)received[i].msg_len || !s || !s->busy) {
            count.stray++;
            continue;
        }
        seal(o, length, s->authenticator, secret, digest);
        if (memcmp(digest, o + 4, 16)) {
            count.bad_authenticator++;
            continue;
        }
        if (s->kind == 4) count.bad_code += o[0] != ACCOUNTING_RESPONSE;
        else {
            count.bad_code += o[0] != ACCESS_ACCEPT;
            uint8_t *signature = 0, claimed[16];
            for (uint8_t *a = o + 20; a + 2 <= o + length && a[1] >= 2 && a + a[1] <= o + length; a += a[1])
                if (a[0] == MESSAGE_AUTHENTICATOR && a[1] == 18) signature = a + 2;
            if (signature) {
                memcpy(claimed, signature, 16);
                memset(signature, 0, 16);
                memcpy(o + 4, s->authenticator, 16);
                hmac_md5(&key, o, length, digest);
                if (memcmp(digest, claimed, 16)) count.bad_authenticator++;
            } else count.unsigned_++;
        }
        note(&latency[s->kind], now > s->at ? (now - s->at) / 1000 : 0);
        s->busy = 0;
        asking[bng]--;
        outstanding--;
        count.answered++;
        count.in_time += now <= until;
    }
}
static void wait_for_answers(int ms, uint64_t until) {
    struct epoll_event events[64];
    int n = epoll_wait(poller, events, 64, ms);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u32 != NONE) take(doors[events[i].data.u32], until);
        else {
            uint64_t expirations;
            if (read(timer, &expirations, sizeof expirations) < 0) continue;
        }
    }
}
static void give_up(uint64_t now) {
    static uint64_t next;
    if (now < next) return;
    next = now + 100000000ull;
    for (int bng = 0; bng < bngs; bng++) {
        if (!asking[bng]) continue;
        for (slot *s = &slots[bng * 256], *end = s + 256; s < end; s++)
            if (s->busy && now > s->at && now - s->at > timeout_ms * 1000000ull) {
                s->busy = 0;
                asking[bng]--;
                outstanding--;
                count.lost++;
            }
    }
}
static void await_all(uint64_t until) {
    while (outstanding) {
        wait_for_answers(20, until);
        give_up(now_ns());
    }
}

/* ---- phases */

static void closed(int w, uint64_t until) {
    for (uint64_t now; (now = now_ns()) < until; give_up(now)) {
        for (int guard = 0; outstanding < w && guard < 2 * w; guard++) prepare_one(now, 0);
        flush_all();
        wait_for_answers(20, until);
    }
}
static void open_loop(double rate, uint64_t until) {
    uint64_t next = now_ns();
    for (uint64_t now; (now = now_ns()) < until; give_up(now)) {
        while (next <= now) {
            prepare_one(now, next);
            next += -log(1.0 - random_unit()) / rate * 1e9;
        }
        flush_all();
        struct itimerspec at = {.it_value = {.tv_sec = next / 1000000000ull, .tv_nsec = next % 1000000000ull}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, 0);
        wait_for_answers(20, until);
    }
}
static void burst(uint32_t n) {
    for (uint32_t i = 0; i < n; i++) prepare_one(now_ns(), 0);
    flush_all();
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(uint32_t *)a, y = *(uint32_t *)b;
    return x < y ? -1 : x > y;
}
static uint32_t quantile(const latencies *l, double q) { return l->n ? l->us[(uint32_t)((l->n - 1) * q)] : 0; }

static void report(double seconds, double taken) {
    static latencies all;
    const char *names[KINDS] = {"v4", "v6", "bare", "ambiguous", "accounting"};
    all.n = 0;
    for (int k = 0; k < KINDS; k++) {
        for (uint32_t i = 0; i < latency[k].n; i++) note(&all, latency[k].us[i]);
        qsort(latency[k].us, latency[k].n, sizeof(uint32_t), ascending);
    }
    qsort(all.us, all.n, sizeof(uint32_t), ascending);
    printf("{\"seconds\":%.3f,\"taken\":%.4f,\"rps\":%.1f,\"sent\":%lu,\"answered\":%lu,\"lost\":%lu,\"unsent\":%lu,"
           "\"stray\":%lu,\"bad_authenticator\":%lu,\"unsigned\":%lu,\"bad_code\":%lu,"
           "\"p50_us\":%u,\"p95_us\":%u,\"p99_us\":%u,\"max_us\":%u,\"kinds\":{",
           seconds, taken, seconds > 0 ? count.in_time / seconds : 0.0, count.sent, count.answered, count.lost,
           count.unsent, count.stray, count.bad_authenticator, count.unsigned_, count.bad_code, quantile(&all, .5),
           quantile(&all, .95), quantile(&all, .99), quantile(&all, 1));
    const char *comma = "";
    for (int k = 0; k < KINDS; k++)
        if (count.by_kind[k]) {
            printf("%s\"%s\":{\"sent\":%lu,\"answered\":%u,\"p50_us\":%u,\"p99_us\":%u}", comma, names[k],
                   count.by_kind[k], latency[k].n, quantile(&latency[k], .5), quantile(&latency[k], .99));
            comma = ",";
        }
    printf("}}\n");
    fflush(stdout);
    memset(&count, 0, sizeof count);
    for (int k = 0; k < KINDS; k++) latency[k].n = 0;
}

/* Opens a socket of BNGs; octets that the kernel granted it for answers. */
static int open_door(uint32_t index) {
    door *d = doors[index] = calloc(1, sizeof *d);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    struct sockaddr_in here = {.sin_family = AF_INET};
    int size = ROOM, yes = 1;
    socklen_t length = sizeof size;
    d->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (setsockopt(d->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
        setsockopt(d->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    getsockopt(d->fd, SOL_SOCKET, SO_RCVBUF, &size, &length);
    spare_identification(d->fd);
    if (setsockopt(d->fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes) || bind(d->fd, (void *)&here, sizeof here) ||
        epoll_ctl(poller, EPOLL_CTL_ADD, d->fd, &event)) {
        perror("socket of BNGs");
        exit(1);
    }
    for (int i = 0; i < BATCH; i++) {
        d->at[i].iov_base = d->packets[i].octets;
        d->from[i].header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
        d->out[i].msg_hdr = (struct msghdr){.msg_name = &there, .msg_namelen = sizeof there, .msg_iov = &d->at[i],
                                            .msg_iovlen = 1, .msg_control = &d->from[i],
                                            .msg_controllen = sizeof d->from[i]};
    }
    return size;
}

static void prepare(void) {
    slots = calloc(bngs * 256, sizeof *slots);
    next_identifier = calloc(bngs, 1);
    asking = calloc(bngs, sizeof *asking);
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = NONE};
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
    there = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &there.sin_addr);
    for (int room = 0; room < ROOM && door_count < DOORS; door_count++) room += open_door(door_count);
    if (mode[0] == 'a') return;
    later = malloc(lines * sizeof *later);
    follows = calloc(lines, sizeof *follows);
    forget();
    v4 = malloc(lines * sizeof *v4);
    v6 = malloc(lines * sizeof *v6);
    bare = malloc(lines * sizeof *bare);
    for (uint32_t line = 0; line < lines; line++) {
        build_access(&v4[line], line, V4);
        build_access(&v6[line], line, V6);
        build_access(&bare[line], line, BARE);
    }
}

int main(int argc, char **argv) {
    int o;
    while ((o = getopt(argc, argv, "h:p:s:m:b:l:a:t:x:")) != -1) switch (o) {
        case 'h': host = optarg; break;
        case 'p': port = atoi(optarg); break;
        case 's': secret = optarg; break;
        case 'm': mode = optarg; break;
        case 'b': bngs = atoi(optarg); break;
        case 'l': lines = strtoul(optarg, 0, 10); break;
        case 'a': ambiguous_per_mille = atoi(optarg); break;
        case 't': timeout_ms = atoi(optarg); break;
        case 'x': seed = atoi(optarg); break;
        default: return 2;
    }
    if (strcmp(mode, "mix") && strcmp(mode, "v4") && strcmp(mode, "acct")) return 2;
    if (bngs < 1 || bngs > 50000) return 2;
    lines = (lines + 2 * bngs - 1) / (2 * bngs) * (2 * bngs); /* pairs, the same number at each BNG */
    if (lines < 4 * APART) lines = (4 * APART + 2 * bngs - 1) / (2 * bngs) * (2 * bngs);
    random_state = 0x9e3779b97f4a7c15ull * (seed + 1) ^ now_ns();
    hmac_init(&key, secret);
    prepare();
    printf("ready\n");
    fflush(stdout);
    char said[128];
    uint64_t paused = now_ns();
    wheel_at = line_time_ms(paused);
    while (fgets(said, sizeof said, stdin)) {
        double first = 0, second = 0;
        char verb[16] = "";
        sscanf(said, "%15s %lf %lf", verb, &first, &second);
        uint64_t began = now_ns(), until = began + (uint64_t)(second * 1e9);
        pauses_ns += began - paused;
        if (!strcmp(verb, "closed") && first >= 1 && second > 0) closed(first, until);
        else if (!strcmp(verb, "open") && first > 0 && second > 0) open_loop(first, until);
        else if (!strcmp(verb, "burst") && first >= 1) {
            burst(first);
            until = UINT64_MAX;
        } else if (!strcmp(verb, "forget")) {
            forget();
            paused = began;
            continue;
        } else break;
        await_all(until);
        paused = now_ns();
        double taken = (paused - began) / 1e9;
        report(verb[0] == 'b' ? taken : second, taken);
    }
    return 0;
}
