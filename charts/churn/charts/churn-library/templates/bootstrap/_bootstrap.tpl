{{/* What the bootstrap Job has to make: everything that is used and not brought. A comma list; empty: nothing. */}}
{{- define "churn.bootstrapParts" -}}
{{- $existing := .Values.secrets.existing -}}
{{- $parts := list -}}
{{- if .Values.secrets.bootstrap -}}
{{- if not $existing.signingKey -}}{{- $parts = append $parts "signing" -}}{{- end -}}
{{- if not $existing.verifyKey -}}{{- $parts = append $parts "verify" -}}{{- end -}}
{{- if and .Values.gateway.enabled .Values.gateway.authentication.required (not $existing.apiKeys) -}}
{{- $parts = append $parts "api-keys" -}}
{{- end -}}
{{- if and .Values.objectStorage.enabled (not $existing.objectStorageUsers) -}}{{- $parts = append $parts "object-storage" -}}{{- end -}}
{{- if include "churn.predictionLogEnabled" . -}}
{{- if has "object-storage" $parts -}}{{- $parts = append $parts "prediction-log-user" -}}{{- end -}}
{{- if not $existing.predictionLogKeys -}}{{- $parts = append $parts "prediction-log-keys" -}}{{- end -}}
{{- if and (include "churn.looksBack" .) (has "object-storage" $parts) -}}{{- $parts = append $parts "monitoring-user" -}}{{- end -}}
{{- end -}}
{{- if and .Values.marketing.enabled (has "object-storage" $parts) -}}{{- $parts = append $parts "marketing-user" -}}{{- end -}}
{{- end -}}
{{- join "," $parts -}}
{{- end -}}

{{/* Names that the Job may read. */}}
{{- define "churn.bootstrapSecretNames" -}}
- {{ include "churn.signingKeyName" . }}
{{- range tuple "api-keys" "api-key-initial" "object-storage-root" "object-storage-users" "s3-serving" "s3-training" "s3-mlflow" }}
- {{ include "churn.fullname" $ }}-{{ . }}
{{- end }}
{{- if include "churn.predictionLogEnabled" . }}
{{- range tuple "s3-prediction-log" "prediction-log-keys" }}
- {{ include "churn.fullname" $ }}-{{ . }}
{{- end }}
{{- end }}
{{- if include "churn.looksBack" . }}
- {{ include "churn.fullname" . }}-s3-monitoring
{{- end }}
{{- if .Values.marketing.enabled }}
- {{ include "churn.fullname" . }}-s3-marketing
{{- end }}
{{- end -}}

{{/*
Annotations of a hook: there before the release, gone when all went well. Without hooks they are objects of the release like others, in waves
that Argo CD applies one after another. Arguments: root, weight.
*/}}
{{- define "churn.bootstrapHook" -}}
{{- if .root.Values.installation.hooks -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- else -}}
argocd.argoproj.io/sync-wave: {{ .weight | quote }}
{{- end -}}
{{- end -}}
