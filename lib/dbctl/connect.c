/* SPDX-License-Identifier: Apache-2.0 */

/* The way to the server: ours to it, or, by a passive remote such as
 * "ptcp:6640", its to us. */

#include "lib/dbctl/internal.h"
#include "lib/stream/stream.h"

#define DEFAULT_PORT 6640

static void
accepted(struct listener *listener, struct stream *stream, void *dbctl_)
{
    struct dbctl *dbctl = dbctl_;

    listener_destroy(listener);
    dbctl->listener = NULL;
    replica_take_stream(dbctl->replica, stream);
}

struct error *
dbctl_connect(struct dbctl *dbctl, const char *remote, bool shuffle)
{
    static const struct listener_callbacks callbacks = { accepted };

    return (stream_name_is_passive(remote)
            ? listener_open(remote, DEFAULT_PORT, &callbacks, dbctl,
                            &dbctl->listener)
            : replica_set_remotes(dbctl->replica, remote, shuffle));
}

void
dbctl_disconnect(struct dbctl *dbctl)
{
    listener_destroy(dbctl->listener);
    dbctl->listener = NULL;
}
