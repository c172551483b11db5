# SPDX-License-Identifier: Apache-2.0
"""What our programs in Python share."""
