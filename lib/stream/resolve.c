/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/stream/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#include "lib/base/alloc.h"
#include "lib/base/library.h"
#include "lib/base/list.h"
#include "lib/base/vec.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

LOG_MODULE(dns_resolve);

/* libunbound, loaded when the first name is to be resolved: with what it
 * depends on, it is half of the libraries of a tool. */
#define UNBOUND_SONAME "libunbound.so.8"

#define UNBOUND_SYMBOLS(S) \
    S(ub_ctx_async) \
    S(ub_ctx_config) \
    S(ub_ctx_create) \
    S(ub_ctx_delete) \
    S(ub_ctx_hosts) \
    S(ub_ctx_resolvconf) \
    S(ub_fd) \
    S(ub_process) \
    S(ub_resolve_async) \
    S(ub_resolve_free) \
    S(ub_strerror)

#define DEFINE(NAME) static __typeof__(&NAME) unbound_##NAME;
UNBOUND_SYMBOLS(DEFINE)

static struct error *
load_unbound(void)
{
#define SYMBOL(NAME) { #NAME, &unbound_##NAME },
    static const struct library_symbol symbols[] = {
        UNBOUND_SYMBOLS(SYMBOL)
    };

    return (unbound_ub_fd ? NULL
            : library_load(UNBOUND_SONAME, symbols, ARRAY_SIZE(symbols)));
}

#define ub_ctx_async unbound_ub_ctx_async
#define ub_ctx_config unbound_ub_ctx_config
#define ub_ctx_create unbound_ub_ctx_create
#define ub_ctx_delete unbound_ub_ctx_delete
#define ub_ctx_hosts unbound_ub_ctx_hosts
#define ub_ctx_resolvconf unbound_ub_ctx_resolvconf
#define ub_fd unbound_ub_fd
#define ub_process unbound_ub_process
#define ub_resolve_async unbound_ub_resolve_async
#define ub_resolve_free unbound_ub_resolve_free
#define ub_strerror unbound_ub_strerror

/* DNS numbers of record types and of the Internet class. */
enum { RR_A = 1, RR_AAAA = 28, CLASS_IN = 1 };

/* More addresses of one name are ignored. */
#define MAX_ADDRESSES 32

struct resolve {
    struct list node;           /* In 'lookups'. */
    char *name;
    void (*done)(const struct sockaddr_storage *, size_t n,
                 const struct error *, void *aux);
    void *aux;
    unsigned int n_pending;     /* Queries without an answer. */
    bool is_cancelled;          /* Freed with the last answer. */
    VEC(struct sockaddr_storage) v4, v6;
    char *reason;               /* Why a query failed, or NULL. */
};

static struct list lookups = LIST_INITIALIZER(&lookups);
static struct ub_ctx *ctx;
static struct watch watch;

static void
process(int events UNUSED, void *aux UNUSED)
{
    ub_process(ctx);
}

static struct error *
ub_error(int code, const char *what)
{
    return (code ? error_create(EIO, "%s: %s", what, ub_strerror(code))
            : NULL);
}

static struct error *
configure(void)
{
    const char *resolv_conf = getenv("OVS_RESOLV_CONF");
    const char *unbound_conf = getenv("OVS_UNBOUND_CONF");
    struct error *error = NULL;

    if (unbound_conf && *unbound_conf) {
        error = ub_error(ub_ctx_config(ctx, unbound_conf), unbound_conf);
    }
    if (!error) {
        if (resolv_conf && !*resolv_conf) {
            resolv_conf = NULL;
        }
        error = ub_error(ub_ctx_resolvconf(ctx, resolv_conf),
                         resolv_conf ? resolv_conf : "/etc/resolv.conf");
    }
    if (!error) {
        error = ub_error(ub_ctx_async(ctx, true), "threads");
    }
    if (!error && ub_ctx_hosts(ctx, NULL)) {
        /* Hosts without an /etc/hosts have names in DNS alone. */
        log_dbg("cannot read /etc/hosts");
    }
    return error;
}

