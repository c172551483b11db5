# SPDX-License-Identifier: Apache-2.0
"""A virtual network of namespaces on one machine, for trying things out."""
