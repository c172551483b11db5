/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on network functions and their groups. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "northd/tools/nbctl.h"

#define ID_MAX 255

/* Network functions. */

static struct error *
find_nf(const struct dbctl_call *call, const char *id, bool must_exist,
        const struct nb_network_function **nf)
{
    return nbctl_find(call->dbctl, &nb_network_function_table,
                      NB_NETWORK_FUNCTION_COL_NAME, "network function",
                      id, must_exist, (const struct replica_row **) nf);
}

/* What "nf-add" asks for. */
struct nf_request {
    int64_t id;                 /* 0: any that is free. */
    const struct nb_logical_switch_port *inport;
    const struct nb_logical_switch_port *outport;   /* NULL for a tap. */
};

/* The ports, which must be on one switch, that words from 'first' on name. */
static struct error *
parse_ports(struct dbctl_call *call, int first, struct nf_request *request)
{
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[first], true,
                                         &request->inport);

    if (!error && first + 1 < call->argc) {
        error = nbctl_find_lsp(call->dbctl, call->argv[first + 1], true,
                               &request->outport);
    }
    if (!error && request->outport
        && nbctl_switch_of(call->dbctl, request->inport)
           != nbctl_switch_of(call->dbctl, request->outport)) {
        error = error_create(0, "ports %s and %s are not on one switch",
                             call->argv[first], call->argv[first + 1]);
    }
    return error;
}

/* An identifier may precede the ports; a port of that name goes first. */
static struct error *
parse_nf(struct dbctl_call *call, struct nf_request *request)
{
    const struct nb_logical_switch_port *lsp = NULL;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[2], false,
                                         &lsp);
    int id;

    if (error) {
        return error;
    }
    if (!lsp && call->argc > 3
        && text_to_int_range(call->argv[2], 1, ID_MAX, &id)) {
        request->id = id;
        return parse_ports(call, 3, request);
    } else if (call->argc > 4) {
        return nbctl_parse_number("id", call->argv[2], 1, ID_MAX,
                                  &request->id);
    }
    return parse_ports(call, 2, request);
}

/* The lowest identifier that no function has; 0 if none is left. */
static int64_t
free_nf_id(const struct dbctl_call *call)
{
    const struct nb_network_function *nf;
    bool taken[ID_MAX + 1] = { false };

    NB_NETWORK_FUNCTION_FOR_EACH (nf, dbctl_replica(call->dbctl)) {
        if (nf->id > 0 && nf->id <= ID_MAX) {
            taken[nf->id] = true;
        }
    }
    for (int id = 1; id <= ID_MAX; id++) {
        if (!taken[id]) {
            return id;
        }
    }
    return 0;
}

static struct error *
check_nf_id(const struct dbctl_call *call, int64_t id,
            const struct nb_network_function *except)
{
    const struct nb_network_function *nf;

    NB_NETWORK_FUNCTION_FOR_EACH (nf, dbctl_replica(call->dbctl)) {
        if (nf != except && nf->id == id) {
            return error_create(0, "network function %s has id %lld already",
                                nf->name, (long long) id);
        }
    }
    return NULL;
}

static struct error *
run_nf_add(struct dbctl_call *call)
{
    struct nf_request request = { .id = 0 };
    const struct nb_network_function *nf;
    struct error *error = find_nf(call, call->argv[1], false, &nf);

    if (!error && nf && !dbctl_has_option(call, "--may-exist")) {
        error = error_create(0, "%s: a network function with this name "
                             "already exists", call->argv[1]);
    }
    if (!error) {
        error = parse_nf(call, &request);
    }
    if (!error && request.id) {
        error = check_nf_id(call, request.id, nf);
    } else if (!error) {
        request.id = nf ? nf->id : free_nf_id(call);
        error = (request.id ? NULL
                 : error_create(0, "no id from 1 to %d is left", ID_MAX));
    }
    if (error) {
        return error;
    }
    if (!nf) {
        nf = nb_network_function_insert(dbctl_txn(call->dbctl));
        nb_network_function_set_name(nf, call->argv[1]);
    }
    nb_network_function_set_id(nf, request.id);
    nb_network_function_set_inport(nf, request.inport);
    if (request.outport) {
        nb_network_function_set_outport(nf, request.outport);
    } else {
        nb_network_function_clear_outport(nf);
    }
    return NULL;
}

