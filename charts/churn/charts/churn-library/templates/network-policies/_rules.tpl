{{/*
Pieces of NetworkPolicies. A policy has rules of one direction only: kube-router keeps both directions of a policy in one chain, so that
"anybody may enter the gateway" would also let one gateway pod out to another.
*/}}

{{/* Head of a policy. Arguments: root, component, name (default: the component). */}}
{{- define "churn.networkPolicyHead" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "churn.fullname" .root }}-{{ .name | default .component }}
  labels:
    {{- include "churn.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "churn.selectorLabels" . | nindent 6 }}
{{- end -}}

{{/* One rule from or to pods of this release. Arguments: root, direction (from or to), components, ports. */}}
{{- define "churn.podRule" -}}
- {{ .direction }}:
    - podSelector:
        matchLabels:
          {{- include "churn.selectorLabels" (dict "root" .root) | nindent 10 }}
        matchExpressions:
          - key: app.kubernetes.io/component
            operator: In
            values: [{{ join ", " .components }}]
  ports:
    {{- range .ports }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- end -}}

{{/* Metrics, for whom values name and for the development Prometheus. Arguments: root, ports. */}}
{{- define "churn.monitoringRule" -}}
{{- with .root.Values.networkPolicy.monitoring.from }}
- from:
    {{- toYaml . | nindent 4 }}
  ports:
    {{- range $.ports }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- end }}
{{- if .root.Values.monitoring.development.enabled }}
{{ include "churn.podRule" (dict "root" .root "direction" "from" "components" (list "prometheus") "ports" .ports) }}
{{- end }}
{{- end -}}

{{- define "churn.dnsEgress" -}}
{{- $dns := .Values.networkPolicy.dns -}}
- ports:
    {{- range $port := $dns.ports }}
    {{- range tuple "UDP" "TCP" }}
    - port: {{ $port }}
      protocol: {{ . }}
    {{- end }}
    {{- end }}
  {{- with $dns.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Something outside the chart. Argument: {to, ports}. */}}
{{- define "churn.outsideEgress" -}}
- ports:
    {{- range .ports }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* To object storage, the chart's or another. */}}
{{- define "churn.objectStorageEgress" -}}
{{- if .Values.objectStorage.enabled -}}
{{- include "churn.podRule" (dict "root" . "direction" "to" "components" (list "object-storage") "ports" (list 9000)) }}
{{- else -}}
{{- include "churn.outsideEgress" .Values.networkPolicy.objectStorage }}
{{- end -}}
{{- end -}}
