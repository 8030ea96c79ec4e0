/* aaasink: AAA that answers at once, many requests with one system call, and knows the truth.
 *
 *     aaasink -p AUTH_PORT -q ACCT_PORT -s SECRET
 *
 * Access-Accept to every Access-Request, Accounting-Response to every Accounting-Request. It checks authenticators and
 * the password, and compares the Agent-Remote-Id that the proxy made AAA see with the line that the request is of. On
 * SIGUSR1 it prints its counters as one JSON object and begins anew; so it does at SIGTERM, and ends. The first requests
 * that came with another line are told of on standard error. */
#include "radius.h"
#include <poll.h>

#define BATCH 64
#define STRIDE (4096 + 5 * 64) /* of buffers: a power of two puts all of them into the same few sets of the cache */
#define REMOTE_ID_LENGTH 15 /* SUBSCR-%08u */
#define MOST_TOLD 20        /* wrong ones that are told of, on standard error */

/* What AAA saw of requests of one kind. */
typedef struct {
    uint64_t right;   /* the Remote-Id of the line */
    uint64_t wrong;   /* that of another line */
    uint64_t missed;  /* none, where the request had none */
    uint64_t prefixed; /* the enterprise number still in front of it */
} seen;

static struct {
    uint64_t auth, acct, malformed, unsigned_, bad_authenticator, bad_password, no_truth, batches;
    seen v4, v6, bare, ambiguous, accounting;
} count;
static int told;
static volatile sig_atomic_t tell, quit;
static const char *secret = "testing123";
static hmac_key key;

static void on_tell(int s) { (void)s; tell = 1; }
static void on_quit(int s) { (void)s; quit = 1; }

static void print_seen(const char *name, const seen *s) {
    printf(",\"%s\":{\"right\":%lu,\"wrong\":%lu,\"missed\":%lu,\"prefixed\":%lu}", name, s->right, s->wrong, s->missed,
           s->prefixed);
}
static void print_counters(void) {
    printf("{\"auth\":%lu,\"acct\":%lu,\"malformed\":%lu,\"unsigned\":%lu,\"bad_authenticator\":%lu,"
           "\"bad_password\":%lu,\"no_truth\":%lu,\"batches\":%lu",
           count.auth, count.acct, count.malformed, count.unsigned_, count.bad_authenticator, count.bad_password,
           count.no_truth, count.batches);
    print_seen("v4", &count.v4);
    print_seen("v6", &count.v6);
    print_seen("bare", &count.bare);
    print_seen("ambiguous", &count.ambiguous);
    print_seen("accounting", &count.accounting);
    printf("}\n");
    fflush(stdout);
    memset(&count, 0, sizeof count);
}

static seen *kind_of(int kind) {
    switch (kind) {
    case V4: return &count.v4;
    case V6: return &count.v6;
    case BARE: return &count.bare;
    case AMBIGUOUS: return &count.ambiguous;
    case ACCOUNTING: return &count.accounting;
    default: return 0;
    }
}

/* `truth` is "line=%08u;%c", `remote_id` the first Agent-Remote-Id or null. */
static void compare(const uint8_t *truth, const uint8_t *remote_id, int n) {
    seen *s = truth ? kind_of(truth[TRUTH_LENGTH - 1]) : 0;
    if (!s) {
        count.no_truth++;
        return;
    }
    if (!remote_id) {
        s->missed++;
        return;
    }
    int prefix = n == REMOTE_ID_LENGTH + 4 && !memcmp(remote_id, "\0\0\x0d\xe9", 4) ? 4 : 0;
    if (n - prefix != REMOTE_ID_LENGTH || memcmp(remote_id + prefix + 7, truth + 5, 8)) {
        s->wrong++;
        if (told++ < MOST_TOLD) fprintf(stderr, "%.*s came as %.*s\n", TRUTH_LENGTH, truth, n, remote_id);
    } else if (prefix) s->prefixed++;
    else s->right++;
}

