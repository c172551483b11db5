/* SPDX-License-Identifier: Apache-2.0 */

/* The way to the server: ours to it, or, by a passive remote such as
 * "ptcp:6640", its to us. */

#include "lib/dbctl/internal.h"
#include "lib/stream/stream.h"

#define DEFAULT_PORT 6640

static void
accepted(struct listener *listener, struct stream *stream, void *link_)
{
    struct dbctl_link *link = link_;

    listener_destroy(listener);
    link->listener = NULL;
    replica_take_stream(link->replica, stream);
}

struct error *
dbctl_connect(struct dbctl_link *link, const char *remote, bool shuffle)
{
    static const struct listener_callbacks callbacks = { accepted };

    return (stream_name_is_passive(remote)
            ? listener_open(remote, DEFAULT_PORT, &callbacks, link,
                            &link->listener)
            : replica_set_remotes(link->replica, remote, shuffle));
}

void
dbctl_disconnect(struct dbctl_link *link)
{
    listener_destroy(link->listener);
    link->listener = NULL;
}
