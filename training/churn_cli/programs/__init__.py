"""Programs that are no command of `churn`, each `python -m churn_cli.programs.NAME`: jobs of the chart, and studies."""
