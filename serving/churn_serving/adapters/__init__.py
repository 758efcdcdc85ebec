"""Vendors behind the core's ports: one module a vendor, and no decision in any of them."""
