/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_MODEL_H
#define CONFIG_MODEL_H

/* The objects behind rows; private to this folder. */

#include "lib/base/hmap.h"
#include "lib/base/list.h"
#include "lib/base/smap.h"
#include "lib/base/vec.h"
#include "lib/runtime/loop.h"
#include "lib/schema/vs.h"
#include "vswitch/config/config.h"
#include "vswitch/ofproto/in_band.h"
#include "vswitch/ofproto/ofproto.h"

typedef VEC(struct in_band_remote) in_band_remote_vec;

struct config {
    struct replica *replica;
    struct hmap bridges;         /* struct bridge, by uuid of the row. */
    struct hmap ports;           /* struct port. */
    struct hmap ifaces;          /* struct iface. */
    in_band_remote_vec managers; /* Those in band, sorted. */
    struct list dirty_ifaces;    /* Whose status is to be written. */
    struct list failed_ifaces;   /* That could not be added. */
    struct step step;
    struct timer stats_timer;
    struct timer retry_timer;
    bool txn_busy;
    bool stats_due;
    bool netdevs_changed;        /* Ports are to be looked at again. */
    bool has_lock;
    bool complained;             /* That another switch has the lock. */
    int64_t applied_cfg;         /* next_cfg that was applied, */
    int64_t cur_cfg;             /* and that is carried out. */
};

struct bridge {
    struct hmap_node node;       /* In config.bridges. */
    struct uuid uuid;
    struct config *config;
    char *name;
    char *datapath_type;
    struct ofproto *ofproto;
    struct list ports;           /* struct port. */
};

struct port {
    struct hmap_node node;       /* In config.ports. */
    struct uuid uuid;
    struct bridge *bridge;
    struct list bridge_node;
    char *name;
    struct list ifaces;          /* struct iface. */
    bool seen;                   /* In the comparison under way. */
};

struct iface {
    struct hmap_node node;       /* In config.ifaces. */
    struct uuid uuid;
    struct port *port;
    struct list port_node;
    char *name;
    char *type;
    struct smap options;         /* As applied. */
    struct smap bfd;             /* Likewise. */
    ofp_port_t ofp_port;         /* OFPP_NONE: it could not be added. */
    char *error;                 /* Why, or NULL. */
    uint64_t netdev_seq;         /* Of the status that was written. */
    struct list dirty_node;      /* In config.dirty_ifaces, or empty. */
    struct list failed_node;     /* In config.failed_ifaces, or empty. */
    bool seen;
};

static inline bool
iface_is_local(const struct iface *iface)
{
    return !strcmp(iface->name, iface->port->bridge->name);
}

/* bridge.c */

/* Makes the bridges those of the Open_vSwitch row. */
void bridges_apply(struct config *, const struct vs_open_vswitch *);

/* Applies a changed row to its bridge. */
void bridge_apply(struct bridge *, const struct vs_bridge *);

/* Has the tables be as the Flow_Table rows of the bridge say. */
void bridge_apply_tables(struct bridge *, const struct vs_bridge *);
void bridge_destroy(struct bridge *, bool del_ports);
struct bridge *bridge_find(const struct config *, const struct uuid *);

/* port.c */

/* Makes the bridge's ports those of its row. */
void ports_apply(struct bridge *, const struct vs_bridge *);
void port_apply(struct port *, const struct vs_port *);
void port_destroy(struct port *, bool del);
struct port *port_find(const struct config *, const struct uuid *);

/* A bitmap of 'vlans', for free(); NULL for none. */
uint64_t *vlan_bitmap(const int64_t *vlans, size_t n);

void iface_apply(struct iface *, const struct vs_interface *);
struct iface *iface_find(const struct config *, const struct uuid *);

/* Tries again to add what could not be added. */
void ifaces_retry(struct config *);

/* Has the interface's status written in the next transaction. */
void iface_mark_dirty(struct config *, struct iface *);

/* controllers.c */

/* Applies the Controller rows of the bridge. */
void controllers_apply(struct bridge *, const struct vs_bridge *);

/* Writes is_connected, role and status of its rows. */
void controllers_write_status(const struct bridge *,
                              const struct vs_bridge *);

/* in_band.c */

/* Has bridges keep the way to managers open, if those have changed. */
void managers_apply(struct config *, const struct vs_open_vswitch *);

/* Has the bridge keep the way to managers and to its controllers open. */
void in_band_apply(struct bridge *, const struct vs_bridge *);

/* ct_zones.c */

/* Has the datapaths' zones follow the rows, if one has changed. */
void ct_zones_config(struct config *, const struct vs_open_vswitch *);

/* status.c */

/* Writes to the open transaction what differs from the rows. */
void status_write(struct config *, const struct vs_open_vswitch *);
void status_write_statistics(struct config *);

/* Marks the interfaces whose devices changed. */
void status_poll(struct config *);

#endif /* config/model.h */
