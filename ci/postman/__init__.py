"""The Postman collection as code: ``ci/generate-postman`` writes ``docs/postman`` from this.

A module a folder of the collection. It knows what callers may ask and nothing of how that is answered: every answer is
held, while a collection runs, against the gateway's own OpenAPI document (``scripts/hold_to_document.js``).
"""
