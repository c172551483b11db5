/* SPDX-License-Identifier: Apache-2.0 */
/* dns_lookup: answers to questions for names that the southbound database has
 * for the switch (RFC 1035).  What is not there goes on to whatever server the
 * client asked. */
#include "controller/punt/dns.h"

#include <ctype.h>
#include <string.h>

#include "controller/punt/known.h"
#include "controller/punt/request.h"
#include "lib/logical/addresses.h"
#include "lib/packet/headers.h"
#include "lib/runtime/counter.h"

COUNTER(pinctrl_bad_dns);

#define DNS_TTL_S 3600
#define DNS_MAX_NAME 255
#define DNS_MAX_LABEL 63
#define DNS_CLASS_IN 1

#define DNS_FLAG_RESPONSE 0x8000
#define DNS_FLAG_OPCODE 0x7800
#define DNS_RCODE_NOT_IMPLEMENTED 4

enum {
    DNS_TYPE_A = 1,
    DNS_TYPE_PTR = 12,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_ANY = 255,
};

struct dns_header {
    be16 id;
    be16 flags;
    be16 n_questions;
    be16 n_answers;
    be16 n_authorities;
    be16 n_additional;
} PACKED;

/* A question, checked. */
struct question {
    struct dns_header header;
    const uint8_t *bytes;        /* Name, type and class, as they came. */
    size_t size;
    uint16_t type;
    char name[DNS_MAX_NAME + 1]; /* In lower case, dots between labels. */
};

/* Reads a name without compression. */
static bool
read_name(struct reader *r, char name[DNS_MAX_NAME + 1])
{
    size_t n = 0;

    for (;;) {
        size_t length = reader_u8(r);
        const uint8_t *label = reader_pull(r, length);

        if (r->is_bad || length > DNS_MAX_LABEL
            || n + length + 1 > DNS_MAX_NAME) {
            return false;
        }
        if (!length) {
            name[n ? n - 1 : 0] = '\0';
            return true;
        }
        for (size_t i = 0; i < length; i++) {
            if (!label[i]) {
                return false;
            }
            name[n++] = tolower(label[i]);
        }
        name[n++] = '.';
    }
}

static bool
read_question(const void *payload, size_t size, struct question *q)
{
    struct reader r = reader_from(payload, size);
    const void *header = reader_pull(&r, sizeof q->header);
    const uint8_t *start = (const uint8_t *) payload + sizeof q->header;
    uint16_t class;

    if (!header) {
        return false;
    }
    memcpy(&q->header, header, sizeof q->header);
    if (q->header.flags & htons(DNS_FLAG_RESPONSE | DNS_FLAG_OPCODE)
        || q->header.n_questions != htons(1) || q->header.n_answers
        || !read_name(&r, q->name)) {
        return false;
    }
    q->type = reader_u16(&r);
    class = reader_u16(&r);
    q->bytes = start;
    q->size = size - sizeof q->header - r.left;
    return !r.is_bad && class == DNS_CLASS_IN;
}

/* ## Answers ## */

/* The record has the question's name in full, not a pointer to it, as OVN's
 * answers always had. */
static void
put_record(struct buf *b, const struct question *q, uint16_t type,
           const void *data, size_t size)
{
    buf_put(b, q->bytes, q->size - 2 * sizeof(be16));
    buf_put_u16(b, type);
    buf_put_u16(b, DNS_CLASS_IN);
    buf_put_u32(b, DNS_TTL_S);
    buf_put_u16(b, size);
    buf_put(b, data, size);
}

static unsigned int
put_address(struct buf *b, const struct question *q, const char *text)
{
    struct in6_addr ip;
    be32 ip4;

    if (!ip_parse(text, &ip)) {
        return 0;
    }
    if (ip_is_v4(&ip)) {
        ip4 = ip_get_v4(&ip);
        if (q->type == DNS_TYPE_A || q->type == DNS_TYPE_ANY) {
            put_record(b, q, DNS_TYPE_A, &ip4, sizeof ip4);
            return 1;
        }
    } else if (q->type == DNS_TYPE_AAAA || q->type == DNS_TYPE_ANY) {
        put_record(b, q, DNS_TYPE_AAAA, &ip, sizeof ip);
        return 1;
    }
    return 0;
}

/* Appends records for the addresses in 'text' that the question asks for;
 * returns how many. */
static unsigned int
put_addresses(struct buf *b, const struct question *q, const char *text)
{
    unsigned int n = 0;

    while (*text) {
        size_t length = strcspn(text, ", ");
        char word[INET6_ADDRSTRLEN];

        if (length && length < sizeof word) {
            memcpy(word, text, length);
            word[length] = '\0';
            n += put_address(b, q, word);
        }
        text += length;
        text += strspn(text, ", ");
    }
    return n;
}

static unsigned int
put_pointer(struct buf *b, const struct question *q, const char *name)
{
    struct buf wire = BUF_EMPTY;
    bool ok = dns_name_put(name, &wire);

    if (ok) {
        put_record(b, q, DNS_TYPE_PTR, wire.data, wire.size);
    }
    buf_uninit(&wire);
    return ok;
}

struct packet *
dns_reply(const struct packet *packet, dns_find_fn *find, void *aux)
{
    size_t size;
    const void *payload = request_udp_payload(packet, &size);
    struct buf b = BUF_EMPTY;
    struct packet *reply = NULL;
    struct dns_header header;
    struct question q;
    unsigned int n = 0;
    bool is_owned = false;
    const char *value;
    uint16_t flags;

    if (!payload || !read_question(payload, size, &q)) {
        counter_inc(pinctrl_bad_dns);
        return NULL;
    }
    value = find(q.name, &is_owned, aux);
    if (!value) {
        return NULL;
    }
    buf_put_zeros(&b, sizeof header);
    buf_put(&b, q.bytes, q.size);
    if (q.type == DNS_TYPE_PTR) {
        n = put_pointer(&b, &q, value);
    } else {
        n = put_addresses(&b, &q, value);
    }
    if (n || is_owned) {
        flags = ntohs(q.header.flags) | DNS_FLAG_RESPONSE;
        if (!n && q.type != DNS_TYPE_A && q.type != DNS_TYPE_AAAA) {
            flags |= DNS_RCODE_NOT_IMPLEMENTED;
        }
        header = (struct dns_header) {
            .id = q.header.id,
            .flags = htons(flags),
            .n_questions = htons(1),
            .n_answers = htons(n),
        };
        memcpy(b.data, &header, sizeof header);
        reply = reply_udp(packet, b.data, b.size);
    }
    buf_uninit(&b);
    return reply;
}

/* ## What is known ## */

struct look_up {
    const struct known *known;
    uint32_t dp_key;
};

static const char *
find_known(const char *name, bool *ret_owned, void *look_up_)
{
    const struct look_up *look_up = look_up_;

    return known_dns(look_up->known, look_up->dp_key, name, ret_owned);
}

void
handle_dns_lookup(struct request *r)
{
    struct look_up look_up = { r->known, ntohll(r->flow.metadata) };
    struct packet *reply = NULL;

    if (r->flow.nw_proto == IPPROTO_UDP
        && (r->flow.dl_type == htons(ETH_TYPE_IPV4)
            || r->flow.dl_type == htons(ETH_TYPE_IPV6))) {
        known_lock(r->known);
        reply = dns_reply(r->packet, find_known, &look_up);
        known_unlock(r->known);
    }
    request_resume(r, reply, reply);
}
