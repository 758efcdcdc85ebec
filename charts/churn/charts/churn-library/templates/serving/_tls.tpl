{{/* TLS between the gateway and those it asks: who shows what, and whom the gateway believes. */}}

{{- define "churn.backendsTls" -}}
{{- if .Values.tls.backends.enabled -}}
true
{{- end -}}
{{- end -}}

{{/* Address of a backend's Service; over TLS by the name that no other namespace has. Arguments: root, service, port (80: none is said without TLS). */}}
{{- define "churn.backendUrl" -}}
{{- if include "churn.backendsTls" .root -}}
https://{{ .service }}.{{ .root.Release.Namespace }}.svc:{{ .port }}
{{- else -}}
http://{{ .service }}{{ if ne (int .port) 80 }}:{{ .port }}{{ end }}
{{- end -}}
{{- end -}}

{{/* Arguments: root, prefix (of the process's variables). */}}
{{- define "churn.certificateEnvironment" -}}
{{- if include "churn.backendsTls" .root -}}
- name: {{ .prefix }}_TLS_CERTIFICATE
  value: /etc/churn/tls/tls.crt
- name: {{ .prefix }}_TLS_KEY
  value: /etc/churn/tls/tls.key
{{- end -}}
{{- end -}}

{{/* The folder, not a file in it: only then a renewed certificate arrives without a restart. */}}
{{- define "churn.tlsMount" -}}
{{- if include "churn.backendsTls" . -}}
- name: tls
  mountPath: /etc/churn/tls
  readOnly: true
{{- end -}}
{{- end -}}

{{/* Only named keys: a Secret of cert-manager holds the authority beside the certificate, and its key. Arguments: root, secret, keys. */}}
{{- define "churn.tlsVolume" -}}
{{- if include "churn.backendsTls" .root -}}
- name: tls
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items:
      {{- range .keys }}
      - key: {{ . }}
        path: {{ . }}
      {{- end }}
{{- end -}}
{{- end -}}

{{- define "churn.validateTls" -}}
{{- $tls := .Values.tls.backends -}}
{{- $needed := dict -}}
{{- if include "churn.predictorEnabled" . }}{{ $_ := set $needed "primarySecret" "a certificate of primary and canary" }}{{ end -}}
{{- if .Values.fallback.enabled }}{{ $_ := set $needed "fallbackSecret" "a certificate of the fallback" }}{{ end -}}
{{- if .Values.gateway.enabled }}{{ $_ := set $needed "authoritySecret" "the authorities that the gateway believes" }}{{ end -}}
{{- range $key, $what := $needed -}}
{{- if and $tls.enabled (not (index $tls $key)) -}}
  {{- fail (printf "tls.backends.%s: needed, since tls.backends.enabled is true; name the Secret with %s" $key $what) -}}
{{- end -}}
{{- end -}}
{{- end -}}
