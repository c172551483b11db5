/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/ofperr.h"

#include <string.h>

#define NX 0x2320                /* Vendor ids of errors. */
#define ONF 0x4f4e4600
#define NONE { UINT32_MAX, 0, 0 }

/* Codes in OpenFlow 1.0, 1.1, ... 1.5.  Some version's number may stand for
 * two errors; the one that comes first in the table is decoded. */
static const struct {
    const char *name;
    struct ofperr_code codes[6];
} errors[OFPERR_N] = {
    [OFPERR_OK] = { "success", { NONE, NONE, NONE, NONE, NONE, NONE } },
    [OFPHFC_INCOMPATIBLE] = { "OFPHFC_INCOMPATIBLE", {
        { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 },
        { 0, 0, 0 } } },
    [OFPHFC_EPERM] = { "OFPHFC_EPERM", {
        { 0, 0, 1 }, { 0, 0, 1 }, { 0, 0, 1 }, { 0, 0, 1 }, { 0, 0, 1 },
        { 0, 0, 1 } } },
    [OFPBRC_BAD_VERSION] = { "OFPBRC_BAD_VERSION", {
        { 0, 1, 0 }, { 0, 1, 0 }, { 0, 1, 0 }, { 0, 1, 0 }, { 0, 1, 0 },
        { 0, 1, 0 } } },
    [OFPBRC_BAD_TYPE] = { "OFPBRC_BAD_TYPE", {
        { 0, 1, 1 }, { 0, 1, 1 }, { 0, 1, 1 }, { 0, 1, 1 }, { 0, 1, 1 },
        { 0, 1, 1 } } },
    [OFPBRC_BAD_STAT] = { "OFPBRC_BAD_STAT", {
        { 0, 1, 2 }, { 0, 1, 2 }, { 0, 1, 2 }, { 0, 1, 2 }, { 0, 1, 2 },
        { 0, 1, 2 } } },
    [OFPBRC_BAD_VENDOR] = { "OFPBRC_BAD_VENDOR", {
        { 0, 1, 3 }, { 0, 1, 3 }, { 0, 1, 3 }, { 0, 1, 3 }, { 0, 1, 3 },
        { 0, 1, 3 } } },
    [OFPBRC_BAD_SUBTYPE] = { "OFPBRC_BAD_SUBTYPE", {
        { 0, 1, 4 }, { 0, 1, 4 }, { 0, 1, 4 }, { 0, 1, 4 }, { 0, 1, 4 },
        { 0, 1, 4 } } },
    [OFPBRC_EPERM] = { "OFPBRC_EPERM", {
        { 0, 1, 5 }, { 0, 1, 5 }, { 0, 1, 5 }, { 0, 1, 5 }, { 0, 1, 5 },
        { 0, 1, 5 } } },
    [OFPBRC_BAD_LEN] = { "OFPBRC_BAD_LEN", {
        { 0, 1, 6 }, { 0, 1, 6 }, { 0, 1, 6 }, { 0, 1, 6 }, { 0, 1, 6 },
        { 0, 1, 6 } } },
    [OFPBRC_BUFFER_EMPTY] = { "OFPBRC_BUFFER_EMPTY", {
        { 0, 1, 7 }, { 0, 1, 7 }, { 0, 1, 7 }, { 0, 1, 7 }, { 0, 1, 7 },
        { 0, 1, 7 } } },
    [OFPBRC_BUFFER_UNKNOWN] = { "OFPBRC_BUFFER_UNKNOWN", {
        { 0, 1, 8 }, { 0, 1, 8 }, { 0, 1, 8 }, { 0, 1, 8 }, { 0, 1, 8 },
        { 0, 1, 8 } } },
    [OFPBRC_BAD_TABLE_ID] = { "OFPBRC_BAD_TABLE_ID", {
        { NX, 1, 512 }, { 0, 1, 9 }, { 0, 1, 9 }, { 0, 1, 9 }, { 0, 1, 9 },
        { 0, 1, 9 } } },
    [OFPBRC_IS_SECONDARY] = { "OFPBRC_IS_SECONDARY", {
        { 0, 1, 5 }, { 0, 1, 5 }, { 0, 1, 10 }, { 0, 1, 10 }, { 0, 1, 10 },
        { 0, 1, 10 } } },
    [OFPBRC_BAD_PORT] = { "OFPBRC_BAD_PORT", {
        { NX, 1, 514 }, { NX, 1, 514 }, { 0, 1, 11 }, { 0, 1, 11 },
        { 0, 1, 11 }, { 0, 1, 11 } } },
    [OFPBRC_BAD_PACKET] = { "OFPBRC_BAD_PACKET", {
        NONE, NONE, { 0, 1, 12 }, { 0, 1, 12 }, { 0, 1, 12 }, { 0, 1, 12 } } },
    [OFPBRC_MULTIPART_BUFFER_OVERFLOW] = { "OFPBRC_MULTIPART_BUFFER_OVERFLOW", {
        NONE, NONE, NONE, { 0, 1, 13 }, { 0, 1, 13 }, { 0, 1, 13 } } },
    [OFPBRC_MULTIPART_REQUEST_TIMEOUT] = { "OFPBRC_MULTIPART_REQUEST_TIMEOUT", {
        NONE, NONE, NONE, { ONF, 2640, 0 }, { 0, 1, 14 }, { 0, 1, 14 } } },
    [OFPBRC_MULTIPART_REPLY_TIMEOUT] = { "OFPBRC_MULTIPART_REPLY_TIMEOUT", {
        NONE, NONE, NONE, { ONF, 2641, 0 }, { 0, 1, 15 }, { 0, 1, 15 } } },
    [OFPBRC_MULTIPART_BAD_SCHED] = { "OFPBRC_MULTIPART_BAD_SCHED", {
        NONE, NONE, NONE, NONE, NONE, { 0, 1, 16 } } },
    [OFPBRC_PIPELINE_FIELDS_ONLY] = { "OFPBRC_PIPELINE_FIELDS_ONLY", {
        NONE, NONE, NONE, NONE, NONE, { 0, 1, 17 } } },
    [OFPBRC_UNKNOWN] = { "OFPBRC_UNKNOWN", {
        NONE, NONE, NONE, NONE, NONE, { 0, 1, 18 } } },
    [OFPBAC_BAD_TYPE] = { "OFPBAC_BAD_TYPE", {
        { 0, 2, 0 }, { 0, 2, 0 }, { 0, 2, 0 }, { 0, 2, 0 }, { 0, 2, 0 },
        { 0, 2, 0 } } },
    [OFPBAC_BAD_LEN] = { "OFPBAC_BAD_LEN", {
        { 0, 2, 1 }, { 0, 2, 1 }, { 0, 2, 1 }, { 0, 2, 1 }, { 0, 2, 1 },
        { 0, 2, 1 } } },
    [OFPBAC_BAD_VENDOR] = { "OFPBAC_BAD_VENDOR", {
        { 0, 2, 2 }, { 0, 2, 2 }, { 0, 2, 2 }, { 0, 2, 2 }, { 0, 2, 2 },
        { 0, 2, 2 } } },
    [OFPBAC_BAD_VENDOR_TYPE] = { "OFPBAC_BAD_VENDOR_TYPE", {
        { 0, 2, 3 }, { 0, 2, 3 }, { 0, 2, 3 }, { 0, 2, 3 }, { 0, 2, 3 },
        { 0, 2, 3 } } },
    [OFPBAC_BAD_OUT_PORT] = { "OFPBAC_BAD_OUT_PORT", {
        { 0, 2, 4 }, { 0, 2, 4 }, { 0, 2, 4 }, { 0, 2, 4 }, { 0, 2, 4 },
        { 0, 2, 4 } } },
    [OFPBAC_BAD_ARGUMENT] = { "OFPBAC_BAD_ARGUMENT", {
        { 0, 2, 5 }, { 0, 2, 5 }, { 0, 2, 5 }, { 0, 2, 5 }, { 0, 2, 5 },
        { 0, 2, 5 } } },
    [OFPBAC_EPERM] = { "OFPBAC_EPERM", {
        { 0, 2, 6 }, { 0, 2, 6 }, { 0, 2, 6 }, { 0, 2, 6 }, { 0, 2, 6 },
        { 0, 2, 6 } } },
    [OFPBAC_TOO_MANY] = { "OFPBAC_TOO_MANY", {
        { 0, 2, 7 }, { 0, 2, 7 }, { 0, 2, 7 }, { 0, 2, 7 }, { 0, 2, 7 },
        { 0, 2, 7 } } },
    [OFPBAC_BAD_QUEUE] = { "OFPBAC_BAD_QUEUE", {
        { 0, 2, 8 }, { 0, 2, 8 }, { 0, 2, 8 }, { 0, 2, 8 }, { 0, 2, 8 },
        { 0, 2, 8 } } },
    [OFPBAC_BAD_OUT_GROUP] = { "OFPBAC_BAD_OUT_GROUP", {
        { NX, 2, 9 }, { 0, 2, 9 }, { 0, 2, 9 }, { 0, 2, 9 }, { 0, 2, 9 },
        { 0, 2, 9 } } },
    [OFPBAC_MATCH_INCONSISTENT] = { "OFPBAC_MATCH_INCONSISTENT", {
        { NX, 1, 522 }, { 0, 2, 10 }, { 0, 2, 10 }, { 0, 2, 10 }, { 0, 2, 10 },
        { 0, 2, 10 } } },
    [OFPBAC_UNSUPPORTED_ORDER] = { "OFPBAC_UNSUPPORTED_ORDER", {
        NONE, { 0, 2, 11 }, { 0, 2, 11 }, { 0, 2, 11 }, { 0, 2, 11 },
        { 0, 2, 11 } } },
    [OFPBAC_BAD_TAG] = { "OFPBAC_BAD_TAG", {
        NONE, { 0, 2, 12 }, { 0, 2, 12 }, { 0, 2, 12 }, { 0, 2, 12 },
        { 0, 2, 12 } } },
    [OFPBAC_BAD_SET_TYPE] = { "OFPBAC_BAD_SET_TYPE", {
        { NX, 1, 523 }, { NX, 1, 523 }, { 0, 2, 13 }, { 0, 2, 13 },
        { 0, 2, 13 }, { 0, 2, 13 } } },
    [OFPBAC_BAD_SET_LEN] = { "OFPBAC_BAD_SET_LEN", {
        { NX, 1, 524 }, { NX, 1, 524 }, { 0, 2, 14 }, { 0, 2, 14 },
        { 0, 2, 14 }, { 0, 2, 14 } } },
    [OFPBAC_BAD_SET_ARGUMENT] = { "OFPBAC_BAD_SET_ARGUMENT", {
        { NX, 1, 525 }, { NX, 1, 525 }, { 0, 2, 15 }, { 0, 2, 15 },
        { 0, 2, 15 }, { 0, 2, 15 } } },
    [OFPBAC_BAD_SET_MASK] = { "OFPBAC_BAD_SET_MASK", {
        NONE, NONE, NONE, { ONF, 4250, 0 }, { ONF, 4250, 0 }, { 0, 2, 16 } } },
    [OFPBAC_BAD_METER] = { "OFPBAC_BAD_METER", {
        NONE, NONE, NONE, NONE, NONE, { 0, 2, 17 } } },
    [OFPBIC_UNKNOWN_INST] = { "OFPBIC_UNKNOWN_INST", {
        NONE, { 0, 3, 0 }, { 0, 3, 0 }, { 0, 3, 0 }, { 0, 3, 0 },
        { 0, 3, 0 } } },
    [OFPBIC_UNSUP_INST] = { "OFPBIC_UNSUP_INST", {
        { NX, 2, 257 }, { 0, 3, 1 }, { 0, 3, 1 }, { 0, 3, 1 }, { 0, 3, 1 },
        { 0, 3, 1 } } },
    [OFPBIC_BAD_TABLE_ID] = { "OFPBIC_BAD_TABLE_ID", {
        NONE, { 0, 3, 2 }, { 0, 3, 2 }, { 0, 3, 2 }, { 0, 3, 2 },
        { 0, 3, 2 } } },
    [OFPBIC_UNSUP_METADATA] = { "OFPBIC_UNSUP_METADATA", {
        NONE, { 0, 3, 3 }, { 0, 3, 3 }, { 0, 3, 3 }, { 0, 3, 3 },
        { 0, 3, 3 } } },
    [OFPBIC_UNSUP_METADATA_MASK] = { "OFPBIC_UNSUP_METADATA_MASK", {
        NONE, { 0, 3, 4 }, { 0, 3, 4 }, { 0, 3, 4 }, { 0, 3, 4 },
        { 0, 3, 4 } } },
    [OFPBIC_BAD_EXPERIMENTER] = { "OFPBIC_BAD_EXPERIMENTER", {
        NONE, { 0, 3, 5 }, { 0, 3, 5 }, { 0, 3, 5 }, { 0, 3, 5 },
        { 0, 3, 5 } } },
    [OFPBIC_BAD_EXP_TYPE] = { "OFPBIC_BAD_EXP_TYPE", {
        NONE, { 0, 3, 5 }, { 0, 3, 6 }, { 0, 3, 6 }, { 0, 3, 6 },
        { 0, 3, 6 } } },
    [OFPBIC_BAD_LEN] = { "OFPBIC_BAD_LEN", {
        NONE, NONE, { 0, 3, 7 }, { 0, 3, 7 }, { 0, 3, 7 }, { 0, 3, 7 } } },
    [OFPBIC_EPERM] = { "OFPBIC_EPERM", {
        NONE, NONE, { 0, 3, 8 }, { 0, 3, 8 }, { 0, 3, 8 }, { 0, 3, 8 } } },
    [OFPBIC_DUP_INST] = { "OFPBIC_DUP_INST", {
        NONE, { NX, 3, 256 }, { ONF, 2600, 0 }, { ONF, 2600, 0 }, { 0, 3, 9 },
        { 0, 3, 9 } } },
    [OFPBMC_BAD_TYPE] = { "OFPBMC_BAD_TYPE", {
        NONE, { 0, 4, 0 }, { 0, 4, 0 }, { 0, 4, 0 }, { 0, 4, 0 },
        { 0, 4, 0 } } },
    [OFPBMC_BAD_LEN] = { "OFPBMC_BAD_LEN", {
        NONE, { 0, 4, 1 }, { 0, 4, 1 }, { 0, 4, 1 }, { 0, 4, 1 },
        { 0, 4, 1 } } },
    [OFPBMC_BAD_TAG] = { "OFPBMC_BAD_TAG", {
        NONE, { 0, 4, 2 }, { 0, 4, 2 }, { 0, 4, 2 }, { 0, 4, 2 },
        { 0, 4, 2 } } },
    [OFPBMC_BAD_DL_ADDR_MASK] = { "OFPBMC_BAD_DL_ADDR_MASK", {
        NONE, { 0, 4, 3 }, { 0, 4, 3 }, { 0, 4, 3 }, { 0, 4, 3 },
        { 0, 4, 3 } } },
    [OFPBMC_BAD_NW_ADDR_MASK] = { "OFPBMC_BAD_NW_ADDR_MASK", {
        NONE, { 0, 4, 4 }, { 0, 4, 4 }, { 0, 4, 4 }, { 0, 4, 4 },
        { 0, 4, 4 } } },
    [OFPBMC_BAD_WILDCARDS] = { "OFPBMC_BAD_WILDCARDS", {
        { NX, 1, 262 }, { 0, 4, 5 }, { 0, 4, 5 }, { 0, 4, 5 }, { 0, 4, 5 },
        { 0, 4, 5 } } },
    [OFPBMC_BAD_FIELD] = { "OFPBMC_BAD_FIELD", {
        { NX, 0, 263 }, { 0, 4, 6 }, { 0, 4, 6 }, { 0, 4, 6 }, { 0, 4, 6 },
        { 0, 4, 6 } } },
    [OFPBMC_BAD_VALUE] = { "OFPBMC_BAD_VALUE", {
        { NX, 1, 258 }, { 0, 4, 7 }, { 0, 4, 7 }, { 0, 4, 7 }, { 0, 4, 7 },
        { 0, 4, 7 } } },
    [OFPBMC_BAD_MASK] = { "OFPBMC_BAD_MASK", {
        { NX, 1, 259 }, { NX, 1, 259 }, { 0, 4, 8 }, { 0, 4, 8 }, { 0, 4, 8 },
        { 0, 4, 8 } } },
    [OFPBMC_BAD_PREREQ] = { "OFPBMC_BAD_PREREQ", {
        { NX, 1, 260 }, { NX, 1, 260 }, { 0, 4, 9 }, { 0, 4, 9 }, { 0, 4, 9 },
        { 0, 4, 9 } } },
    [OFPBMC_DUP_FIELD] = { "OFPBMC_DUP_FIELD", {
        { NX, 1, 261 }, { NX, 1, 261 }, { 0, 4, 10 }, { 0, 4, 10 },
        { 0, 4, 10 }, { 0, 4, 10 } } },
    [OFPBMC_EPERM] = { "OFPBMC_EPERM", {
        NONE, NONE, { 0, 4, 11 }, { 0, 4, 11 }, { 0, 4, 11 }, { 0, 4, 11 } } },
    [OFPFMFC_BAD_EMERG_TIMEOUT] = { "OFPFMFC_BAD_EMERG_TIMEOUT", {
        { 0, 3, 3 }, NONE, NONE, NONE, NONE, NONE } },
    [OFPFMFC_UNSUPPORTED] = { "OFPFMFC_UNSUPPORTED", {
        { 0, 3, 5 }, NONE, NONE, NONE, NONE, NONE } },
    [OFPFMFC_UNKNOWN] = { "OFPFMFC_UNKNOWN", {
        NONE, { 0, 5, 0 }, { 0, 5, 0 }, { 0, 5, 0 }, { 0, 5, 0 },
        { 0, 5, 0 } } },
    [OFPFMFC_TABLE_FULL] = { "OFPFMFC_TABLE_FULL", {
        { 0, 3, 0 }, { 0, 5, 1 }, { 0, 5, 1 }, { 0, 5, 1 }, { 0, 5, 1 },
        { 0, 5, 1 } } },
    [OFPFMFC_BAD_TABLE_ID] = { "OFPFMFC_BAD_TABLE_ID", {
        NONE, { 0, 5, 2 }, { 0, 5, 2 }, { 0, 5, 2 }, { 0, 5, 2 },
        { 0, 5, 2 } } },
    [OFPFMFC_OVERLAP] = { "OFPFMFC_OVERLAP", {
        { 0, 3, 1 }, { 0, 5, 3 }, { 0, 5, 3 }, { 0, 5, 3 }, { 0, 5, 3 },
        { 0, 5, 3 } } },
    [OFPFMFC_EPERM] = { "OFPFMFC_EPERM", {
        { 0, 3, 2 }, { 0, 5, 4 }, { 0, 5, 4 }, { 0, 5, 4 }, { 0, 5, 4 },
        { 0, 5, 4 } } },
    [OFPFMFC_BAD_TIMEOUT] = { "OFPFMFC_BAD_TIMEOUT", {
        NONE, { 0, 5, 5 }, { 0, 5, 5 }, { 0, 5, 5 }, { 0, 5, 5 },
        { 0, 5, 5 } } },
    [OFPFMFC_BAD_COMMAND] = { "OFPFMFC_BAD_COMMAND", {
        { 0, 3, 4 }, { 0, 5, 6 }, { 0, 5, 6 }, { 0, 5, 6 }, { 0, 5, 6 },
        { 0, 5, 6 } } },
    [OFPFMFC_BAD_FLAGS] = { "OFPFMFC_BAD_FLAGS", {
        { NX, 3, 258 }, { NX, 5, 258 }, { 0, 5, 7 }, { 0, 5, 7 }, { 0, 5, 7 },
        { 0, 5, 7 } } },
    [OFPFMFC_CANT_SYNC] = { "OFPFMFC_CANT_SYNC", {
        NONE, NONE, NONE, NONE, { 0, 5, 8 }, { 0, 5, 8 } } },
    [OFPFMFC_BAD_PRIORITY] = { "OFPFMFC_BAD_PRIORITY", {
        NONE, NONE, NONE, { ONF, 2360, 0 }, { 0, 5, 9 }, { 0, 5, 9 } } },
    [OFPFMFC_IS_SYNC] = { "OFPFMFC_IS_SYNC", {
        NONE, NONE, NONE, NONE, { 0, 5, 10 }, { 0, 5, 10 } } },
    [OFPGMFC_GROUP_EXISTS] = { "OFPGMFC_GROUP_EXISTS", {
        { NX, 6, 0 }, { 0, 6, 0 }, { 0, 6, 0 }, { 0, 6, 0 }, { 0, 6, 0 },
        { 0, 6, 0 } } },
    [OFPGMFC_INVALID_GROUP] = { "OFPGMFC_INVALID_GROUP", {
        { NX, 6, 1 }, { 0, 6, 1 }, { 0, 6, 1 }, { 0, 6, 1 }, { 0, 6, 1 },
        { 0, 6, 1 } } },
    [OFPGMFC_WEIGHT_UNSUPPORTED] = { "OFPGMFC_WEIGHT_UNSUPPORTED", {
        { NX, 6, 2 }, { 0, 6, 2 }, { 0, 6, 2 }, { 0, 6, 2 }, { 0, 6, 2 },
        { 0, 6, 2 } } },
    [OFPGMFC_OUT_OF_GROUPS] = { "OFPGMFC_OUT_OF_GROUPS", {
        { NX, 6, 3 }, { 0, 6, 3 }, { 0, 6, 3 }, { 0, 6, 3 }, { 0, 6, 3 },
        { 0, 6, 3 } } },
    [OFPGMFC_OUT_OF_BUCKETS] = { "OFPGMFC_OUT_OF_BUCKETS", {
        { NX, 6, 4 }, { 0, 6, 4 }, { 0, 6, 4 }, { 0, 6, 4 }, { 0, 6, 4 },
        { 0, 6, 4 } } },
    [OFPGMFC_CHAINING_UNSUPPORTED] = { "OFPGMFC_CHAINING_UNSUPPORTED", {
        { NX, 6, 5 }, { 0, 6, 5 }, { 0, 6, 5 }, { 0, 6, 5 }, { 0, 6, 5 },
        { 0, 6, 5 } } },
    [OFPGMFC_WATCH_UNSUPPORTED] = { "OFPGMFC_WATCH_UNSUPPORTED", {
        { NX, 6, 6 }, { 0, 6, 6 }, { 0, 6, 6 }, { 0, 6, 6 }, { 0, 6, 6 },
        { 0, 6, 6 } } },
    [OFPGMFC_LOOP] = { "OFPGMFC_LOOP", {
        { NX, 6, 7 }, { 0, 6, 7 }, { 0, 6, 7 }, { 0, 6, 7 }, { 0, 6, 7 },
        { 0, 6, 7 } } },
    [OFPGMFC_UNKNOWN_GROUP] = { "OFPGMFC_UNKNOWN_GROUP", {
        { NX, 6, 8 }, { 0, 6, 8 }, { 0, 6, 8 }, { 0, 6, 8 }, { 0, 6, 8 },
        { 0, 6, 8 } } },
    [OFPGMFC_CHAINED_GROUP] = { "OFPGMFC_CHAINED_GROUP", {
        { NX, 6, 9 }, NONE, { 0, 6, 9 }, { 0, 6, 9 }, { 0, 6, 9 },
        { 0, 6, 9 } } },
    [OFPGMFC_BAD_TYPE] = { "OFPGMFC_BAD_TYPE", {
        { NX, 6, 10 }, NONE, { 0, 6, 10 }, { 0, 6, 10 }, { 0, 6, 10 },
        { 0, 6, 10 } } },
    [OFPGMFC_BAD_COMMAND] = { "OFPGMFC_BAD_COMMAND", {
        { NX, 6, 11 }, NONE, { 0, 6, 11 }, { 0, 6, 11 }, { 0, 6, 11 },
        { 0, 6, 11 } } },
    [OFPGMFC_BAD_BUCKET] = { "OFPGMFC_BAD_BUCKET", {
        { NX, 6, 12 }, NONE, { 0, 6, 12 }, { 0, 6, 12 }, { 0, 6, 12 },
        { 0, 6, 12 } } },
    [OFPGMFC_BAD_WATCH] = { "OFPGMFC_BAD_WATCH", {
        { NX, 6, 13 }, NONE, { 0, 6, 13 }, { 0, 6, 13 }, { 0, 6, 13 },
        { 0, 6, 13 } } },
    [OFPGMFC_EPERM] = { "OFPGMFC_EPERM", {
        { NX, 6, 14 }, NONE, { 0, 6, 14 }, { 0, 6, 14 }, { 0, 6, 14 },
        { 0, 6, 14 } } },
    [OFPGMFC_UNKNOWN_BUCKET] = { "OFPGMFC_UNKNOWN_BUCKET", {
        { NX, 6, 15 }, NONE, NONE, NONE, NONE, { 0, 6, 15 } } },
    [OFPGMFC_BUCKET_EXISTS] = { "OFPGMFC_BUCKET_EXISTS", {
        { NX, 6, 16 }, NONE, NONE, NONE, NONE, { 0, 6, 16 } } },
    [OFPPMFC_BAD_PORT] = { "OFPPMFC_BAD_PORT", {
        { 0, 4, 0 }, { 0, 7, 0 }, { 0, 7, 0 }, { 0, 7, 0 }, { 0, 7, 0 },
        { 0, 7, 0 } } },
    [OFPPMFC_BAD_HW_ADDR] = { "OFPPMFC_BAD_HW_ADDR", {
        { 0, 4, 1 }, { 0, 7, 1 }, { 0, 7, 1 }, { 0, 7, 1 }, { 0, 7, 1 },
        { 0, 7, 1 } } },
    [OFPPMFC_BAD_CONFIG] = { "OFPPMFC_BAD_CONFIG", {
        NONE, { 0, 7, 2 }, { 0, 7, 2 }, { 0, 7, 2 }, { 0, 7, 2 },
        { 0, 7, 2 } } },
    [OFPPMFC_BAD_ADVERTISE] = { "OFPPMFC_BAD_ADVERTISE", {
        NONE, { 0, 7, 3 }, { 0, 7, 3 }, { 0, 7, 3 }, { 0, 7, 3 },
        { 0, 7, 3 } } },
    [OFPPMFC_EPERM] = { "OFPPMFC_EPERM", {
        NONE, NONE, { 0, 7, 4 }, { 0, 7, 4 }, { 0, 7, 4 }, { 0, 7, 4 } } },
    [OFPTMFC_BAD_TABLE] = { "OFPTMFC_BAD_TABLE", {
        NONE, { 0, 8, 0 }, { 0, 8, 0 }, { 0, 8, 0 }, { 0, 8, 0 },
        { 0, 8, 0 } } },
    [OFPTMFC_BAD_CONFIG] = { "OFPTMFC_BAD_CONFIG", {
        NONE, { 0, 8, 1 }, { 0, 8, 1 }, { 0, 8, 1 }, { 0, 8, 1 },
        { 0, 8, 1 } } },
    [OFPTMFC_EPERM] = { "OFPTMFC_EPERM", {
        NONE, NONE, { 0, 8, 2 }, { 0, 8, 2 }, { 0, 8, 2 }, { 0, 8, 2 } } },
    [OFPQOFC_BAD_PORT] = { "OFPQOFC_BAD_PORT", {
        { 0, 5, 0 }, { 0, 9, 0 }, { 0, 9, 0 }, { 0, 9, 0 }, { 0, 9, 0 },
        { 0, 9, 0 } } },
    [OFPQOFC_BAD_QUEUE] = { "OFPQOFC_BAD_QUEUE", {
        { 0, 5, 1 }, { 0, 9, 1 }, { 0, 9, 1 }, { 0, 9, 1 }, { 0, 9, 1 },
        { 0, 9, 1 } } },
    [OFPQOFC_EPERM] = { "OFPQOFC_EPERM", {
        { 0, 5, 2 }, { 0, 9, 2 }, { 0, 9, 2 }, { 0, 9, 2 }, { 0, 9, 2 },
        { 0, 9, 2 } } },
    [OFPSCFC_BAD_FLAGS] = { "OFPSCFC_BAD_FLAGS", {
        NONE, { 0, 10, 0 }, { 0, 10, 0 }, { 0, 10, 0 }, { 0, 10, 0 },
        { 0, 10, 0 } } },
    [OFPSCFC_BAD_LEN] = { "OFPSCFC_BAD_LEN", {
        NONE, { 0, 10, 1 }, { 0, 10, 1 }, { 0, 10, 1 }, { 0, 10, 1 },
        { 0, 10, 1 } } },
    [OFPSCFC_EPERM] = { "OFPSCFC_EPERM", {
        NONE, NONE, { 0, 10, 2 }, { 0, 10, 2 }, { 0, 10, 2 }, { 0, 10, 2 } } },
    [OFPRRFC_STALE] = { "OFPRRFC_STALE", {
        NONE, NONE, { 0, 11, 0 }, { 0, 11, 0 }, { 0, 11, 0 }, { 0, 11, 0 } } },
    [OFPRRFC_UNSUP] = { "OFPRRFC_UNSUP", {
        NONE, NONE, { 0, 11, 1 }, { 0, 11, 1 }, { 0, 11, 1 }, { 0, 11, 1 } } },
    [OFPRRFC_BAD_ROLE] = { "OFPRRFC_BAD_ROLE", {
        { NX, 1, 513 }, { NX, 1, 513 }, { 0, 11, 2 }, { 0, 11, 2 },
        { 0, 11, 2 }, { 0, 11, 2 } } },
    [OFPRRFC_ID_UNSUP] = { "OFPRRFC_ID_UNSUP", {
        NONE, NONE, NONE, NONE, NONE, { 0, 11, 3 } } },
    [OFPRRFC_ID_IN_USE] = { "OFPRRFC_ID_IN_USE", {
        NONE, NONE, NONE, NONE, NONE, { 0, 11, 4 } } },
    [OFPMMFC_UNKNOWN] = { "OFPMMFC_UNKNOWN", {
        NONE, NONE, NONE, { 0, 12, 0 }, { 0, 12, 0 }, { 0, 12, 0 } } },
    [OFPMMFC_METER_EXISTS] = { "OFPMMFC_METER_EXISTS", {
        NONE, NONE, NONE, { 0, 12, 1 }, { 0, 12, 1 }, { 0, 12, 1 } } },
    [OFPMMFC_INVALID_METER] = { "OFPMMFC_INVALID_METER", {
        NONE, NONE, NONE, { 0, 12, 2 }, { 0, 12, 2 }, { 0, 12, 2 } } },
    [OFPMMFC_UNKNOWN_METER] = { "OFPMMFC_UNKNOWN_METER", {
        NONE, NONE, NONE, { 0, 12, 3 }, { 0, 12, 3 }, { 0, 12, 3 } } },
    [OFPMMFC_BAD_COMMAND] = { "OFPMMFC_BAD_COMMAND", {
        NONE, NONE, NONE, { 0, 12, 4 }, { 0, 12, 4 }, { 0, 12, 4 } } },
    [OFPMMFC_BAD_FLAGS] = { "OFPMMFC_BAD_FLAGS", {
        NONE, NONE, NONE, { 0, 12, 5 }, { 0, 12, 5 }, { 0, 12, 5 } } },
    [OFPMMFC_BAD_RATE] = { "OFPMMFC_BAD_RATE", {
        NONE, NONE, NONE, { 0, 12, 6 }, { 0, 12, 6 }, { 0, 12, 6 } } },
    [OFPMMFC_BAD_BURST] = { "OFPMMFC_BAD_BURST", {
        NONE, NONE, NONE, { 0, 12, 7 }, { 0, 12, 7 }, { 0, 12, 7 } } },
    [OFPMMFC_BAD_BAND] = { "OFPMMFC_BAD_BAND", {
        NONE, NONE, NONE, { 0, 12, 8 }, { 0, 12, 8 }, { 0, 12, 8 } } },
    [OFPMMFC_BAD_BAND_VALUE] = { "OFPMMFC_BAD_BAND_VALUE", {
        NONE, NONE, NONE, { 0, 12, 9 }, { 0, 12, 9 }, { 0, 12, 9 } } },
    [OFPMMFC_OUT_OF_METERS] = { "OFPMMFC_OUT_OF_METERS", {
        NONE, NONE, NONE, { 0, 12, 10 }, { 0, 12, 10 }, { 0, 12, 10 } } },
    [OFPMMFC_OUT_OF_BANDS] = { "OFPMMFC_OUT_OF_BANDS", {
        NONE, NONE, NONE, { 0, 12, 11 }, { 0, 12, 11 }, { 0, 12, 11 } } },
    [OFPTFFC_BAD_TABLE] = { "OFPTFFC_BAD_TABLE", {
        NONE, NONE, NONE, { 0, 13, 0 }, { 0, 13, 0 }, { 0, 13, 0 } } },
    [OFPTFFC_BAD_METADATA] = { "OFPTFFC_BAD_METADATA", {
        NONE, NONE, NONE, { 0, 13, 1 }, { 0, 13, 1 }, { 0, 13, 1 } } },
    [OFPTFFC_EPERM] = { "OFPTFFC_EPERM", {
        NONE, NONE, NONE, { 0, 13, 5 }, { 0, 13, 5 }, { 0, 13, 5 } } },
    [OFPTFFC_BAD_CAPA] = { "OFPTFFC_BAD_CAPA", {
        NONE, NONE, NONE, NONE, NONE, { 0, 13, 6 } } },
    [OFPTFFC_BAD_MAX_ENT] = { "OFPTFFC_BAD_MAX_ENT", {
        NONE, NONE, NONE, NONE, NONE, { 0, 13, 7 } } },
    [OFPTFFC_BAD_FEATURES] = { "OFPTFFC_BAD_FEATURES", {
        NONE, NONE, NONE, NONE, NONE, { 0, 13, 8 } } },
    [OFPTFFC_BAD_COMMAND] = { "OFPTFFC_BAD_COMMAND", {
        NONE, NONE, NONE, NONE, NONE, { 0, 13, 9 } } },
    [OFPTFFC_TOO_MANY] = { "OFPTFFC_TOO_MANY", {
        NONE, NONE, NONE, NONE, NONE, { 0, 13, 10 } } },
    [OFPBPC_BAD_TYPE] = { "OFPBPC_BAD_TYPE", {
        { NX, 13, 2 }, { NX, 13, 2 }, { NX, 25, 0 }, { 0, 13, 2 },
        { 0, 14, 0 }, { 0, 14, 0 } } },
    [OFPBPC_BAD_LEN] = { "OFPBPC_BAD_LEN", {
        { NX, 13, 3 }, { NX, 13, 3 }, { NX, 26, 0 }, { 0, 13, 3 },
        { 0, 14, 1 }, { 0, 14, 1 } } },
    [OFPBPC_BAD_VALUE] = { "OFPBPC_BAD_VALUE", {
        { NX, 13, 4 }, { NX, 13, 4 }, { NX, 27, 0 }, { 0, 13, 4 },
        { 0, 14, 2 }, { 0, 14, 2 } } },
    [OFPBPC_TOO_MANY] = { "OFPBPC_TOO_MANY", {
        { NX, 14, 3 }, { NX, 14, 3 }, { NX, 28, 0 }, { ONF, 4443, 0 },
        { 0, 14, 3 }, { 0, 14, 3 } } },
    [OFPBPC_DUP_TYPE] = { "OFPBPC_DUP_TYPE", {
        { NX, 14, 4 }, { NX, 14, 4 }, { NX, 29, 0 }, { ONF, 4444, 0 },
        { 0, 14, 4 }, { 0, 14, 4 } } },
    [OFPBPC_BAD_EXPERIMENTER] = { "OFPBPC_BAD_EXPERIMENTER", {
        { NX, 14, 5 }, { NX, 14, 5 }, { NX, 30, 0 }, { ONF, 4445, 0 },
        { 0, 14, 5 }, { 0, 14, 5 } } },
    [OFPBPC_BAD_EXP_TYPE] = { "OFPBPC_BAD_EXP_TYPE", {
        { NX, 14, 6 }, { NX, 14, 6 }, { NX, 31, 0 }, { ONF, 4446, 0 },
        { 0, 14, 6 }, { 0, 14, 6 } } },
    [OFPBPC_BAD_EXP_VALUE] = { "OFPBPC_BAD_EXP_VALUE", {
        { NX, 14, 7 }, { NX, 14, 7 }, { NX, 32, 0 }, { ONF, 4447, 0 },
        { 0, 14, 7 }, { 0, 14, 7 } } },
    [OFPBPC_EPERM] = { "OFPBPC_EPERM", {
        { NX, 14, 8 }, { NX, 14, 8 }, { NX, 33, 0 }, { ONF, 4448, 0 },
        { 0, 14, 8 }, { 0, 14, 8 } } },
    [OFPACFC_INVALID] = { "OFPACFC_INVALID", {
        NONE, NONE, NONE, { ONF, 2370, 0 }, { 0, 15, 0 }, { 0, 15, 0 } } },
    [OFPACFC_UNSUPPORTED] = { "OFPACFC_UNSUPPORTED", {
        NONE, NONE, NONE, { ONF, 2371, 0 }, { 0, 15, 1 }, { 0, 15, 1 } } },
    [OFPACFC_EPERM] = { "OFPACFC_EPERM", {
        NONE, NONE, NONE, { ONF, 2372, 0 }, { 0, 15, 2 }, { 0, 15, 2 } } },
    [OFPMOFC_UNKNOWN] = { "OFPMOFC_UNKNOWN", {
        NONE, NONE, NONE, NONE, { 0, 16, 0 }, { 0, 16, 0 } } },
    [OFPMOFC_MONITOR_EXISTS] = { "OFPMOFC_MONITOR_EXISTS", {
        { NX, 1, 517 }, { NX, 1, 517 }, { NX, 6, 0 }, { NX, 6, 0 },
        { 0, 16, 1 }, { 0, 16, 1 } } },
    [OFPMOFC_INVALID_MONITOR] = { "OFPMOFC_INVALID_MONITOR", {
        NONE, NONE, NONE, NONE, { 0, 16, 2 }, { 0, 16, 2 } } },
    [OFPMOFC_UNKNOWN_MONITOR] = { "OFPMOFC_UNKNOWN_MONITOR", {
        { NX, 1, 519 }, { NX, 1, 519 }, { NX, 8, 0 }, { NX, 8, 0 },
        { 0, 16, 3 }, { 0, 16, 3 } } },
    [OFPMOFC_BAD_COMMAND] = { "OFPMOFC_BAD_COMMAND", {
        NONE, NONE, NONE, NONE, { 0, 16, 4 }, { 0, 16, 4 } } },
    [OFPMOFC_BAD_FLAGS] = { "OFPMOFC_BAD_FLAGS", {
        { NX, 1, 518 }, { NX, 1, 518 }, { NX, 7, 0 }, { NX, 7, 0 },
        { 0, 16, 5 }, { 0, 16, 5 } } },
    [OFPMOFC_BAD_TABLE_ID] = { "OFPMOFC_BAD_TABLE_ID", {
        NONE, NONE, NONE, NONE, { 0, 16, 6 }, { 0, 16, 6 } } },
    [OFPMOFC_BAD_OUT] = { "OFPMOFC_BAD_OUT", {
        NONE, NONE, NONE, NONE, { 0, 16, 7 }, { 0, 16, 7 } } },
    [OFPBFC_UNKNOWN] = { "OFPBFC_UNKNOWN", {
        NONE, NONE, NONE, { ONF, 2300, 0 }, { 0, 17, 0 }, { 0, 17, 0 } } },
    [OFPBFC_EPERM] = { "OFPBFC_EPERM", {
        NONE, NONE, NONE, { ONF, 2301, 0 }, { 0, 17, 1 }, { 0, 17, 1 } } },
    [OFPBFC_BAD_ID] = { "OFPBFC_BAD_ID", {
        NONE, NONE, NONE, { ONF, 2302, 0 }, { 0, 17, 2 }, { 0, 17, 2 } } },
    [OFPBFC_BUNDLE_EXIST] = { "OFPBFC_BUNDLE_EXIST", {
        NONE, NONE, NONE, { ONF, 2303, 0 }, { 0, 17, 3 }, { 0, 17, 3 } } },
    [OFPBFC_BUNDLE_CLOSED] = { "OFPBFC_BUNDLE_CLOSED", {
        NONE, NONE, NONE, { ONF, 2304, 0 }, { 0, 17, 4 }, { 0, 17, 4 } } },
    [OFPBFC_OUT_OF_BUNDLES] = { "OFPBFC_OUT_OF_BUNDLES", {
        NONE, NONE, NONE, { ONF, 2305, 0 }, { 0, 17, 5 }, { 0, 17, 5 } } },
    [OFPBFC_BAD_TYPE] = { "OFPBFC_BAD_TYPE", {
        NONE, NONE, NONE, { ONF, 2306, 0 }, { 0, 17, 6 }, { 0, 17, 6 } } },
    [OFPBFC_BAD_FLAGS] = { "OFPBFC_BAD_FLAGS", {
        NONE, NONE, NONE, { ONF, 2307, 0 }, { 0, 17, 7 }, { 0, 17, 7 } } },
    [OFPBFC_MSG_BAD_LEN] = { "OFPBFC_MSG_BAD_LEN", {
        NONE, NONE, NONE, { ONF, 2308, 0 }, { 0, 17, 8 }, { 0, 17, 8 } } },
    [OFPBFC_MSG_BAD_XID] = { "OFPBFC_MSG_BAD_XID", {
        NONE, NONE, NONE, { ONF, 2309, 0 }, { 0, 17, 9 }, { 0, 17, 9 } } },
    [OFPBFC_MSG_UNSUP] = { "OFPBFC_MSG_UNSUP", {
        NONE, NONE, NONE, { ONF, 2310, 0 }, { 0, 17, 10 }, { 0, 17, 10 } } },
    [OFPBFC_MSG_CONFLICT] = { "OFPBFC_MSG_CONFLICT", {
        NONE, NONE, NONE, { ONF, 2311, 0 }, { 0, 17, 11 }, { 0, 17, 11 } } },
    [OFPBFC_MSG_TOO_MANY] = { "OFPBFC_MSG_TOO_MANY", {
        NONE, NONE, NONE, { ONF, 2312, 0 }, { 0, 17, 12 }, { 0, 17, 12 } } },
    [OFPBFC_MSG_FAILED] = { "OFPBFC_MSG_FAILED", {
        NONE, NONE, NONE, { ONF, 2313, 0 }, { 0, 17, 13 }, { 0, 17, 13 } } },
    [OFPBFC_TIMEOUT] = { "OFPBFC_TIMEOUT", {
        NONE, NONE, NONE, { ONF, 2314, 0 }, { 0, 17, 14 }, { 0, 17, 14 } } },
    [OFPBFC_BUNDLE_IN_PROGRESS] = { "OFPBFC_BUNDLE_IN_PROGRESS", {
        NONE, NONE, NONE, { ONF, 2315, 0 }, { 0, 17, 15 }, { 0, 17, 15 } } },
    [OFPBFC_SCHED_NOT_SUPPORTED] = { "OFPBFC_SCHED_NOT_SUPPORTED", {
        NONE, NONE, NONE, NONE, NONE, { 0, 17, 16 } } },
    [OFPBFC_SCHED_FUTURE] = { "OFPBFC_SCHED_FUTURE", {
        NONE, NONE, NONE, NONE, NONE, { 0, 17, 17 } } },
    [OFPBFC_SCHED_PAST] = { "OFPBFC_SCHED_PAST", {
        NONE, NONE, NONE, NONE, NONE, { 0, 17, 18 } } },
    [OFPBFC_BAD_VERSION] = { "OFPBFC_BAD_VERSION", {
        NONE, NONE, NONE, NONE, { NX, 22, 0 }, { NX, 22, 0 } } },
    [NXBRC_NXM_INVALID] = { "NXBRC_NXM_INVALID", {
        { NX, 1, 256 }, { NX, 1, 256 }, { NX, 2, 0 }, { NX, 2, 0 },
        { NX, 2, 0 }, { NX, 2, 0 } } },
    [NXBRC_NXM_BAD_TYPE] = { "NXBRC_NXM_BAD_TYPE", {
        { NX, 1, 257 }, { NX, 1, 257 }, { NX, 3, 0 }, { NX, 3, 0 },
        { NX, 3, 0 }, { NX, 3, 0 } } },
    [NXBRC_MUST_BE_ZERO] = { "NXBRC_MUST_BE_ZERO", {
        { NX, 1, 515 }, { NX, 1, 515 }, { NX, 4, 0 }, { NX, 4, 0 },
        { NX, 4, 0 }, { NX, 4, 0 } } },
    [NXBRC_BAD_REASON] = { "NXBRC_BAD_REASON", {
        { NX, 1, 516 }, { NX, 1, 516 }, { NX, 5, 0 }, { NX, 5, 0 },
        { NX, 5, 0 }, { NX, 5, 0 } } },
    [NXBRC_FM_BAD_EVENT] = { "NXBRC_FM_BAD_EVENT", {
        { NX, 1, 520 }, { NX, 1, 520 }, { NX, 9, 0 }, { NX, 9, 0 },
        { NX, 9, 0 }, { NX, 9, 0 } } },
    [NXBRC_UNENCODABLE_ERROR] = { "NXBRC_UNENCODABLE_ERROR", {
        { NX, 1, 521 }, { NX, 1, 521 }, { NX, 10, 0 }, { NX, 10, 0 },
        { NX, 10, 0 }, { NX, 10, 0 } } },
    [NXBAC_MUST_BE_ZERO] = { "NXBAC_MUST_BE_ZERO", {
        { NX, 2, 256 }, { NX, 2, 256 }, { NX, 11, 0 }, { NX, 11, 0 },
        { NX, 11, 0 }, { NX, 11, 0 } } },
    [NXFMFC_HARDWARE] = { "NXFMFC_HARDWARE", {
        { NX, 5, 256 }, { NX, 5, 256 }, { NX, 12, 0 }, { NX, 12, 0 },
        { NX, 12, 0 }, { NX, 12, 0 } } },
    [NXFMFC_BAD_TABLE_ID] = { "NXFMFC_BAD_TABLE_ID", {
        { NX, 5, 257 }, { NX, 5, 257 }, { NX, 13, 0 }, { NX, 13, 0 },
        { NX, 13, 0 }, { NX, 13, 0 } } },
    [NXBAC_BAD_CONJUNCTION] = { "NXBAC_BAD_CONJUNCTION", {
        { NX, 2, 526 }, { NX, 2, 526 }, { NX, 15, 0 }, { NX, 15, 0 },
        { NX, 15, 0 }, { NX, 15, 0 } } },
    [NXTTMFC_BAD_COMMAND] = { "NXTTMFC_BAD_COMMAND", {
        { NX, 1, 527 }, { NX, 1, 527 }, { NX, 16, 0 }, { NX, 16, 0 },
        { NX, 16, 0 }, { NX, 16, 0 } } },
    [NXTTMFC_BAD_OPT_LEN] = { "NXTTMFC_BAD_OPT_LEN", {
        { NX, 1, 528 }, { NX, 1, 528 }, { NX, 17, 0 }, { NX, 17, 0 },
        { NX, 17, 0 }, { NX, 17, 0 } } },
    [NXTTMFC_BAD_FIELD_IDX] = { "NXTTMFC_BAD_FIELD_IDX", {
        { NX, 1, 529 }, { NX, 1, 529 }, { NX, 18, 0 }, { NX, 18, 0 },
        { NX, 18, 0 }, { NX, 18, 0 } } },
    [NXTTMFC_TABLE_FULL] = { "NXTTMFC_TABLE_FULL", {
        { NX, 1, 530 }, { NX, 1, 530 }, { NX, 19, 0 }, { NX, 19, 0 },
        { NX, 19, 0 }, { NX, 19, 0 } } },
    [NXTTMFC_ALREADY_MAPPED] = { "NXTTMFC_ALREADY_MAPPED", {
        { NX, 1, 531 }, { NX, 1, 531 }, { NX, 20, 0 }, { NX, 20, 0 },
        { NX, 20, 0 }, { NX, 20, 0 } } },
    [NXTTMFC_DUP_ENTRY] = { "NXTTMFC_DUP_ENTRY", {
        { NX, 1, 532 }, { NX, 1, 532 }, { NX, 21, 0 }, { NX, 21, 0 },
        { NX, 21, 0 }, { NX, 21, 0 } } },
    [NXQOFC_QUEUE_ERROR] = { "NXQOFC_QUEUE_ERROR", {
        NONE, NONE, NONE, NONE, { NX, 23, 0 }, { NX, 23, 0 } } },
    [NXR_NOT_SUPPORTED] = { "NXR_NOT_SUPPORTED", {
        { NX, 1, 533 }, { NX, 1, 533 }, { NX, 34, 0 }, { NX, 34, 0 },
        { NX, 34, 0 }, { NX, 34, 0 } } },
    [NXR_STALE] = { "NXR_STALE", {
        { NX, 1, 534 }, { NX, 1, 534 }, { NX, 35, 0 }, { NX, 35, 0 },
        { NX, 35, 0 }, { NX, 35, 0 } } },
    [NXST_NOT_CONFIGURED] = { "NXST_NOT_CONFIGURED", {
        { NX, 1, 535 }, { NX, 1, 535 }, { NX, 36, 0 }, { NX, 36, 0 },
        { NX, 36, 0 }, { NX, 36, 0 } } },
    [NXFMFC_INVALID_TLV_FIELD] = { "NXFMFC_INVALID_TLV_FIELD", {
        { NX, 1, 536 }, { NX, 1, 536 }, { NX, 37, 0 }, { NX, 37, 0 },
        { NX, 37, 0 }, { NX, 37, 0 } } },
    [NXTTMFC_INVALID_TLV_DEL] = { "NXTTMFC_INVALID_TLV_DEL", {
        { NX, 1, 537 }, { NX, 1, 537 }, { NX, 38, 0 }, { NX, 38, 0 },
        { NX, 38, 0 }, { NX, 38, 0 } } },
    [NXBAC_BAD_HEADER_TYPE] = { "NXBAC_BAD_HEADER_TYPE", {
        NONE, NONE, NONE, { NX, 39, 0 }, { NX, 39, 0 }, { NX, 39, 0 } } },
    [NXBAC_UNKNOWN_ED_PROP] = { "NXBAC_UNKNOWN_ED_PROP", {
        NONE, NONE, NONE, { NX, 40, 0 }, { NX, 40, 0 }, { NX, 40, 0 } } },
    [NXBAC_BAD_ED_PROP] = { "NXBAC_BAD_ED_PROP", {
        NONE, NONE, NONE, { NX, 41, 0 }, { NX, 41, 0 }, { NX, 41, 0 } } },
    [NXBAC_CT_DATAPATH_SUPPORT] = { "NXBAC_CT_DATAPATH_SUPPORT", {
        { NX, 1, 265 }, { NX, 1, 265 }, { NX, 42, 0 }, { NX, 42, 0 },
        { NX, 42, 0 }, { NX, 42, 0 } } },
    [NXBMC_CT_DATAPATH_SUPPORT] = { "NXBMC_CT_DATAPATH_SUPPORT", {
        { NX, 1, 264 }, { NX, 1, 264 }, { NX, 43, 0 }, { NX, 43, 0 },
        { NX, 43, 0 }, { NX, 43, 0 } } },
    [NXTFFC_DUP_TABLE] = { "NXTFFC_DUP_TABLE", {
        NONE, NONE, NONE, { NX, 44, 0 }, { NX, 44, 0 }, { NX, 44, 0 } } },
};

const char *
ofperr_name(enum ofperr error)
{
    return error < OFPERR_N ? errors[error].name : "unknown";
}

enum ofperr
ofperr_from_name(const char *name)
{
    for (unsigned int i = 1; i < OFPERR_N; i++) {
        if (!strcmp(errors[i].name, name)) {
            return i;
        }
    }
    return OFPERR_OK;
}

bool
ofperr_to_code(enum ofperr error, uint8_t version, struct ofperr_code *ret)
{
    const struct ofperr_code *code;

    if (error >= OFPERR_N || version < 1 || version > 6) {
        return false;
    }
    code = &errors[error].codes[version - 1];
    if (code->vendor == UINT32_MAX) {
        return false;
    }
    *ret = *code;
    return true;
}

enum ofperr
ofperr_from_code(uint8_t version, const struct ofperr_code *code)
{
    if (version < 1 || version > 6) {
        return OFPERR_OK;
    }
    for (unsigned int i = 1; i < OFPERR_N; i++) {
        const struct ofperr_code *c = &errors[i].codes[version - 1];

        if (c->vendor == code->vendor && c->type == code->type
            && c->code == code->code) {
            return i;
        }
    }
    return OFPERR_OK;
}
