/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands about what a datapath can: dpif/show-dp-features,
 * dpif/set-dp-features. */

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/commands.h"
#include "vswitch/ofproto/ofproto.h"

/* For people, and for scripts. */
static const struct feature {
    const char *name;
    const char *word;
    size_t offset;               /* In struct dpif_features. */
    bool is_number;
} features[] = {
#define MEMBER(NAME) offsetof(struct dpif_features, NAME)
#define FLAG(TEXT, NAME) { TEXT, #NAME, MEMBER(NAME), false }
#define NUMBER(TEXT, NAME) { TEXT, #NAME, MEMBER(NAME), true }
    FLAG("Masked set action", masked_set_action),
    FLAG("Tunnel push pop", tnl_push_pop),
    FLAG("Ufid", ufid),
    FLAG("Truncate action", trunc),
    FLAG("Clone action", clone),
    NUMBER("Sample nesting", sample_nesting),
    FLAG("Conntrack eventmask", ct_eventmask),
    FLAG("Conntrack clear", ct_clear),
    NUMBER("Max dp_hash algorithm", max_hash_alg),
    FLAG("Check pkt length action", check_pkt_len),
    FLAG("Conntrack timeout policy", ct_timeout),
    FLAG("Explicit Drop action", explicit_drop_action),
    FLAG("Optimized Balance TCP mode", lb_output_action),
    FLAG("Conntrack all-zero IP SNAT", ct_zero_snat),
    FLAG("MPLS Label add", add_mpls),
    NUMBER("Max VLAN headers", max_vlan_headers),
    NUMBER("Max MPLS depth", max_mpls_depth),
    FLAG("Recirc", recirc),
    FLAG("CT state", ct_state),
    FLAG("CT zone", ct_zone),
    FLAG("CT mark", ct_mark),
    FLAG("CT label", ct_label),
    FLAG("CT state NAT", ct_state_nat),
    FLAG("CT orig tuple", ct_orig_tuple),
    FLAG("CT orig tuple for IPv6", ct_orig_tuple6),
    { "IPv6 ND Extension", "nd_ext", MEMBER(nd_extensions), false },
#undef FLAG
#undef NUMBER
#undef MEMBER
};

static const struct feature *
find_feature(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        if (!strcmp(features[i].word, word)) {
            return &features[i];
        }
    }
    return NULL;
}

/* Appends what 'f' has of a feature, in the given words. */
static void
put_value(const struct feature *feature, const struct dpif_features *f,
          const char *yes, const char *no, struct str *s)
{
    const void *member = (const char *) f + feature->offset;

    if (feature->is_number) {
        str_printf(s, "%u", *(const unsigned int *) member);
    } else {
        str_put(s, *(const bool *) member ? yes : no);
    }
}

static void
show_features(struct control_conn *conn, int argc UNUSED, const char *argv[],
              void *aux UNUSED)
{
    struct ofproto *p = commands_get_bridge(conn, argv[1]);
    struct str s = STR_EMPTY;

    if (!p) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        str_printf(&s, "%s: ", features[i].name);
        put_value(&features[i], &p->backer->features, "Yes", "No", &s);
        str_put_char(&s, '\n');
    }
    control_reply_str(conn, &s);
}

/* What a feature is now, and what it can be at most. */
static void
put_setting(const struct feature *feature, const struct dpif_features *now,
            const struct dpif_features *most, struct str *s)
{
    str_printf(s, "%s (%s) : [run time]:", feature->word, feature->name);
    put_value(feature, now, "true", "false", s);
    str_put(s, ", [boot time]:");
    put_value(feature, most, "true", "false", s);
    str_put_char(s, '\n');
}

/* Sets a feature of 'f', which must not go beyond what 'most' has.  Returns a
 * message, or NULL. */
static const char *
set_feature(const struct feature *feature, struct dpif_features *f,
            const struct dpif_features *most, const char *value)
{
    static const char too_much[] = "Can not set value beyond the datapath "
                                   "capability";
    void *member = (char *) f + feature->offset;
    const void *limit = (const char *) most + feature->offset;
    unsigned int number;
    bool on = !strcasecmp(value, "true");

    if (!feature->is_number) {
        if (!on && strcasecmp(value, "false")) {
            return "Boolean value expected";
        }
        if (on && !*(const bool *) limit) {
            return too_much;
        }
        *(bool *) member = on;
        return NULL;
    }
    if (!text_to_uint(value, 0, &number)) {
        return "Integer number expected";
    }
    if (number > *(const unsigned int *) limit) {
        return too_much;
    }
    *(unsigned int *) member = number;
    return NULL;
}

/* Makes the switch do without something that its datapath can, as it would
 * with another datapath.  Translations are redone.  What is wrong with the
 * words is said without calling it an error, as scripts have it. */
static void
set_features(struct control_conn *conn, int argc, const char *argv[],
             void *aux UNUSED)
{
    struct ofproto *p = commands_get_bridge(conn, argv[1]);
    const struct feature *feature = argc > 2 ? find_feature(argv[2]) : NULL;
    struct dpif_features most;
    struct str s = STR_EMPTY;

    if (!p) {
        return;
    }
    dpif_get_features(p->backer->dpif, &most);
    if (argc > 2 && !feature) {
        str_put(&s, "Unexpected support field");
    } else if (argc > 3) {
        const char *problem = set_feature(feature, &p->backer->features,
                                          &most, argv[3]);

        if (problem) {
            str_put(&s, problem);
        } else {
            backer_changed(p->backer);
        }
    } else {
        for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
            if (!feature || feature == &features[i]) {
                put_setting(&features[i], &p->backer->features, &most, &s);
            }
        }
    }
    control_reply_str(conn, &s);
}

static const struct control_command commands[] = {
    { "dpif/show-dp-features", "bridge", 1, 1, show_features },
    { "dpif/set-dp-features", "bridge", 1, 3, set_features },
};

void
feature_register_commands(void)
{
    control_register_all(commands, ARRAY_SIZE(commands), NULL);
}
