/* SPDX-License-Identifier: Apache-2.0 */

/* Options of tunnel interfaces, as ovs-vswitchd.conf.db(5) gives them. */

#include <arpa/inet.h>
#include <string.h>

#include "lib/base/text.h"
#include "vswitch/ofproto/port.h"

static const struct {
    const char *type;
    uint16_t dst_port;           /* 0: not over UDP. */
} tunnel_types[] = {
    { "geneve", 6081 },
    { "vxlan", 4789 },
    { "gre", 0 },
};

bool
tunnel_type_is_known(const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(tunnel_types); i++) {
        if (!strcmp(type, tunnel_types[i].type)) {
            return true;
        }
    }
    return false;
}

be16
tunnel_default_port(const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(tunnel_types); i++) {
        if (!strcmp(type, tunnel_types[i].type)) {
            return htons(tunnel_types[i].dst_port);
        }
    }
    return 0;
}

static struct error *
parse_address(const char *text, struct in6_addr *addr, bool *from_flow)
{
    struct in_addr v4;

    if (!strcmp(text, "flow")) {
        *from_flow = true;
        return NULL;
    }
    if (inet_pton(AF_INET, text, &v4) == 1) {
        *addr = (struct in6_addr) { .s6_addr = { [10] = 0xff, [11] = 0xff } };
        memcpy(&addr->s6_addr[12], &v4, 4);
        return NULL;
    }
    if (inet_pton(AF_INET6, text, addr) == 1) {
        return NULL;
    }
    return error_create(0, "\"%s\" is no IP address", text);
}

static struct error *
parse_key(const struct smap *options, const char *name, be64 *key,
          bool *present, bool *from_flow)
{
    const char *text = smap_get(options, name);
    uint64_t value;

    if (!text) {
        text = smap_get(options, "key");
    }
    if (!text) {
        return NULL;
    }
    *present = true;
    if (!strcmp(text, "flow")) {
        *from_flow = true;
        return NULL;
    }
    if (!text_to_u64(text, 0, &value)) {
        return error_create(0, "%s \"%s\" is no number", name, text);
    }
    *key = htonll(value);
    return NULL;
}

static struct error *
parse_u8(const struct smap *options, const char *name, uint8_t *value,
         bool *inherit)
{
    const char *text = smap_get(options, name);
    unsigned int number;

    if (!text) {
        return NULL;
    }
    if (!strcmp(text, "inherit")) {
        *inherit = true;
        return NULL;
    }
    if (!text_to_uint(text, 0, &number) || number > UINT8_MAX) {
        return error_create(0, "%s \"%s\" is no number up to 255", name,
                            text);
    }
    *value = number;
    return NULL;
}

static uint16_t
default_port(const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(tunnel_types); i++) {
        if (!strcmp(type, tunnel_types[i].type)) {
            return tunnel_types[i].dst_port;
        }
    }
    return 0;
}

static struct error *
parse_dst_port(const struct smap *options, struct tunnel_config *config)
{
    const char *text = smap_get(options, "dst_port");
    unsigned int port = default_port(config->type);

    if (text && (!text_to_uint(text, 10, &port) || port > UINT16_MAX)) {
        return error_create(0, "dst_port \"%s\" is no port number", text);
    }
    config->dst_port = htons(port);
    return NULL;
}

static struct error *
parse_egress_mark(const struct smap *options, struct tunnel_config *config)
{
    const char *text = smap_get(options, "egress_pkt_mark");

    config->has_egress_mark = text != NULL;
    if (text && !text_to_uint(text, 0, &config->egress_mark)) {
        return error_create(0, "egress_pkt_mark \"%s\" is no number", text);
    }
    return NULL;
}

struct error *
tunnel_config_parse(const char *type, const struct smap *options,
                    struct tunnel_config *config)
{
    const char *remote = smap_get(options, "remote_ip");
    const char *local = smap_get(options, "local_ip");
    const char *exts = smap_get(options, "exts");
    struct error *error = NULL;

    *config = (struct tunnel_config) { .ttl = 0 };
    strncpy(config->type, type, sizeof config->type - 1);
    if (!remote) {
        return error_create(0, "%s type requires valid 'remote_ip' argument",
                            type);
    }
    error = parse_address(remote, &config->remote, &config->remote_flow);
    if (!error && local) {
        error = parse_address(local, &config->local, &config->local_flow);
    }
    if (!error) {
        error = parse_key(options, "in_key", &config->in_key,
                          &config->in_key_present, &config->in_key_flow);
    }
    if (!error) {
        error = parse_key(options, "out_key", &config->out_key,
                          &config->out_key_present, &config->out_key_flow);
    }
    if (!error) {
        error = parse_u8(options, "ttl", &config->ttl, &config->ttl_inherit);
    }
    if (!error) {
        error = parse_u8(options, "tos", &config->tos, &config->tos_inherit);
    }
    if (!error) {
        error = parse_dst_port(options, config);
    }
    if (!error) {
        error = parse_egress_mark(options, config);
    }
    config->dont_fragment = smap_get_bool(options, "df_default", true);
    config->csum = smap_get_bool(options, "csum", false);
    config->gbp = exts && strstr(exts, "gbp") != NULL;
    return error;
}
