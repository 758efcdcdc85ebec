{{/* Host headers that MLflow answers: its own Service under each of its names, and what values add. */}}
{{- define "churn.mlflowHosts" -}}
{{- $name := printf "%s-mlflow" (include "churn.fullname" .) -}}
{{- $space := .Release.Namespace -}}
{{- $hosts := list -}}
{{- range tuple $name (printf "%s.%s" $name $space) (printf "%s.%s.svc" $name $space) (printf "%s.%s.svc.cluster.local" $name $space) "localhost" -}}
{{- $hosts = append $hosts (printf "%s:5000" .) -}}
{{- end -}}
{{- concat $hosts .Values.mlflow.allowedHosts | join "," -}}
{{- end -}}
