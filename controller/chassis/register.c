/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/register.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controller/chassis/encap_ips.h"
#include "lib/base/alloc.h"
#include "lib/base/smap.h"
#include "lib/base/sset.h"
#include "lib/base/str.h"
#include "lib/base/vec.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"

LOG_MODULE(chassis);

struct registration {
    struct controller *controller;
    struct replica_index *private_by_name;
    bool dirty;
};

struct registration *
registration_create(struct controller *c)
{
    struct registration *r = xzalloc(sizeof *r);

    r->controller = c;
    r->private_by_name
        = replica_index_create_simple(c->sb, &sb_chassis_private_table,
                                      SB_CHASSIS_PRIVATE_COL_NAME);
    r->dirty = true;
    return r;
}

void
registration_destroy(struct registration *r)
{
    free(r);
}

/* Whether what our rows are made of has changed, in the local database. */
static bool
settings_changed(const struct replica *vs)
{
    const struct replica_row *row;

    REPLICA_FOR_EACH_CHANGED (row, vs, &vs_open_vswitch_table) {
        if (replica_row_is_inserted(row)
            || row->changed & (REPLICA_COL(VS_OPEN_VSWITCH_COL_EXTERNAL_IDS)
                               | REPLICA_COL(VS_OPEN_VSWITCH_COL_IFACE_TYPES)
                               | REPLICA_COL(VS_OPEN_VSWITCH_COL_BRIDGES))) {
            return true;
        }
    }
    REPLICA_FOR_EACH_CHANGED (row, vs, &vs_bridge_table) {
        if (replica_row_is_inserted(row)
            || row->changed & (REPLICA_COL(VS_BRIDGE_COL_NAME)
                               | REPLICA_COL(VS_BRIDGE_COL_DATAPATH_TYPE))) {
            return true;
        }
    }
    return false;
}

void
registration_look(struct registration *r)
{
    const struct controller *c = r->controller;

    if (settings_changed(c->vs)
        || replica_first_changed(c->sb, &sb_chassis_table)
        || replica_first_changed(c->sb, &sb_chassis_private_table)
        || replica_first_changed(c->sb, &sb_encap_table)) {
        r->dirty = true;
    }
}

void
registration_wake(struct registration *r)
{
    r->dirty = true;
}

const struct sb_chassis_private *
registration_private(const struct registration *r)
{
    const char *name = controller_system_id(r->controller);

    return name ? (const struct sb_chassis_private *)
                  replica_index_find_string(r->private_by_name, name)
           : NULL;
}

/* Settings that other chassis and northd read in Chassis.other_config, each
 * under the name it has on this host, or its default. */
static const struct {
    const char *name;
    const char *def;
} published[] = {
    { "ovn-bridge-mappings", "" },
    { "ovn-chassis-mac-mappings", "" },
    { "ovn-cms-options", "" },
    { "ovn-monitor-all", "false" },
    { "ovn-enable-lflow-cache", "true" },
    { "ovn-limit-lflow-cache", "" },
    { "ovn-memlimit-lflow-cache-kb", "" },
    { "ovn-trim-limit-lflow-cache", "" },
    { "ovn-trim-wmark-perc-lflow-cache", "" },
    { "ovn-trim-timeout-ms", "" },
    { "is-interconn", "false" },
};

/* What this program can do that an older one cannot; northd waits for all
 * chassis before it uses them. */
static const char *const features[] = {
    "port-up-notif",
    "ct-no-masked-label",
    "ovn-ct-lb-related",
    "mac-binding-timestamp",
    "fdb-timestamp",
    "ls-dpg-column",
    "ct-commit-nat-v2",
    "ct-commit-to-zone",
    "ct-next-zone",
    "icmp4-inner-ip4-src",
};