/* The answer to a request, put into `out`; its length, 0 for none. */
static int answer(uint8_t *request, int n, uint8_t *out) {
    int length = n >= 20 ? request[2] << 8 | request[3] : 0, acct = request[0] == ACCOUNTING_REQUEST;
    if (length < 20 || length > n || (request[0] != ACCESS_REQUEST && !acct)) {
        count.malformed++;
        return 0;
    }
    uint8_t *signature = 0, *truth = 0, *remote_id = 0, *password = 0, *states[16], digest[16], zero[16] = {0};
    int remote_id_length = 0, state_count = 0;
    for (uint8_t *a = request + 20; a + 2 <= request + length && a[1] >= 2 && a + a[1] <= request + length; a += a[1]) {
        if (a[0] == MESSAGE_AUTHENTICATOR && a[1] == 18) signature = a + 2;
        else if (a[0] == USER_PASSWORD && a[1] == 18) password = a + 2;
        else if (a[0] == CONNECT_INFO && a[1] == TRUTH_LENGTH + 2) truth = a + 2;
        else if (a[0] == PROXY_STATE && state_count < 16) states[state_count++] = a;
        else if (a[0] == VENDOR_SPECIFIC && a[1] > 8 && !remote_id) {
            uint32_t vendor;
            memcpy(&vendor, a + 2, 4);
            if (ntohl(vendor) != BBF) continue;
            for (uint8_t *sub = a + 6; sub + 2 <= a + a[1] && sub[1] >= 2; sub += sub[1])
                if (sub[0] == AGENT_REMOTE_ID && sub[1] > 2) {
                    remote_id = sub + 2;
                    remote_id_length = sub[1] - 2;
                }
        }
    }
    if (acct) {
        count.acct++;
        seal(request, length, zero, secret, digest);
        if (memcmp(digest, request + 4, 16)) count.bad_authenticator++;
    } else {
        count.auth++;
        if (signature) {
            uint8_t claimed[16];
            memcpy(claimed, signature, 16);
            memset(signature, 0, 16);
            hmac_md5(&key, request, length, digest);
            if (memcmp(digest, claimed, 16)) count.bad_authenticator++;
        } else count.unsigned_++;
        uint8_t expected[16] = PASSWORD;
        if (password) hide_block(secret, request + 4, password);
        if (!password || memcmp(password, expected, 16)) count.bad_password++;
    }
    compare(truth, remote_id, remote_id_length);

    uint8_t *p = out + 20, *our_signature = 0;
    out[0] = acct ? ACCOUNTING_RESPONSE : ACCESS_ACCEPT;
    out[1] = request[1];
    memcpy(out + 4, request + 4, 16);
    if (!acct) {
        uint32_t h;
        memcpy(&h, request + 4, 4);
        our_signature = p + 2;
        p = put(p, MESSAGE_AUTHENTICATOR, zero, 16);
        p = put_u32(p, FRAMED_IP_ADDRESS, 0x0a400000 | (h & 0xffff));
        p = put_u32(p, FRAMED_IP_NETMASK, 0xffffff00);
        p = put_u32(p, SESSION_TIMEOUT, 86400);
        p = put_u32(p, ACCT_INTERIM_INTERVAL, 600);
        p = put_text(p, CLASS, "cls-0123456789abcdef");
        p = put_vsa(p, NOKIA, ALC_SUBSC_PROF, "residential", 11);
        p = put_vsa(p, NOKIA, ALC_SLA_PROF, "ftth-1000-250", 13);
    }
    for (int i = 0; i < state_count; i++) {
        memcpy(p, states[i], states[i][1]);
        p += states[i][1];
    }
    put_length(out, p - out);
    if (our_signature) {
        hmac_md5(&key, out, p - out, digest);
        memcpy(our_signature, digest, 16);
    }
    seal(out, p - out, request + 4, secret, digest);
    memcpy(out + 4, digest, 16);
    return p - out;
}

static void serve(int fd) {
    static uint8_t in[BATCH][STRIDE], out[BATCH][STRIDE];
    static struct sockaddr_in peer[BATCH];
    static struct mmsghdr received[BATCH], sent[BATCH];
    static struct iovec in_at[BATCH], out_at[BATCH];
    for (int i = 0; i < BATCH && !in_at[i].iov_len; i++) { /* once */
        in_at[i] = (struct iovec){in[i], sizeof in[i]};
        received[i].msg_hdr = (struct msghdr){
            .msg_name = &peer[i], .msg_namelen = sizeof peer[i], .msg_iov = &in_at[i], .msg_iovlen = 1};
    }
    int n = recvmmsg(fd, received, BATCH, MSG_DONTWAIT, 0), answers = 0;
    if (n <= 0) return;
    count.batches++;
    for (int i = 0; i < n; i++) {
        int length = answer(in[i], received[i].msg_len, out[answers]);
        if (!length) continue;
        out_at[answers] = (struct iovec){out[answers], length};
        sent[answers].msg_hdr = (struct msghdr){
            .msg_name = &peer[i], .msg_namelen = sizeof peer[i], .msg_iov = &out_at[answers], .msg_iovlen = 1};
        answers++;
    }
    for (int done = 0; done < answers;) {
        int m = sendmmsg(fd, sent + done, answers - done, 0);
        if (m > 0) done += m;
        else if (errno != EINTR) break;
    }
}

static int bound(int port) {
    struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 8 << 20;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    spare_identification(fd);
    if (bind(fd, (void *)&here, sizeof here)) {
        perror("bind");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv) {
    int auth_port = 0, acct_port = 0, o;
    while ((o = getopt(argc, argv, "p:q:s:")) != -1) {
        if (o == 'p') auth_port = atoi(optarg);
        else if (o == 'q') acct_port = atoi(optarg);
        else if (o == 's') secret = optarg;
        else return 2;
    }
    hmac_init(&key, secret);
    struct sigaction act = {.sa_handler = on_tell};
    sigaction(SIGUSR1, &act, 0);
    act.sa_handler = on_quit;
    sigaction(SIGTERM, &act, 0);
    struct pollfd at[2] = {{.fd = bound(auth_port), .events = POLLIN}, {.fd = bound(acct_port), .events = POLLIN}};
    printf("ready\n");
    fflush(stdout);
    /* signals come only while nothing is being counted */
    sigset_t blocked, open;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &open);
    while (!quit) {
        if (ppoll(at, 2, 0, &open) > 0)
            for (int i = 0; i < 2; i++)
                if (at[i].revents) serve(at[i].fd);
        if (tell) {
            tell = 0;
            print_counters();
        }
    }
    print_counters();
    return 0;
}
