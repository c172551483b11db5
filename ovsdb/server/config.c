/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/config.h"

#include <jansson.h>

#include "lib/base/alloc.h"
#include "ovsdb/server/remotes.h"
#include "ovsdb/server/server.h"

static const char *file_name;

void
config_file_set_name(const char *name)
{
    file_name = name;
}

const char *
config_file_name(void)
{
    return file_name;
}

static struct error *
check_object(const json_t *json, const char *what)
{
    return (json && !json_is_object(json)
            ? error_create(0, "\"%s\" must be an object", what) : NULL);
}

/* Reads the options of the remote 'name'. */
static struct error *
read_remote(const char *name, const json_t *json,
            struct remote_options *options)
{
    const char *key;
    json_t *value;

    *options = (struct remote_options) REMOTE_OPTIONS_DEFAULT;
    options->may_miss = true;
    if (json_is_null(json)) {
        return NULL;
    }
    if (!json_is_object(json)) {
        return error_create(0, "remote \"%s\": options must be an object",
                            name);
    }
    json_object_foreach ((json_t *) json, key, value) {
        if (!strcmp(key, "inactivity-probe") && json_is_integer(value)) {
            options->probe_interval_ms = MAX(0, json_integer_value(value));
        } else if (!strcmp(key, "max-backoff") && json_is_integer(value)) {
            options->max_backoff_ms = MAX(0, json_integer_value(value));
        } else if (!strcmp(key, "read-only") && json_is_boolean(value)) {
            options->read_only = json_is_true(value);
        } else if (!strcmp(key, "role") && json_is_string(value)) {
            options->role = json_string_value(value);
        } else if (!strcmp(key, "dscp") && json_is_integer(value)
                   && json_integer_value(value) >= 0
                   && json_integer_value(value) <= 63) {
            options->dscp = json_integer_value(value);
        } else {
            return error_create(0, "remote \"%s\": option \"%s\" is unknown "
                                "or has a wrong type", name, key);
        }
    }
    return NULL;
}

static struct error *
check_database(const char *name, const json_t *json)
{
    const char *model = json_string_value(json_object_get(json,
                                                          "service-model"));

    if (!json_is_null(json) && !json_is_object(json)) {
        return error_create(0, "database \"%s\": options must be an object",
                            name);
    }
    if (model && strcmp(model, "standalone")) {
        return error_create(0, "database \"%s\": service model \"%s\" is not "
                            "supported", name, model);
    }
    return NULL;
}

/* Checks all of the configuration before any of it is used. */
static struct error *
check(const json_t *config)
{
    const json_t *remotes = json_object_get(config, "remotes");
    const json_t *databases = json_object_get(config, "databases");
    struct error *error = check_object(config, "configuration");
    struct remote_options options;
    const char *name;
    json_t *value;

    if (!error) {
        error = check_object(remotes, "remotes");
    }
    if (!error) {
        error = check_object(databases, "databases");
    }
    json_object_foreach ((json_t *) remotes, name, value) {
        if (!error) {
            error = read_remote(name, value, &options);
        }
    }
    json_object_foreach ((json_t *) databases, name, value) {
        if (!error) {
            error = check_database(name, value);
        }
    }
    return error;
}

static void
keep_first(struct error **first, struct error *error)
{
    if (*first) {
        error_free(error);
    } else {
        *first = error;
    }
}

static void
apply_databases(struct server *server, const json_t *databases,
                struct error **first)
{
    struct served *served;
    const char *name;
    json_t *value;

    LIST_FOR_EACH_SAFE (served, node, &server->dbs) {
        if (served->log
            && !json_object_get(databases, dblog_path(served->log))) {
            server_remove_db(server, served);
        }
    }
    json_object_foreach ((json_t *) databases, name, value) {
        bool is_open = false;

        LIST_FOR_EACH (served, node, &server->dbs) {
            is_open = is_open || (served->log
                                  && !strcmp(dblog_path(served->log), name));
        }
        if (!is_open) {
            keep_first(first, server_add_db(server, name));
        }
    }
}

static void
apply_remotes(struct server *server, const json_t *remotes,
              struct error **first)
{
    const char *name;
    json_t *value;

    remotes_clear(server->remotes);
    json_object_foreach ((json_t *) remotes, name, value) {
        struct remote_options options;
        struct error *error = read_remote(name, value, &options);

        if (!error) {
            error = remotes_add(server->remotes, name, &options);
        }
        keep_first(first, error);
    }
    keep_first(first, remotes_reconfigure(server->remotes));
}

struct error *
config_file_load(struct server *server)
{
    struct error *first = NULL;
    json_error_t e;
    json_t *config = json_load_file(file_name, JSON_REJECT_DUPLICATES, &e);
    struct error *error;

    if (!config) {
        return error_create(0, "%s: line %d: %s", file_name, e.line, e.text);
    }
    error = error_wrap(check(config), "%s", file_name);
    if (!error) {
        apply_databases(server, json_object_get(config, "databases"), &first);
        apply_remotes(server, json_object_get(config, "remotes"), &first);
        error = error_wrap(first, "%s", file_name);
    }
    json_decref(config);
    return error;
}