static void
fill_other_config(const struct controller *c, struct smap *config)
{
    const struct vs_open_vswitch *ovs = controller_open_vswitch(c);
    const struct vs_bridge *bridge = controller_bridge(c);
    struct str types = STR_EMPTY;

    smap_init(config);
    for (size_t i = 0; i < ARRAY_SIZE(published); i++) {
        const char *name = published[i].name;
        const char *setting = (!strcmp(name, "is-interconn")
                               ? "ovn-is-interconn" : name);

        smap_set(config, name,
                 controller_setting(c, setting, published[i].def));
    }
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        smap_set(config, features[i], "true");
    }
    smap_set(config, "datapath-type", !bridge ? "" : bridge->datapath_type[0]
             ? bridge->datapath_type : "system");
    for (size_t i = 0; i < ovs->n_iface_types; i++) {
        str_printf(&types, "%s%s", i ? "," : "", ovs->iface_types[i]);
    }
    smap_set(config, "iface-types", str_cstr(&types));
    str_uninit(&types);
}

static void
split(const char *list, struct sset *words)
{
    sset_init(words);
    sset_add_split(words, list, ", ");
}

/* ## Encapsulations ## */

/* What our Encap rows are to be: the product of types and addresses. */
struct encaps_wanted {
    struct sset types;
    struct encap_ips ips;
    const char *csum;
    const char *chassis;         /* Our name. */
};

/* The row of 'chassis' with that type and address, or NULL. */
static struct sb_encap *
find_encap(const struct sb_chassis *chassis, const char *type, const char *ip)
{
    for (size_t i = 0; i < chassis->n_encaps; i++) {
        if (!strcmp(chassis->encaps[i]->type, type)
            && !strcmp(chassis->encaps[i]->ip, ip)) {
            return chassis->encaps[i];
        }
    }
    return NULL;
}

/* Writes what differs in the row of our address number 'i'.  Where there are
 * several, others need to know which to send to that nothing is said of. */
static void
write_encap_options(const struct sb_encap *encap,
                    const struct encaps_wanted *w, size_t i)
{
    struct smap options;

    smap_init(&options);
    smap_set(&options, "csum", w->csum);
    if (w->ips.n > 1) {
        smap_set(&options, "is_default", i ? "false" : "true");
    }
    if (!strmap_equals_smap(&encap->options, &options)) {
        sb_encap_set_options(encap, &options);
    }
    smap_uninit(&options);
}

static void
read_wanted(const struct controller *c, struct encaps_wanted *w)
{
    split(controller_setting(c, "ovn-encap-type", ""), &w->types);
    encap_ips_parse(&w->ips, controller_setting(c, "ovn-encap-ip", ""),
                    controller_setting(c, "ovn-encap-ip-default", ""));
    w->csum = controller_setting(c, "ovn-encap-csum", "true");
    w->chassis = controller_system_id(c);
}

/* Rows that are right stay the rows that they are: ports may refer to them. */
static void
write_encaps(const struct registration *r, struct replica_txn *txn,
             const struct sb_chassis *chassis)
{
    VEC(struct sb_encap *) encaps = VEC_EMPTY;
    const struct sset_node *type;
    struct encaps_wanted w;
    size_t n_present = 0;

    read_wanted(r->controller, &w);
    SSET_FOR_EACH (type, &w.types) {
        for (size_t i = 0; i < w.ips.n; i++) {
            struct sb_encap *encap = find_encap(chassis, type->name,
                                                w.ips.ips[i]);

            n_present += encap != NULL;
            if (!encap) {
                encap = sb_encap_insert(txn);
                sb_encap_set_type(encap, type->name);
                sb_encap_set_ip(encap, w.ips.ips[i]);
                sb_encap_set_chassis_name(encap, w.chassis);
            }
            write_encap_options(encap, &w, i);
            vec_push(&encaps, encap);
        }
    }
    if (n_present != encaps.n || n_present != chassis->n_encaps) {
        sb_chassis_set_encaps(chassis, encaps.items, encaps.n);
    }
    vec_uninit(&encaps);
    sset_uninit(&w.types);
}

/* ## The rest of the row ## */

static void
write_hostname(const struct controller *c, const struct sb_chassis *chassis)
{
    const char *hostname = controller_setting(c, "hostname", NULL);
    char own[256] = "";

    if (!hostname) {
        gethostname(own, sizeof own - 1);
        hostname = own;
    }
    if (strcmp(chassis->hostname, hostname)) {
        sb_chassis_set_hostname(chassis, hostname);
    }
}

