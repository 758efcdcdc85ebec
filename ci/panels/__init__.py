"""Pictures of dashboards: what Prometheus answered, drawn in a browser by Grafana's own libraries.

It must not know what dashboards show.
"""
