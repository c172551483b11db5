/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/learned.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "controller/punt/ports.h"
#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/str.h"
#include "lib/logical/addresses.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"

COUNTER(learned_dropped);

struct key {
    uint32_t dp_key;
    uint32_t port_key;
    struct in6_addr ip;          /* All zero: a forwarding entry of 'mac'. */
    struct eth_addr mac;         /* All zero in a MAC binding's key. */
    uint8_t pad[2];
};

struct entry {
    struct hmap_node node;       /* In learned.entries, by key. */
    struct key key;
    struct eth_addr mac;
};

struct learned {
    struct controller *controller;
    pthread_mutex_t mutex;       /* For 'entries'. */
    struct hmap entries;
    const struct ports *ports;
    struct replica_index *binding_by_port_ip;
    struct replica_index *fdb_by_mac;        /* mac, dp_key. */
};

static struct replica_index *
index_on(struct controller *c, const struct replica_table_class *table,
         unsigned int first, unsigned int second)
{
    const struct replica_index_column columns[] = { { .column = first },
                                                    { .column = second } };

    return replica_index_create(c->sb, table, columns, 2);
}

struct learned *
learned_create(struct controller *c, const struct ports *ports)
{
    struct learned *l = xzalloc(sizeof *l);

    l->controller = c;
    pthread_mutex_init(&l->mutex, NULL);
    hmap_init(&l->entries);
    l->ports = ports;
    l->binding_by_port_ip = index_on(c, &sb_mac_binding_table,
                                     SB_MAC_BINDING_COL_LOGICAL_PORT,
                                     SB_MAC_BINDING_COL_IP);
    l->fdb_by_mac = index_on(c, &sb_fdb_table, SB_FDB_COL_MAC,
                             SB_FDB_COL_DP_KEY);
    return l;
}

static void
free_entries(struct hmap *entries)
{
    struct entry *entry;

    HMAP_FOR_EACH_SAFE (entry, node, entries) {
        hmap_remove(entries, &entry->node);
        free(entry);
    }
    hmap_uninit(entries);
}

void
learned_destroy(struct learned *l)
{
    if (l) {
        free_entries(&l->entries);
        pthread_mutex_destroy(&l->mutex);
        free(l);
    }
}

/* Adds an entry, or gives the waiting one of that key the new MAC.  'mutex' is
 * held. */
static void
add_locked(struct learned *l, const struct key *key, struct eth_addr mac)
{
    uint64_t hash = hash_bytes(key, sizeof *key, 0);
    struct entry *entry;

    HMAP_FOR_EACH_WITH_HASH (entry, node, hash, &l->entries) {
        if (!memcmp(&entry->key, key, sizeof *key)) {
            entry->mac = mac;
            return;
        }
    }
    if (hmap_count(&l->entries) >= LEARNED_MAX) {
        counter_inc(learned_dropped);
        return;
    }
    entry = xzalloc(sizeof *entry);
    entry->key = *key;
    entry->mac = mac;
    hmap_insert(&l->entries, &entry->node, hash);
}

static void
add(struct learned *l, const struct key *key, struct eth_addr mac)
{
    pthread_mutex_lock(&l->mutex);
    add_locked(l, key, mac);
    pthread_mutex_unlock(&l->mutex);
}

void
learned_mac_binding(struct learned *l, uint32_t dp_key, uint32_t port_key,
                    const struct in6_addr *ip, struct eth_addr mac)
{
    const struct key key = { .dp_key = dp_key, .port_key = port_key,
                             .ip = *ip };

    add(l, &key, mac);
}

void
learned_fdb(struct learned *l, uint32_t dp_key, uint32_t port_key,
            struct eth_addr mac)
{
    const struct key key = { .dp_key = dp_key, .port_key = port_key,
                             .mac = mac };

    add(l, &key, mac);
}

