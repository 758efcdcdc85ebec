"""Grafana's dashboards as code: each module of a topic says which figures belong together and what they mean.

They are built by Grafana's own library (grafana-foundation-sdk) and committed as JSON, so that who installs them needs
neither Python nor this. Names of metrics and labels are telemetry's constants; what is in no process is asked of the
exporters in :mod:`ci.dashboards.cluster` alone. It must not know where a Prometheus or a Grafana runs.
"""
