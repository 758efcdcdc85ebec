"""Campaigns from a draft to what they have brought: terms, what they come to, who is frozen in which, results.

Decisions and statistics are those of `churn_campaigns`; here is who may have which customer, and what lasts. It must
not know pages.
"""
