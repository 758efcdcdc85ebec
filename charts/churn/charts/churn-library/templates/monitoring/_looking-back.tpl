{{/* Who looks back at the prediction log: the drift watch, reports on outcomes, and what shows the last of them. */}}

{{- define "churn.looksBack" -}}
{{- if and (include "churn.predictionLogEnabled" .) (or .Values.monitoring.drift.enabled .Values.monitoring.outcomes.enabled) -}}
true
{{- end -}}
{{- end -}}

{{/* The model whose customers are watched: one that is named, else the primary's; as a folder of object storage, or empty. */}}
{{- define "churn.driftModelUri" -}}
{{- $uri := .Values.monitoring.drift.modelUri -}}
{{- if and (not $uri) .Values.primary.enabled -}}
{{- $uri = include "churn.modelUri" (dict "root" . "model" .Values.primary.model) -}}
{{- end -}}
{{- if hasPrefix "s3://" $uri -}}{{- $uri -}}{{- end -}}
{{- end -}}

{{/* The ConfigMap of the condition, and the account that writes it. */}}
{{- define "churn.driftName" -}}
{{- include "churn.fullname" . }}-drift
{{- end -}}

{{- define "churn.reportsFolder" -}}
{{- .Values.monitoring.outcomes.reports | default (printf "s3://%s/reports/" .Values.objectStorage.buckets.data) -}}
{{- end -}}

{{/* As training has it. */}}
{{- define "churn.usecaseArgument" -}}
{{- ternary "/etc/churn/usecase/usecase.yaml" .Values.training.usecase (not (empty .Values.training.usecaseFile)) -}}
{{- end -}}

{{/* Environment of all of them: last words, the log, the keys of who looks back. */}}
{{- define "churn.lookingBackEnvironment" -}}
{{- include "churn.homeEnvironment" . }}
- name: CHURN_TERMINATION_LOG
  value: /dev/termination-log
- name: CHURN_PREDICTION_LOG_STORE
  value: {{ include "churn.predictionLogStore" . | quote }}
{{ include "churn.s3Environment" (dict "root" . "secret" (include "churn.s3MonitoringName" .)) }}
{{- end -}}

{{/* Metrics answer from a process's first second to its last; what they say is for alerts to judge. */}}
{{- define "churn.metricsProbes" -}}
{{- include "churn.probes" (dict "live" "/metrics" "ready" "/metrics" "port" "metrics") -}}
{{- end -}}

{{/* The use case, for whoever joins outcomes by it. */}}
{{- define "churn.usecaseMount" -}}
{{- if .Values.training.usecaseFile -}}
- name: usecase
  mountPath: /etc/churn/usecase
  readOnly: true
{{- end -}}
{{- end -}}

{{- define "churn.usecaseVolume" -}}
{{- if .Values.training.usecaseFile -}}
- name: usecase
  configMap:
    name: {{ include "churn.usecaseName" . }}
{{- end -}}
{{- end -}}
