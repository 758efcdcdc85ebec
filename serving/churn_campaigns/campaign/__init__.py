"""Which customers get which action, under a budget and capacities."""
