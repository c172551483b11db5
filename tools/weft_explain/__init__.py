# SPDX-License-Identifier: Apache-2.0
"""weft explain: which way a packet takes, and which rows are the reason."""
