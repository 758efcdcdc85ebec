{{/* Where object storage and MLflow are, and how their clients are told. */}}

{{/* URL of the S3 endpoint; empty: AWS itself. */}}
{{- define "churn.s3Endpoint" -}}
{{- $external := .Values.objectStorage.external -}}
{{- if .Values.objectStorage.enabled -}}
{{- printf "http://%s-object-storage:9000" (include "churn.fullname" .) -}}
{{- else if $external.endpoint -}}
{{- printf "%s://%s" (ternary "https" "http" $external.useHttps) $external.endpoint -}}
{{- end -}}
{{- end -}}

{{/* Region, endpoint and keys of one consumer. Arguments: root, secret. */}}
{{- define "churn.s3Environment" -}}
- name: AWS_DEFAULT_REGION
  value: {{ .root.Values.objectStorage.external.region | quote }}
{{- with include "churn.s3Endpoint" .root }}
- name: AWS_ENDPOINT_URL_S3
  value: {{ . }}
- name: MLFLOW_S3_ENDPOINT_URL
  value: {{ . }}
{{- end }}
{{- with include "churn.authoritiesEnvironment" .root }}
{{ . }}
{{- end }}
- name: AWS_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: AWS_ACCESS_KEY_ID
- name: AWS_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: AWS_SECRET_ACCESS_KEY
{{- end -}}

{{- define "churn.trackingUri" -}}
{{- if .Values.mlflow.enabled -}}
{{- printf "http://%s-mlflow:5000" (include "churn.fullname" .) -}}
{{- else -}}
{{- .Values.mlflow.externalUri -}}
{{- end -}}
{{- end -}}

{{/* What names the image that brings the starter. A digest where there is one: images built again under an old tag have another. */}}
{{- define "churn.starterName" -}}
{{- with .Values.training.image.digest -}}
{{- trimPrefix "sha256:" . | trunc 16 -}}
{{- else -}}
{{- include "churn.imageTag" (dict "root" . "image" .Values.training.image) -}}
{{- end -}}
{{- end -}}

{{/* Where the model that ships with the images is put. */}}
{{- define "churn.starterUri" -}}
{{- printf "s3://%s/starter/%s/" .Values.objectStorage.buckets.models (include "churn.starterName" .) -}}
{{- end -}}

{{/* What KServe pulls: it matches names by their beginning, so that ".../m-1" would also bring ".../m-10". Arguments: root, model. */}}
{{- define "churn.modelUri" -}}
{{- if .model.uri -}}
{{- printf "%s/" (trimSuffix "/" .model.uri) -}}
{{- else -}}
{{- include "churn.starterUri" .root -}}
{{- end -}}
{{- end -}}

{{/* Whether the starter has to be uploaded to somebody else's object storage. */}}
{{- define "churn.storageSetupEnabled" -}}
{{- if or .Values.objectStorage.enabled (and .Values.primary.enabled (not .Values.primary.model.uri)) -}}
true
{{- end -}}
{{- end -}}

{{/* Whether this release does it: whoever holds the object storage, else whoever needs the starter. */}}
{{- define "churn.storageSetupHere" -}}
{{- if and (include "churn.storageSetupEnabled" .) (include "churn.holds" (dict "root" . "part" (ternary "registry" "serving" .Values.objectStorage.enabled))) -}}
true
{{- end -}}
{{- end -}}

{{- define "churn.authoritiesGiven" -}}
{{- if or .Values.certificateAuthorities.configMap .Values.certificateAuthorities.secret -}}
true
{{- end -}}
{{- end -}}

{{/* Each library has a variable of its own: botocore, requests (MLflow's client), and whatever asks OpenSSL (httpx). */}}
{{- define "churn.authoritiesEnvironment" -}}
{{- if include "churn.authoritiesGiven" . -}}
{{- $file := printf "/etc/churn/authorities/%s" .Values.certificateAuthorities.key -}}
- name: AWS_CA_BUNDLE
  value: {{ $file }}
- name: REQUESTS_CA_BUNDLE
  value: {{ $file }}
- name: SSL_CERT_FILE
  value: {{ $file }}
{{- end -}}
{{- end -}}

{{- define "churn.authoritiesMount" -}}
{{- if include "churn.authoritiesGiven" . -}}
- name: authorities
  mountPath: /etc/churn/authorities
  readOnly: true
{{- end -}}
{{- end -}}

{{- define "churn.authoritiesVolume" -}}
{{- $authorities := .Values.certificateAuthorities -}}
{{- if $authorities.configMap -}}
- name: authorities
  configMap:
    name: {{ $authorities.configMap }}
{{- else if $authorities.secret -}}
- name: authorities
  secret:
    secretName: {{ $authorities.secret }}
    defaultMode: 0440
{{- end -}}
{{- end -}}
