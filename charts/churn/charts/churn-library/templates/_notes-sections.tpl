{{/* What people are told after an installation, a section each; the parts' charts tell theirs. */}}

{{- define "churn.notes.gateway" -}}
{{- $name := include "churn.fullname" . -}}
{{- $space := .Release.Namespace -}}
{{- if .Values.gateway.enabled }}

1. Does it answer, and by {{ ternary "the primary" "the fallback" .Values.primary.enabled }}?
   helm test -n {{ $space }} {{ .Release.Name }} --logs
   {{- if not (include "churn.firstAnswerEnabled" .) }}
   Nobody has waited for that yet (installation.waitForAnswer is false).
   {{- end }}

2. First request
   {{- if .Values.gateway.authentication.required }}
   KEY=$(kubectl -n {{ $space }} get secret {{ include "churn.initialApiKeyName" . }} -o jsonpath='{.data.key}' | base64 -d)
   {{- end }}
   {{- if .Values.gateway.ingress.enabled }}
   {{- $url := printf "%s://%s" (ternary "https" "http" (not (empty .Values.gateway.ingress.tls.secretName))) .Values.gateway.ingress.host }}
   {{- include "churn.notesRequest" (dict "root" . "url" $url) }}
   {{- else if and (eq .Values.gateway.service.type "NodePort") .Values.gateway.service.httpNodePort }}
   {{- include "churn.notesRequest" (dict "root" . "url" (printf "http://NODE:%v" .Values.gateway.service.httpNodePort)) }}
   {{- else }}
   kubectl -n {{ $space }} port-forward service/{{ $name }}-gateway 8080 &
   {{- include "churn.notesRequest" (dict "root" . "url" "http://127.0.0.1:8080") }}
   {{- end }}
   It names the features; POST /v1/predictions with {"customers": [{"customer_id": "1", "features": {...}}]} answers them. /docs shows the rest.
   {{- if not .Values.gateway.authentication.required }}
   WARNING: gateway.authentication.required is false. Whoever reaches the gateway may ask it.
   {{- end }}
   {{- if and .Values.gateway.ingress.enabled (not .Values.gateway.ingress.tls.secretName) }}
   WARNING: gateway.ingress.tls.secretName is empty. API keys and customers travel unencrypted unless something in front ends TLS.
   {{- end }}
{{- end }}
{{- end -}}

{{- define "churn.notes.training" -}}
{{- $name := include "churn.fullname" . -}}
{{- $space := .Release.Namespace -}}
{{- if .Values.training.enabled }}

3. Train on the cluster
   {{- if .Values.training.schedule }}
   It trains by itself ({{ .Values.training.schedule }} UTC). At once:
   {{- end }}
   churn train --on-cluster --namespace {{ $space }}{{ with .Values.training.data }} --data {{ . }}{{ end }}
   or without the command: kubectl -n {{ $space }} create job --from=cronjob/{{ $name }}-training {{ $name }}-training-now
   The last line of its log is JSON; "uri" is the folder of the new model, "digest" its digest.
{{- end }}
{{- end -}}

{{- define "churn.notes.scoring" -}}
{{- $space := .Release.Namespace -}}
{{- if .Values.scoring.enabled }}
   Score a folder of customers in object storage, a shard a pod:
   churn score s3://BUCKET/FOLDER/ {{ if .Values.objectStorage.enabled }}s3://{{ .Values.objectStorage.buckets.data }}/scores/NAME/{{ else }}s3://BUCKET/ANSWERS/{{ end }} --on-cluster --namespace {{ $space }}
{{- end }}
{{- end -}}

{{- define "churn.notes.primary" -}}
{{- $space := .Release.Namespace -}}
{{- if .Values.primary.enabled }}

4. Serve another model
   helm upgrade -n {{ $space }} {{ .Release.Name }} CHART --reset-then-reuse-values --set primary.model.uri=URI --set primary.model.digest=DIGEST
   or a share of customers first: --set canary.enabled=true --set canary.model.uri=URI --set gateway.canaryPercent=10
   Back: helm rollback -n {{ $space }} {{ .Release.Name }}
   {{- if not .Values.primary.model.uri }}
   NOTE: primary.model.uri is empty, so the starter model answers. It has learned from simulated customers; decide nothing by it.
   {{- end }}
{{- end }}
{{- end -}}

