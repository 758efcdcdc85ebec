"""Who may see and do what: signing in, sessions that end, roles, limits, headers, and the trail of what was done."""