static struct error *
start_resolver(void)
{
    if (ctx) {
        return NULL;
    }
    struct error *error = load_unbound();
    if (error) {
        return error_wrap(error, "cannot start the resolver");
    }
    ctx = ub_ctx_create();
    if (!ctx) {
        return error_create(ENOMEM, "cannot create the resolver");
    }
    error = configure();
    if (error) {
        ub_ctx_delete(ctx);
        ctx = NULL;
        return error_wrap(error, "cannot start the resolver");
    }
    watch_init(&watch, ub_fd(ctx), process, NULL);
    watch_set(&watch, UV_READABLE);
    return NULL;
}

static void
destroy(struct resolve *r)
{
    list_remove(&r->node);
    vec_uninit(&r->v4);
    vec_uninit(&r->v6);
    free(r->reason);
    free(r->name);
    free(r);
}

static void
finish(struct resolve *r)
{
    struct error *error = NULL;

    VEC_FOR_EACH (ss, &r->v6) {
        vec_push(&r->v4, *ss);
    }
    if (!r->v4.n) {
        error = error_create(EHOSTUNREACH, "%s: %s", r->name,
                             r->reason ? r->reason : "no such host");
    }
    r->done(r->v4.items, r->v4.n, error, r->aux);
    error_free(error);
    destroy(r);
}

static void
add_addresses(struct resolve *r, const struct ub_result *result)
{
    for (int i = 0; i < MAX_ADDRESSES && result->data[i]; i++) {
        struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };

        if (result->qtype == RR_A && result->len[i] == 4) {
            struct sockaddr_in *sin = (struct sockaddr_in *) &ss;

            sin->sin_family = AF_INET;
            memcpy(&sin->sin_addr, result->data[i], 4);
            vec_push(&r->v4, ss);
        } else if (result->qtype == RR_AAAA && result->len[i] == 16) {
            struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *) &ss;

            sin6->sin6_family = AF_INET6;
            memcpy(&sin6->sin6_addr, result->data[i], 16);
            vec_push(&r->v6, ss);
        }
    }
}

static void
note_reason(struct resolve *r, const char *reason)
{
    if (!r->reason) {
        r->reason = xstrdup(reason);
    }
}

static void
answered(void *resolve_, int code, struct ub_result *result)
{
    struct resolve *r = resolve_;

    if (code) {
        note_reason(r, ub_strerror(code));
    } else if (result->havedata) {
        add_addresses(r, result);
    } else if (result->rcode != 0 && !result->nxdomain) {
        note_reason(r, "name server failed");
    }
    ub_resolve_free(result);

    if (--r->n_pending) {
        return;
    }
    if (r->is_cancelled) {
        destroy(r);
    } else {
        finish(r);
    }
}

static void
ask(struct resolve *r, int type)
{
    /* The thread's answer comes through the watch, so never from in here. */
    int code = ub_resolve_async(ctx, r->name, type, CLASS_IN, r, answered,
                                NULL);

    if (code) {
        note_reason(r, ub_strerror(code));
    } else {
        r->n_pending++;
    }
}

/* Tells of a look-up that could not start. */
static void
fail(void *resolve_)
{
    struct resolve *r = resolve_;

    if (r->is_cancelled) {
        destroy(r);
    } else {
        finish(r);
    }
}

struct resolve *
resolve_start(const char *name,
              void (*done)(const struct sockaddr_storage *, size_t n,
                           const struct error *, void *aux), void *aux)
{
    struct resolve *r = xzalloc(sizeof *r);
    struct error *error;

    list_push_back(&lookups, &r->node);
    r->name = xstrdup(name);
    r->done = done;
    r->aux = aux;
    error = start_resolver();
    if (error) {
        r->reason = error_steal_message(error);
    } else {
        ask(r, RR_A);
        ask(r, RR_AAAA);
    }
    if (!r->n_pending) {
        loop_uv();
        loop_post(fail, r);
    }
    return r;
}

void
resolve_cancel(struct resolve *r)
{
    if (r) {
        r->is_cancelled = true;
    }
}

void
resolve_uninit(void)
{
    if (ctx) {
        watch_uninit(&watch);
        ub_ctx_delete(ctx);
        ctx = NULL;
    }
    while (!list_is_empty(&lookups)) {
        destroy(CONTAINER_OF(lookups.next, struct resolve, node));
    }
}
