/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/connections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "controller/controller.h"
#include "lib/base/alloc.h"
#include "lib/runtime/dirs.h"
#include "lib/runtime/log.h"
#include "lib/stream/tls.h"

LOG_MODULE(main);

#define DEFAULT_PROBE_S 5
#define MIN_PROBE_S 5
#define NORTHD_VERSION PACKAGE_NAME "-" PACKAGE_VERSION

char *
connections_read_name(void)
{
    char *path = xasprintf("%s/system-id-override", dirs_sysconf(DIRS_OVN));
    FILE *file = fopen(path, "r");
    char line[256] = "";

    free(path);
    if (file) {
        (void) !fgets(line, sizeof line, file);
        fclose(file);
        line[strcspn(line, " \t\r\n")] = '\0';
    }
    return *line ? xstrdup(line) : NULL;
}

void
connections_follow_tls(const struct controller *c)
{
    const struct vs_open_vswitch *ovs = controller_open_vswitch(c);

    if (ovs && ovs->ssl) {
        tls_override_files(ovs->ssl->private_key, ovs->ssl->certificate,
                           ovs->ssl->ca_cert, ovs->ssl->bootstrap_ca_cert);
    } else {
        tls_restore_files();
    }
}

unsigned int
connections_switch_probe_s(const struct controller *c)
{
    const char *text = controller_setting(c, "ovn-openflow-probe-interval",
                                          NULL);
    const char *ms = controller_setting(c, "ovn-bridge-remote-probe-interval",
                                        NULL);
    unsigned long s = (ms ? (strtoul(ms, NULL, 10) + 999) / 1000
                       : text ? strtoul(text, NULL, 10) : DEFAULT_PROBE_S);

    return s ? MIN(MAX(s, MIN_PROBE_S), INT32_MAX / 1000) : 0;
}

bool
connections_northd_fits(const struct controller *c)
{
    static struct log_limit limit = LOG_LIMIT(1, 1);
    const struct sb_sb_global *global = sb_sb_global_first(c->sb);
    const char *version;

    if (!global || strcasecmp(controller_setting(c, "ovn-match-northd-version",
                                                 "false"), "true")) {
        return true;
    }
    version = strmap_get_def(&global->options, "northd_internal_version", "");
    if (strcmp(version, NORTHD_VERSION)) {
        log_warn_limited(&limit, "the southbound database was written by "
                         "northd %s, but this is %s: waiting for the same "
                         "version, as external_ids:ovn-match-northd-version "
                         "asks", version, NORTHD_VERSION);
        return false;
    }
    return true;
}
