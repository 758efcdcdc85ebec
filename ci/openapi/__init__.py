"""The gateway's OpenAPI document as it is committed: what callers are promised."""
