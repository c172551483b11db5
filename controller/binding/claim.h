/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_BINDING_CLAIM_H
#define CONTROLLER_BINDING_CLAIM_H

/* Keeps Port_Binding rows equal to what this chassis claims, and tells both
 * databases when a port works: Port_Binding.up, and ovn-installed in the
 * external_ids of the Interface, which goes again with the claim. */

#include "controller/controller.h"

struct claims;

/* 'wake' is called when there is something to write that had to wait. */
struct claims *claims_create(struct controller *, void (*wake)(void *aux),
                             void *aux);
void claims_destroy(struct claims *);

/* Compares all ports again, after a failed transaction or a new chassis row. */
void claims_wake(struct claims *);

/* Write what differs to the open transactions of the southbound and of the
 * local database.  'installed_seq' is the newest change of the switch that is
 * known to be done, 'current_seq' the newest that was sent; 'is_whole' says
 * that nothing is missing in that. */
void claims_run_sb(struct claims *, struct replica_txn *, bool is_whole,
                   uint64_t current_seq, uint64_t installed_seq);
void claims_run_vs(struct claims *, struct replica_txn *);

/* The transaction that claims_run_vs() wrote to ended. */
void claims_vs_done(struct claims *, bool is_written);

/* Releases all ports, for the end of the chassis. */
void claims_release_all(struct claims *, struct replica_txn *);

#endif /* controller/binding/claim.h */
