/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/port.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/text.h"

static const struct {
    const char *name;
    ofp_port_t port;
} reserved[] = {
    { "IN_PORT", OFPP_IN_PORT },
    { "TABLE", OFPP_TABLE },
    { "NORMAL", OFPP_NORMAL },
    { "FLOOD", OFPP_FLOOD },
    { "ALL", OFPP_ALL },
    { "CONTROLLER", OFPP_CONTROLLER },
    { "LOCAL", OFPP_LOCAL },
    { "ANY", OFPP_NONE },
    { "NONE", OFPP_NONE },
    { "UNSET", OFPP_UNSET },
};

struct port_name {
    struct hmap_node by_name;
    struct hmap_node by_number;
    ofp_port_t number;
    bool is_dup_name;
    bool is_dup_number;
    char name[];
};

const char *
port_reserved_name(ofp_port_t port)
{
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        if (reserved[i].port == port) {
            return reserved[i].name;
        }
    }
    return NULL;
}

void
port_map_init(struct port_map *map)
{
    hmap_init(&map->by_name);
    hmap_init(&map->by_number);
    map->fill = NULL;
}

void
port_map_uninit(struct port_map *map)
{
    struct port_name *n;

    HMAP_FOR_EACH_SAFE (n, by_name, &map->by_name) {
        free(n);
    }
    hmap_uninit(&map->by_name);
    hmap_uninit(&map->by_number);
}

static struct port_name *
find_by_name(const struct port_map *map, const char *name)
{
    struct port_name *n;

    HMAP_FOR_EACH_WITH_HASH (n, by_name, hash_string(name, 0),
                             &map->by_name) {
        if (!strcmp(n->name, name)) {
            return n;
        }
    }
    return NULL;
}

static struct port_name *
find_by_number(const struct port_map *map, ofp_port_t port)
{
    struct port_name *n;

    HMAP_FOR_EACH_WITH_HASH (n, by_number, hash_word(port, 0),
                             &map->by_number) {
        if (n->number == port) {
            return n;
        }
    }
    return NULL;
}

void
port_map_put(struct port_map *map, ofp_port_t port, const char *name)
{
    struct port_name *same_name = find_by_name(map, name);
    struct port_name *same_number = find_by_number(map, port);
    struct port_name *n;

    if (same_name && same_name == same_number) {
        return;
    }
    n = xzalloc(sizeof *n + strlen(name) + 1);
    n->number = port;
    strcpy(n->name, name);
    if (same_name) {
        n->is_dup_name = same_name->is_dup_name = true;
    }
    if (same_number) {
        n->is_dup_number = same_number->is_dup_number = true;
    }
    hmap_insert(&map->by_name, &n->by_name, hash_string(name, 0));
    hmap_insert(&map->by_number, &n->by_number, hash_word(port, 0));
}

static void
fill(const struct port_map *map_)
{
    struct port_map *map = (struct port_map *) map_;

    if (map && map->fill) {
        void (*put_all)(struct port_map *, void *aux) = map->fill;

        map->fill = NULL;
        put_all(map, map->fill_aux);
    }
}

ofp_port_t
port_map_number(const struct port_map *map, const char *name)
{
    const struct port_name *n;

    fill(map);
    n = map ? find_by_name(map, name) : NULL;

    return n && !n->is_dup_name ? n->number : OFPP_NONE;
}

const char *
port_map_name(const struct port_map *map, ofp_port_t port)
{
    const struct port_name *n;

    fill(map);
    n = map ? find_by_number(map, port) : NULL;

    return n && !n->is_dup_number ? n->name : NULL;
}

/* Takes the double quotes and the escapes of JSON off 'text'. */
static char *
unquote(const char *text)
{
    size_t length = strlen(text);
    char *out, *p;

    if (length < 2 || text[0] != '"' || text[length - 1] != '"') {
        return xstrdup(text);
    }
    p = out = xmalloc(length);
    for (const char *s = text + 1; s < text + length - 1; s++) {
        if (*s == '\\' && s + 1 < text + length - 1) {
            s++;
        }
        *p++ = *s;
    }
    *p = '\0';
    return out;
}

bool
port_parse(const char *text, const struct port_map *map, ofp_port_t *ret)
{
    uint64_t number;
    ofp_port_t port;
    char *name;

    if (text_to_u64(text, 0, &number)) {
        if (number < 0xffff + 1) {
            *ret = number;
            return true;
        } else if (number <= UINT32_MAX
                   && number >= (uint64_t) OFPP_MAX + OFPP11_OFFSET) {
            *ret = number - OFPP11_OFFSET;
            return true;
        }
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        if (!strcasecmp(text, reserved[i].name)) {
            *ret = reserved[i].port;
            return true;
        }
    }
    if (!map) {
        return false;
    }
    name = unquote(text);
    port = port_map_number(map, name);
    free(name);
    if (port == OFPP_NONE) {
        return false;
    }
    *ret = port;
    return true;
}

static bool
needs_quotes(const char *name)
{
    uint64_t number;

    if (!isalpha((unsigned char) *name) || text_to_u64(name, 0, &number)) {
        return true;
    }
    for (const char *p = name; *p; p++) {
        if (!isalnum((unsigned char) *p) && *p != '-' && *p != '_'
            && *p != '@' && *p != '.' && *p != '/') {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        if (!strcasecmp(name, reserved[i].name)) {
            return true;
        }
    }
    return false;
}

void
port_format_name(const char *name, struct str *s)
{
    if (!needs_quotes(name)) {
        str_put(s, name);
        return;
    }
    str_put_char(s, '"');
    for (const char *p = name; *p; p++) {
        if (*p == '"' || *p == '\\') {
            str_put_char(s, '\\');
        }
        str_put_char(s, *p);
    }
    str_put_char(s, '"');
}

void
port_format(ofp_port_t port, const struct port_map *map, struct str *s)
{
    const char *name = port_reserved_name(port);

    if (name) {
        str_put(s, name);
    } else if ((name = port_map_name(map, port))) {
        port_format_name(name, s);
    } else {
        str_put_uint(s, port);
    }
}
