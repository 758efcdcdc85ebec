{{/* One request for NOTES.txt. Arguments: root, url. */}}
{{- define "churn.notesRequest" }}
   curl{{ if .root.Values.gateway.authentication.required }} -H "Authorization: Bearer $KEY"{{ end }} {{ .url }}/v1/model
{{- end -}}

{{/* Whether autoscalers are asked for in a cluster that measures nothing; a rendering without a cluster does not know. */}}
{{- define "churn.autoscalersAreBlind" -}}
{{- $versions := .Capabilities.APIVersions -}}
{{- if and ($versions.Has "apiregistration.k8s.io/v1") (not ($versions.Has "metrics.k8s.io/v1beta1")) -}}
{{- range tuple "gateway" "primary" "fallback" -}}
{{- $part := index $.Values . -}}
{{- if and $part.enabled $part.autoscaling.enabled -}}
true
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
