/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/testing.h"

#include "lib/replica/class.h"
#include "lib/replica/internal.h"

void
replica_testing_start(struct replica *replica)
{
    replica_monitor_all(replica);
    for (size_t i = 0; i < replica->class->n_tables; i++) {
        struct replica_table *table = &replica->store.tables[i];

        table->server_has = true;
        table->server_columns = table->monitored;
    }
}

struct error *
replica_testing_update(struct replica *replica, const char *updates)
{
    return update_apply(&replica->store, span_of(updates), UPDATE_DIFF, false);
}