static void
write_transport_zones(const struct controller *c,
                      const struct sb_chassis *chassis)
{
    const char **zones;
    struct sset wanted;
    bool same;

    split(controller_setting(c, "ovn-transport-zones", ""), &wanted);
    same = sset_count(&wanted) == chassis->n_transport_zones;
    for (size_t i = 0; i < chassis->n_transport_zones; i++) {
        same = same && sset_contains(&wanted, chassis->transport_zones[i]);
    }
    if (!same) {
        zones = sset_sort(&wanted);
        sb_chassis_set_transport_zones(chassis, zones, sset_count(&wanted));
        free(zones);
    }
    sset_uninit(&wanted);
}

/* Sets the keys that are ours in other_config, leaving others alone. */
static void
write_other_config(const struct controller *c,
                   const struct sb_chassis *chassis)
{
    struct smap wanted;
    struct smap_node *node;

    fill_other_config(c, &wanted);
    SMAP_FOR_EACH (node, &wanted) {
        const char *now = strmap_get(&chassis->other_config, node->key);

        if (!now || strcmp(now, node->value)) {
            sb_chassis_update_other_config_setkey(chassis, node->key,
                                                  node->value);
        }
    }
    smap_uninit(&wanted);
}

static bool
is_configured(const struct controller *c)
{
    static struct log_limit limit = LOG_LIMIT(1, 1);

    if (!controller_system_id(c)) {
        log_warn_limited(&limit, "waiting for external_ids:system-id in the "
                         "Open_vSwitch table");
        return false;
    }
    if (!*controller_setting(c, "ovn-encap-type", "")
        || !*controller_setting(c, "ovn-encap-ip", "")) {
        log_warn_limited(&limit, "waiting for external_ids:ovn-encap-type and "
                         "external_ids:ovn-encap-ip in the Open_vSwitch "
                         "table");
        return false;
    }
    return true;
}

void
registration_run(struct registration *r, struct replica_txn *txn)
{
    const struct controller *c = r->controller;
    const struct sb_chassis_private *private_;
    const struct sb_chassis *chassis;
    const char *name;

    if (!r->dirty || !is_configured(c)) {
        return;
    }
    r->dirty = false;
    name = controller_system_id(c);
    chassis = controller_chassis(c);
    if (!chassis) {
        struct sb_chassis *new_ = sb_chassis_insert(txn);

        sb_chassis_set_name(new_, name);
        chassis = new_;
        replica_txn_add_comment(txn, "ovn-controller: registering chassis "
                                "'%s'", name);
    }
    write_hostname(c, chassis);
    write_encaps(r, txn, chassis);
    write_other_config(c, chassis);
    write_transport_zones(c, chassis);

    private_ = registration_private(r);
    if (!private_) {
        struct sb_chassis_private *new_ = sb_chassis_private_insert(txn);

        sb_chassis_private_set_name(new_, name);
        private_ = new_;
    }
    if (private_->chassis != chassis) {
        sb_chassis_private_set_chassis(private_, chassis);
    }
}

void
registration_report(struct registration *r, struct replica_txn *txn UNUSED,
                    int64_t nb_cfg)
{
    const struct sb_chassis_private *private_ = registration_private(r);

    if (private_ && private_->nb_cfg != nb_cfg) {
        sb_chassis_private_set_nb_cfg(private_, nb_cfg);
        sb_chassis_private_set_nb_cfg_timestamp(private_, clock_wall_ms());
    }
}

void
registration_remove(struct registration *r, struct replica_txn *txn)
{
    const struct sb_chassis_private *private_ = registration_private(r);
    const struct sb_chassis *chassis = controller_chassis(r->controller);

    if (private_) {
        sb_chassis_private_delete(private_);
    }
    if (chassis) {
        replica_txn_add_comment(txn, "ovn-controller: unregistering chassis "
                                "'%s'", chassis->name);
        sb_chassis_delete(chassis);
    }
}
