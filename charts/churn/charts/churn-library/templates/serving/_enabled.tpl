{{- define "churn.canaryServiceEnabled" -}}
{{- if and .Values.canary.enabled (eq .Values.canary.target "inferenceservice") -}}
true
{{- end -}}
{{- end -}}

{{/* Whether anything runs on the ServingRuntime. */}}
{{- define "churn.predictorEnabled" -}}
{{- if or .Values.primary.enabled (include "churn.canaryServiceEnabled" .) -}}
true
{{- end -}}
{{- end -}}
