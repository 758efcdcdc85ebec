{{/* Who answers, and how a gateway is told. */}}

{{- define "churn.primaryUrl" -}}
{{- include "churn.backendUrl" (dict "root" . "service" (printf "%s-primary-predictor" (include "churn.fullname" .)) "port" 80) -}}
{{- end -}}

{{- define "churn.fallbackUrl" -}}
{{- include "churn.backendUrl" (dict "root" . "service" (printf "%s-fallback" (include "churn.fullname" .)) "port" 8080) -}}
{{- end -}}

{{- define "churn.canaryUrl" -}}
{{- if eq .Values.canary.target "fallback" -}}
{{- include "churn.fallbackUrl" . -}}
{{- else -}}
{{- include "churn.backendUrl" (dict "root" . "service" (printf "%s-canary-predictor" (include "churn.fullname" .)) "port" 80) -}}
{{- end -}}
{{- end -}}

{{/* Without a primary the fallback takes its place, and nothing stands behind it. An empty address means there is none. */}}
{{- define "churn.gatewayEnvironment" -}}
- name: CHURN_GATEWAY_HOST
  value: 0.0.0.0
- name: CHURN_GATEWAY_HTTP_PORT
  value: "8080"
- name: CHURN_GATEWAY_GRPC_PORT
  value: "8081"
- name: CHURN_GATEWAY_METRICS_PORT
  value: "9090"
- name: CHURN_GATEWAY_PRIMARY_URL
  value: {{ ternary (include "churn.primaryUrl" .) (include "churn.fallbackUrl" .) .Values.primary.enabled }}
- name: CHURN_GATEWAY_FALLBACK_URL
  value: {{ ternary (include "churn.fallbackUrl" .) "" (and .Values.fallback.enabled .Values.primary.enabled) | quote }}
{{- if .Values.canary.enabled }}
- name: CHURN_GATEWAY_CANARY_URL
  value: {{ include "churn.canaryUrl" . }}
- name: CHURN_GATEWAY_CANARY_PERCENT_FILE
  value: /etc/churn/canary-weight/percent
{{- end }}
{{- if include "churn.backendsTls" . }}
- name: CHURN_GATEWAY_TLS_AUTHORITY
  value: /etc/churn/tls/{{ .Values.tls.backends.authorityKey }}
{{- end }}
{{- if .Values.gateway.lastKnownModel }}
- name: CHURN_GATEWAY_LAST_KNOWN_MODEL
  value: /etc/churn/last-known-model/description.json
{{- end }}
{{- if .Values.tracing.url }}
- name: CHURN_GATEWAY_TRACES_URL
  value: {{ .Values.tracing.url | quote }}
- name: CHURN_GATEWAY_TRACES_SHARE
  value: {{ .Values.tracing.share | quote }}
{{- end }}
{{- /* What gateways do of themselves is not said, so that one that is there already need not restart to hear it. */}}
{{- if ne (int .Values.gateway.requestLog.linesPerSecond) 1000 }}
- name: CHURN_GATEWAY_REQUEST_LOG_LINES_PER_SECOND
  value: {{ .Values.gateway.requestLog.linesPerSecond | int | quote }}
{{- end }}
- name: CHURN_GATEWAY_DRAIN_SECONDS
  value: {{ .Values.gateway.drainSeconds | quote }}
- name: CHURN_GATEWAY_STOP_SECONDS
  value: {{ .Values.gateway.stopSeconds | quote }}
{{- /* Connections live shorter than a leaving pod does, so that none is left when its ports close: what a gRPC server
has not read by then it cancels. */}}
- name: CHURN_GATEWAY_CONNECTION_SECONDS
  value: {{ maxf 1 (mulf 0.8 (addf .Values.gateway.preStopSeconds .Values.gateway.drainSeconds)) | quote }}
- name: CHURN_GATEWAY_AUTHENTICATION
  value: {{ ternary "required" "off" .Values.gateway.authentication.required | quote }}
{{- if .Values.gateway.authentication.required }}
- name: CHURN_GATEWAY_API_KEYS
  value: /etc/churn/api-keys/api-keys.json
{{- end }}
- name: CHURN_VERIFY_KEY
  value: /etc/churn/verify/verify.pem
{{- end -}}
