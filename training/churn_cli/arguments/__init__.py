"""The arguments of each command. Every start of `churn` reads them, so they import nothing that a command runs."""