static struct error *
run_nf_del(struct dbctl_call *call)
{
    const struct nb_network_function_group *nfg;
    const struct nb_network_function *nf;
    struct error *error = find_nf(call, call->argv[1],
                                  !dbctl_has_option(call, "--if-exists"),
                                  &nf);

    if (error || !nf) {
        return error;
    }
    NB_NETWORK_FUNCTION_GROUP_FOR_EACH (nfg, dbctl_replica(call->dbctl)) {
        for (size_t i = 0; i < nfg->n_network_function; i++) {
            if (nfg->network_function[i] == nf) {
                return error_create(0, "network function %s is in group %s",
                                    nf->name, nfg->name);
            }
        }
    }
    nb_network_function_delete(nf);
    return NULL;
}

static struct error *
run_nf_list(struct dbctl_call *call)
{
    const struct nb_network_function *nf;
    nbctl_lines lines = VEC_EMPTY;

    NB_NETWORK_FUNCTION_FOR_EACH (nf, dbctl_replica(call->dbctl)) {
        struct str line = STR_EMPTY;

        str_printf(&line, UUID_FMT " (%s)", UUID_ARGS(&nf->header.uuid),
                   nf->name);
        if (nf->inport) {
            str_printf(&line, " in:%s", nf->inport->name);
        }
        if (nf->outport) {
            str_printf(&line, " out:%s", nf->outport->name);
        }
        vec_push(&lines, str_steal(&line));
    }
    nbctl_put_lines(&call->output, &lines);
    return NULL;
}

/* Groups. */

static struct error *
find_nfg(const struct dbctl_call *call, const char *id, bool must_exist,
         const struct nb_network_function_group **nfg)
{
    return nbctl_find(call->dbctl, &nb_network_function_group_table,
                      NB_NETWORK_FUNCTION_GROUP_COL_NAME,
                      "network function group", id, must_exist,
                      (const struct replica_row **) nfg);
}

static struct error *
check_nfg(struct dbctl_call *call, const struct nb_network_function_group *nfg,
          int64_t *id)
{
    static const char *const modes[] = { "inline", "vtap", NULL };
    const struct nb_network_function_group *other;
    struct error *error = nbctl_parse_number("id", call->argv[2], 1, ID_MAX,
                                             id);

    if (!error) {
        error = nbctl_parse_choice("mode", call->argv[3], modes);
    }
    if (error) {
        return error;
    } else if (nfg && !dbctl_has_option(call, "--may-exist")) {
        return error_create(0, "%s: a network function group with this name "
                            "already exists", call->argv[1]);
    }
    NB_NETWORK_FUNCTION_GROUP_FOR_EACH (other, dbctl_replica(call->dbctl)) {
        if (other != nfg && other->id == *id) {
            return error_create(0, "network function group %s has id %lld "
                                "already", other->name, (long long) *id);
        }
    }
    return NULL;
}

static struct error *
run_nfg_add(struct dbctl_call *call)
{
    VEC(struct nb_network_function *) nfs = VEC_EMPTY;
    const struct nb_network_function_group *nfg;
    struct error *error = find_nfg(call, call->argv[1], false, &nfg);
    int64_t id;

    if (!error) {
        error = check_nfg(call, nfg, &id);
    }
    for (int i = 4; !error && i < call->argc; i++) {
        const struct nb_network_function *nf;

        error = find_nf(call, call->argv[i], true, &nf);
        vec_push(&nfs, (struct nb_network_function *) nf);
    }
    if (!error && !nfg) {
        nfg = nb_network_function_group_insert(dbctl_txn(call->dbctl));
        nb_network_function_group_set_name(nfg, call->argv[1]);
    }
    if (!error) {
        nb_network_function_group_set_id(nfg, id);
        nb_network_function_group_set_mode(nfg, call->argv[3]);
        nb_network_function_group_set_network_function(nfg, nfs.items, nfs.n);
    }
    vec_uninit(&nfs);
    return error;
}

static struct error *
run_nfg_del(struct dbctl_call *call)
{
    const struct nb_network_function_group *nfg;
    struct error *error = find_nfg(call, call->argv[1],
                                   !dbctl_has_option(call, "--if-exists"),
                                   &nfg);

    if (!error && nfg) {
        nb_network_function_group_delete(nfg);
    }
    return error;
}

