/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/sync/router_groups.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"
#include "northd/program.h"

/* A switch with several routers, or a port that is connected to another
 * router's. */
struct link {
    struct hmap_node node;      /* In router_groups.links, by 'key'. */
    const void *key;
    VEC(const struct nb_logical_router *) routers;      /* 2 or more. */
};

struct member {
    struct hmap_node node;      /* In router_groups.members, by 'lr'. */
    const struct nb_logical_router *lr;
    struct member *parent;      /* Itself at a root; of a union-find. */
    const struct nb_logical_router *told;       /* The fact's value. */
    bool linked;
};

struct router_groups {
    struct incr *incr;
    struct incr_sink switches;
    struct incr_sink peers;
    struct hmap links;
    struct hmap members;
    bool dirty;
};

static struct link *
link_find(const struct router_groups *groups, const void *key)
{
    struct link *link;

    HMAP_FOR_EACH_WITH_HASH (link, node, hash_pointer(key, 0),
                             &groups->links) {
        if (link->key == key) {
            return link;
        }
    }
    return NULL;
}

static void
link_destroy(struct router_groups *groups, struct link *link)
{
    hmap_remove(&groups->links, &link->node);
    vec_uninit(&link->routers);
    free(link);
}

/* Forgets the link, if there is one, and returns an empty one in its place for
 * link_settle(). */
static struct link *
link_renew(struct router_groups *groups, const void *key)
{
    struct link *link = link_find(groups, key);

    if (link) {
        groups->dirty = true;
        vec_clear(&link->routers);
        return link;
    }
    link = xzalloc(sizeof *link);
    link->key = key;
    hmap_insert(&groups->links, &link->node, hash_pointer(key, 0));
    return link;
}

static void
link_settle(struct router_groups *groups, struct link *link)
{
    if (link->routers.n > 1) {
        groups->dirty = true;
    } else {
        link_destroy(groups, link);
    }
}

static void
link_add(struct link *link, const struct nb_logical_router *lr)
{
    VEC_FOR_EACH (p, &link->routers) {
        if (*p == lr) {
            return;
        }
    }
    vec_push(&link->routers, lr);
}

static void
switch_changed(void *groups_, struct incr_group *group)
{
    struct router_groups *groups = groups_;
    struct link *link = link_renew(groups,
                                   *(const void *const *)
                                   incr_group_key(group));

    for (size_t i = 0; i < group->n; i++) {
        const struct switch_router *sr = incr_group_value(group, i);

        link_add(link, sr->rp.lr);
    }
    link_settle(groups, link);
}

static void
peer_changed(void *groups_, struct incr_group *group)
{
    struct router_groups *groups = groups_;
    const void *lrp = *(const void *const *) incr_group_key(group);
    const struct incr_group *own = incr_find(groups->incr, F_LRP_ROUTER, &lrp,
                                             sizeof lrp);
    struct link *link = link_renew(groups, lrp);

    if (group->n && own && own->n) {
        const struct router_port *peer = incr_group_value(group, 0);

        link_add(link, *(const void *const *) incr_group_value(own, 0));
        link_add(link, peer->lr);
    }
    link_settle(groups, link);
}

static struct member *
member_get(struct router_groups *groups, const struct nb_logical_router *lr)
{
    struct member *member;

    HMAP_FOR_EACH_WITH_HASH (member, node, hash_pointer(lr, 0),
                             &groups->members) {
        if (member->lr == lr) {
            return member;
        }
    }
    member = xzalloc(sizeof *member);
    member->lr = lr;
    member->parent = member;
    hmap_insert(&groups->members, &member->node, hash_pointer(lr, 0));
    return member;
}

static struct member *
root_of(struct member *member)
{
    while (member->parent != member) {
        member->parent = member->parent->parent;
        member = member->parent;
    }
    return member;
}

/* The lesser row leads, so that a group's name does not depend on the order
 * of its links. */
static void
join(struct member *a, struct member *b)
{
    a = root_of(a);
    b = root_of(b);
    if (a->lr < b->lr) {
        b->parent = a;
    } else {
        a->parent = b;
    }
}

static void
tell(struct router_groups *groups)
{
    struct member *member;

    HMAP_FOR_EACH (member, node, &groups->members) {
        const struct nb_logical_router *root = root_of(member)->lr;

        if (member->linked && root != member->told) {
            member->told = root;
            incr_set(groups->incr, F_ROUTER_GROUP, &member->lr,
                     sizeof member->lr, &root, sizeof root);
        }
    }
    HMAP_FOR_EACH_SAFE (member, node, &groups->members) {
        if (!member->linked) {
            incr_unset(groups->incr, F_ROUTER_GROUP, &member->lr,
                       sizeof member->lr);
            hmap_remove(&groups->members, &member->node);
            free(member);
        }
    }
}

static void
settled(void *groups_)
{
    struct router_groups *groups = groups_;
    struct member *member;
    struct link *link;

    if (!groups->dirty) {
        return;
    }
    groups->dirty = false;
    HMAP_FOR_EACH (member, node, &groups->members) {
        member->parent = member;
        member->linked = false;
    }
    HMAP_FOR_EACH (link, node, &groups->links) {
        struct member *first = member_get(groups, link->routers.items[0]);

        VEC_FOR_EACH (p, &link->routers) {
            member = member_get(groups, *p);
            member->linked = true;
            if (member != first) {
                join(first, member);
            }
        }
    }
    tell(groups);
}

struct router_groups *
router_groups_create(struct incr *incr)
{
    struct router_groups *groups = xzalloc(sizeof *groups);

    groups->incr = incr;
    hmap_init(&groups->links);
    hmap_init(&groups->members);
    groups->switches = (struct incr_sink) {
        .fact = F_SWITCH_ROUTERS, .aux = groups,
        .group_changed = switch_changed, .settled = settled,
    };
    groups->peers = (struct incr_sink) {
        .fact = F_LRP_ROUTER_PEER, .aux = groups,
        .group_changed = peer_changed, .settled = settled,
    };
    incr_add_sink(incr, &groups->switches);
    incr_add_sink(incr, &groups->peers);
    return groups;
}

void
router_groups_destroy(struct router_groups *groups)
{
    struct member *member;
    struct link *link;

    if (!groups) {
        return;
    }
    HMAP_FOR_EACH_SAFE (link, node, &groups->links) {
        link_destroy(groups, link);
    }
    HMAP_FOR_EACH_SAFE (member, node, &groups->members) {
        free(member);
    }
    hmap_uninit(&groups->links);
    hmap_uninit(&groups->members);
    free(groups);
}
