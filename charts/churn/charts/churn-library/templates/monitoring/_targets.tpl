{{/*
What a Prometheus reads, whoever runs it: the pods of the release, at every port that has one of these names. PodMonitor and the development
Prometheus both ask here, so that they name the same targets.
*/}}
{{- define "churn.metricsPortNames" -}}
{{- $names := list "metrics" -}}
{{- if include "churn.predictionLogEnabled" . -}}{{- $names = append $names "log-metrics" -}}{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/*
The whole configuration of the development Prometheus. It finds pods by names, for which nobody needs rights at the API server: of a headless
Service every pod has one, at each port that it has.
*/}}
{{- define "churn.developmentPrometheusConfig" -}}
{{- $service := printf "%s-metrics" (include "churn.fullname" .) -}}
{{- $interval := .Values.monitoring.podMonitor.interval -}}
global:
  scrape_interval: {{ $interval }}
  evaluation_interval: {{ $interval }}
rule_files: [/etc/prometheus/rules/*.yaml]
alerting:
  alertmanagers:
    - static_configs:
        - targets: [{{ printf "%s-alertmanager:9093" (include "churn.fullname" .) | quote }}]
scrape_configs:
  # As Prometheus Operator names the job by the PodMonitor.
  - job_name: churn-serving
    dns_sd_configs:
      - names:
          {{- range include "churn.metricsPortNames" . | fromJsonArray }}
          - _{{ . }}._tcp.{{ $service }}
          {{- end }}
        refresh_interval: {{ $interval }}
    relabel_configs:
      # Such a name is made of the pod's address, which asks no name server and is what an instance is called elsewhere.
      - source_labels: [__address__]
        regex: (\d+)-(\d+)-(\d+)-(\d+)\..+:(\d+)
        replacement: $1.$2.$3.$4:$5
        target_label: __address__
      - source_labels: [__meta_dns_name]
        regex: _([a-z-]+)\..+
        target_label: endpoint
      - replacement: {{ .Release.Namespace }}
        target_label: namespace
{{- end -}}
