# SPDX-License-Identifier: Apache-2.0
"""What system and interop tests share: programs, processes, namespaces."""
