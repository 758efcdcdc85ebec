{{/* One request for NOTES.txt. Arguments: root, url. */}}
{{- define "churn.notesRequest" }}
   curl{{ if .root.Values.gateway.authentication.required }} -H "Authorization: Bearer $KEY"{{ end }} {{ .url }}/v1/model
{{- end -}}