{{- define "churn.notes.monitoring" -}}
{{- $name := include "churn.fullname" . -}}
{{- $space := .Release.Namespace -}}
{{- if .Values.monitoring.development.enabled }}

5. What is measured and what is wrong
   kubectl -n {{ $space }} port-forward service/{{ $name }}-prometheus 9090 &
   kubectl -n {{ $space }} port-forward service/{{ $name }}-alertmanager 9093 &
   http://127.0.0.1:9090 shows who is read and every alert; http://127.0.0.1:9093/api/v2/alerts what is told.
{{- end }}
{{- end -}}

{{- define "churn.notes.marketing" -}}
{{- if .Values.marketing.enabled }}

6. The app for people: {{ .Values.marketing.publicUrl }}
   It shows the last whole run of scoring from {{ include "churn.marketingAnswers" . }}; what keeps one away:
   kubectl -n {{ .Release.Namespace }} logs deployment/{{ include "churn.fullname" . }}-marketing -c scores
   {{- if not (or .Values.marketing.ingress.enabled .Values.marketing.route.enabled) }}
   Nothing of this release leads there: have {{ .Values.marketing.publicUrl }} end TLS before service {{ include "churn.fullname" . }}-marketing, port 8085.
   {{- end }}
   {{- if and .Values.networkPolicy.enabled (not .Values.marketing.networkPolicy.from) }}
   NOTE: marketing.networkPolicy.from is empty, so nobody can reach it. Name the pods of your ingress controller.
   {{- end }}
{{- end }}
{{- end -}}

{{- define "churn.notes.autoscalers" -}}
{{- if include "churn.autoscalersAreBlind" . }}

WARNING: this cluster has no metrics API (metrics-server), so the autoscalers do nothing. Install one, or set autoscaling.enabled=false as
the preset small does.
{{- end }}
{{- end -}}

{{- define "churn.notes.secrets" -}}
{{- if not .Values.secrets.bootstrap }}

secrets.bootstrap is false: these must be there, or pods wait for them (kubectl describe pod):
   ConfigMap {{ include "churn.verifyKeyName" . }}
   {{- if and .Values.gateway.enabled .Values.gateway.authentication.required }}
   Secret {{ include "churn.apiKeysName" . }}
   {{- end }}
   {{- if .Values.training.enabled }}
   Secret {{ include "churn.signingKeyName" . }}
   {{- end }}
   {{- if include "churn.predictionLogEnabled" . }}
   Secret {{ include "churn.predictionLogKeysName" . }}
   {{- end }}
{{- end }}
{{- if or (not .Values.secrets.bootstrap) (not .Values.objectStorage.enabled) }}

Keys of object storage are yours; these Secrets must be there:
   {{- if include "churn.predictorEnabled" . }}
   Secret {{ include "churn.s3ServingName" . }} (with KServe's annotations)
   {{- end }}
   {{- if or .Values.training.enabled (include "churn.storageSetupEnabled" .) }}
   Secret {{ include "churn.s3TrainingName" . }}
   {{- end }}
   {{- if and .Values.scoring.enabled (or .Values.secrets.existing.s3Scoring (not .Values.training.enabled)) }}
   Secret {{ include "churn.s3ScoringName" . }}
   {{- end }}
   {{- if .Values.mlflow.enabled }}
   Secret {{ include "churn.s3MlflowName" . }}
   {{- end }}
   {{- if include "churn.predictionLogEnabled" . }}
   Secret {{ include "churn.s3PredictionLogName" . }}
   {{- end }}
   {{- if include "churn.looksBack" . }}
   Secret {{ include "churn.s3MonitoringName" . }}
   {{- end }}
   {{- if .Values.marketing.enabled }}
   Secret {{ include "churn.s3MarketingName" . }}
   {{- end }}
{{- end }}
{{- end -}}

{{/* Notes of a part's chart; sections are numbered where all are together. Arguments: root, sections. */}}
{{- define "churn.notesOfPart" -}}
{{- include "churn.complete" .root -}}
{{ .root.Chart.Name }} {{ .root.Chart.AppVersion }} is installed as "{{ .root.Release.Name }}" in namespace "{{ .root.Release.Namespace }}", for the family "{{ include "churn.instance" .root }}".
{{- range .sections }}
{{- regexReplaceAll "(?m)^[0-9]\\. " (include (printf "churn.notes.%s" .) $.root) "" }}
{{- end }}
{{- end -}}
