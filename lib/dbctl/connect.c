/* SPDX-License-Identifier: Apache-2.0 */

/* The way to the server: ours to it, or, by a passive remote such as
 * "ptcp:6640", its to us. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/daemon.h"
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

char *
dbctl_default_remote(const struct dbctl_tool *tool)
{
    const char *variable = (tool->remote_variable
                            ? getenv(tool->remote_variable) : NULL);

    return (variable ? xstrdup(variable)
            : xasprintf("unix:%s/%s", dirs_run(tool->family), tool->socket));
}

struct error *
dbctl_connect(struct dbctl_link *link, const char *remote, bool shuffle)
{
    static const struct listener_callbacks callbacks = { accepted };

    free(link->remote);
    link->remote = xstrdup(remote);
    return (stream_name_is_passive(remote)
            ? listener_open(remote, DEFAULT_PORT, &callbacks, link,
                            &link->listener)
            : replica_set_remotes(link->replica, remote, shuffle));
}

void
dbctl_connection_failed(const struct dbctl_link *link)
{
    const char *why = replica_last_error(link->replica);
    const char *colon = why ? strstr(why, ": ") : NULL;

    /* The error may start with the remote that was tried last. */
    if (colon && memmem(link->remote, strlen(link->remote), why,
                        colon - why)) {
        why = colon + 2;
    }
    program_fatal("%s: database connection failed (%s)", link->remote,
                  why ? why : "end of file");
}

void
dbctl_disconnect(struct dbctl_link *link)
{
    listener_destroy(link->listener);
    link->listener = NULL;
    free(link->remote);
    link->remote = NULL;
}