static struct error *
run_nfg_list(struct dbctl_call *call)
{
    const struct nb_network_function_group *nfg, *only = NULL;
    struct error *error = NULL;
    nbctl_lines lines = VEC_EMPTY;

    if (call->argc > 1) {
        error = find_nfg(call, call->argv[1], true, &only);
        if (error) {
            return error;
        }
    }
    NB_NETWORK_FUNCTION_GROUP_FOR_EACH (nfg, dbctl_replica(call->dbctl)) {
        if (!only || nfg == only) {
            nbctl_add_line(&lines, &nfg->header, nfg->name);
        }
    }
    nbctl_put_lines(&call->output, &lines);
    return NULL;
}

/* The group and the function that argv[1] and argv[2] name, and whether it has
 * it. */
static struct error *
find_member(struct dbctl_call *call,
            const struct nb_network_function_group **nfg,
            const struct nb_network_function **nf, bool *is_in)
{
    struct error *error = find_nfg(call, call->argv[1], true, nfg);

    if (!error) {
        error = find_nf(call, call->argv[2], true, nf);
    }
    *is_in = false;
    for (size_t i = 0; !error && i < (*nfg)->n_network_function; i++) {
        *is_in |= (*nfg)->network_function[i] == *nf;
    }
    return error;
}

static struct error *
run_nfg_add_nf(struct dbctl_call *call)
{
    const struct nb_network_function_group *nfg;
    const struct nb_network_function *nf;
    bool is_in;
    struct error *error = find_member(call, &nfg, &nf, &is_in);

    if (!error && is_in && !dbctl_has_option(call, "--may-exist")) {
        error = error_create(0, "network function %s is in group %s already",
                             call->argv[2], call->argv[1]);
    }
    if (!error && !is_in) {
        nb_network_function_group_update_network_function_addvalue(nfg, nf);
    }
    return error;
}

static struct error *
run_nfg_del_nf(struct dbctl_call *call)
{
    const struct nb_network_function_group *nfg;
    const struct nb_network_function *nf;
    bool is_in;
    struct error *error = find_member(call, &nfg, &nf, &is_in);

    if (!error && !is_in) {
        error = error_create(0, "network function %s is not in group %s",
                             call->argv[2], call->argv[1]);
    }
    if (!error) {
        nb_network_function_group_update_network_function_delvalue(nfg, nf);
    }
    return error;
}

/* There are few of either. */
#define NEED_NFS NEED_ALL(nb_network_function, REPLICA_ALL_COLS)
#define NEED_GROUPS NEED_ALL(nb_network_function_group, REPLICA_ALL_COLS)

#define NF_COMMAND(NAME, MIN, MAX, ARGUMENTS, OPTIONS, RUN, ...) \
    { .name = NAME, .min_args = MIN, .max_args = MAX, \
      .arguments = ARGUMENTS, .options = OPTIONS, .run = RUN, \
      .needs = NEEDS(__VA_ARGS__) }

static const struct dbctl_command commands[] = {
    NF_COMMAND("nf-add", 2, 4, "NF [ID] INPORT [OUTPORT]", "--may-exist",
               run_nf_add, NEED_NFS, NEED_LSP(-2, 0), NEED_LS_OF_LSP(0)),
    NF_COMMAND("nf-del", 1, 1, "NF", "--if-exists", run_nf_del, NEED_NFS,
               NEED_GROUPS),
    NF_COMMAND("nf-list", 0, 0, NULL, NULL, run_nf_list, NEED_NFS,
               NEED_REFERENCED(nb_logical_switch_port, LSP(NAME))),
    NF_COMMAND("nfg-add", 3, INT_MAX, "GROUP ID MODE [NF]...", "--may-exist",
               run_nfg_add, NEED_NFS, NEED_GROUPS),
    NF_COMMAND("nfg-del", 1, 1, "GROUP", "--if-exists", run_nfg_del,
               NEED_GROUPS),
    NF_COMMAND("nfg-list", 0, 1, "[GROUP]", NULL, run_nfg_list, NEED_GROUPS),
    NF_COMMAND("nfg-add-nf", 2, 2, "GROUP NF", "--may-exist",
               run_nfg_add_nf, NEED_NFS, NEED_GROUPS),
    NF_COMMAND("nfg-del-nf", 2, 2, "GROUP NF", NULL, run_nfg_del_nf,
               NEED_NFS, NEED_GROUPS),
};

const struct dbctl_command_group nbctl_nf_commands = {
    "Network function commands", commands, ARRAY_SIZE(commands)
};