bool
learned_is_pending(struct learned *l)
{
    bool is_pending;

    pthread_mutex_lock(&l->mutex);
    is_pending = !hmap_is_empty(&l->entries);
    pthread_mutex_unlock(&l->mutex);
    return is_pending;
}

const struct sb_mac_binding *
learned_find_binding(const struct learned *l, const char *port,
                     const struct in6_addr *ip)
{
    const struct sb_mac_binding *row;
    struct str text = STR_EMPTY;

    ip_format(ip, &text);
    const union replica_atom key[] = { { .string = port },
                                       { .string = str_cstr(&text) } };

    row = (const struct sb_mac_binding *)
        replica_index_find(l->binding_by_port_ip, key);
    str_uninit(&text);
    return row;
}

bool
learned_find(const struct learned *l, const char *port,
             const struct in6_addr *ip, struct eth_addr *ret)
{
    const struct sb_mac_binding *row = learned_find_binding(l, port, ip);

    return row && mac_parse(row->mac, ret);
}

static void
write_binding(const struct learned *l, struct replica_txn *txn,
              const struct entry *entry)
{
    const struct sb_port_binding *port
        = ports_find(l->ports, entry->key.dp_key, entry->key.port_key);
    struct str ip = STR_EMPTY, mac = STR_EMPTY;
    const struct sb_mac_binding *row;

    if (!port) {
        return;
    }
    ip_format(&entry->key.ip, &ip);
    mac_format(entry->mac, &mac);
    row = learned_find_binding(l, port->logical_port, &entry->key.ip);
    if (!row) {
        struct sb_mac_binding *new_ = sb_mac_binding_insert(txn);

        sb_mac_binding_set_logical_port(new_, port->logical_port);
        sb_mac_binding_set_ip(new_, str_cstr(&ip));
        sb_mac_binding_set_datapath(new_, port->datapath);
        row = new_;
    }
    if (strcmp(row->mac, str_cstr(&mac))) {
        sb_mac_binding_set_mac(row, str_cstr(&mac));
        sb_mac_binding_set_timestamp(row, clock_wall_ms());
    }
    str_uninit(&ip);
    str_uninit(&mac);
}

const struct sb_fdb *
learned_find_fdb(const struct learned *l, uint32_t dp_key,
                 struct eth_addr mac)
{
    const struct sb_fdb *row;
    struct str text = STR_EMPTY;

    mac_format(mac, &text);
    const union replica_atom key[] = { { .string = str_cstr(&text) },
                                       { .integer = dp_key } };

    row = (const struct sb_fdb *) replica_index_find(l->fdb_by_mac, key);
    str_uninit(&text);
    return row;
}

static void
write_fdb(const struct learned *l, struct replica_txn *txn,
          const struct entry *entry)
{
    struct str mac = STR_EMPTY;
    const struct sb_fdb *row;

    mac_format(entry->mac, &mac);
    row = learned_find_fdb(l, entry->key.dp_key, entry->mac);
    if (!row) {
        struct sb_fdb *new_ = sb_fdb_insert(txn);

        sb_fdb_set_mac(new_, str_cstr(&mac));
        sb_fdb_set_dp_key(new_, entry->key.dp_key);
        row = new_;
    }
    if (row->port_key != entry->key.port_key) {
        sb_fdb_set_port_key(row, entry->key.port_key);
        sb_fdb_set_timestamp(row, clock_wall_ms());
    }
    str_uninit(&mac);
}

void
learned_write(struct learned *l, struct replica_txn *txn)
{
    const struct entry *entry;
    struct hmap entries;

    /* The thread that learns goes on meanwhile. */
    hmap_init(&entries);
    pthread_mutex_lock(&l->mutex);
    hmap_swap(&entries, &l->entries);
    pthread_mutex_unlock(&l->mutex);
    HMAP_FOR_EACH (entry, node, &entries) {
        if (mac_is_zero(entry->key.mac)) {
            write_binding(l, txn, entry);
        } else {
            write_fdb(l, txn, entry);
        }
    }
    free_entries(&entries);
}
