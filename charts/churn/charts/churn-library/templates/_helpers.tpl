{{/* Names, labels and images. Every helper takes what it needs in a dict; "root" is always the chart's own context. */}}

{{- define "churn.name" -}}
{{- .Values.nameOverride | default "churn" | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Prefix of every name: the release's own if it says churn already. Cut so that the longest suffix still fits 63 characters. */}}
{{- define "churn.fullname" -}}
{{- $name := include "churn.name" . -}}
{{- $instance := include "churn.instance" . -}}
{{- $long := ternary $instance (printf "%s-%s" $instance $name) (contains $name $instance) -}}
{{- .Values.fullnameOverride | default $long | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* What a selector may hold: never changes in the life of a release. Arguments: root, component (optional). */}}
{{- define "churn.selectorLabels" -}}
app.kubernetes.io/name: {{ include "churn.name" .root }}
app.kubernetes.io/instance: {{ include "churn.instance" .root }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* Labels of pods. No version among them: a new chart that changes nothing of a pod must not replace it. */}}
{{- define "churn.podLabels" -}}
{{ include "churn.selectorLabels" . }}
app.kubernetes.io/part-of: churn-serving
{{- end -}}

{{- define "churn.labels" -}}
{{ include "churn.podLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* Tag of an image of this project. Arguments: root, image. */}}
{{- define "churn.imageTag" -}}
{{- .image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion -}}
{{- end -}}

{{/* Reference of an image; a digest wins over a tag. Arguments: root, image. */}}
{{- define "churn.image" -}}
{{- $name := printf "%s/%s" (.image.registry | default .root.Values.image.registry) .image.repository -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (include "churn.imageTag" .) -}}
{{- end -}}
{{- end -}}

{{/* Name of a Secret or ConfigMap that the bootstrap Job makes, or of the one that is brought. Arguments: root, existing, suffix. */}}
{{- define "churn.secretName" -}}
{{- index .root.Values.secrets.existing .existing | default (printf "%s-%s" (include "churn.fullname" .root) .suffix) -}}
{{- end -}}

{{- define "churn.verifyKeyName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "verifyKey" "suffix" "verify-key") -}}
{{- end -}}

{{- define "churn.signingKeyName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "signingKey" "suffix" "signing-key") -}}
{{- end -}}

{{- define "churn.apiKeysName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "apiKeys" "suffix" "api-keys") -}}
{{- end -}}

{{- define "churn.initialApiKeyName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "apiKeyInitial" "suffix" "api-key-initial") -}}
{{- end -}}

{{- define "churn.objectStorageRootName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "objectStorageRoot" "suffix" "object-storage-root") -}}
{{- end -}}

{{- define "churn.objectStorageUsersName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "objectStorageUsers" "suffix" "object-storage-users") -}}
{{- end -}}

{{- define "churn.s3ServingName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "s3Serving" "suffix" "s3-serving") -}}
{{- end -}}

{{- define "churn.s3TrainingName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "s3Training" "suffix" "s3-training") -}}
{{- end -}}

{{/* Scoring reads and writes as training does, unless it has keys of its own. */}}
{{- define "churn.s3ScoringName" -}}
{{- .Values.secrets.existing.s3Scoring | default (include "churn.s3TrainingName" .) -}}
{{- end -}}

{{- define "churn.s3MlflowName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "s3Mlflow" "suffix" "s3-mlflow") -}}
{{- end -}}

{{- define "churn.s3PredictionLogName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "s3PredictionLog" "suffix" "s3-prediction-log") -}}
{{- end -}}

{{- define "churn.s3MonitoringName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "s3Monitoring" "suffix" "s3-monitoring") -}}
{{- end -}}

{{- define "churn.s3MarketingName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "s3Marketing" "suffix" "s3-marketing") -}}
{{- end -}}

{{- define "churn.predictionLogKeysName" -}}
{{- include "churn.secretName" (dict "root" . "existing" "predictionLogKeys" "suffix" "prediction-log-keys") -}}
{{- end -}}

{{/*
Two releases of one name in two namespaces must not fight for one cluster-wide PriorityClass. Its value can never be changed, so that another
value than the chart's own is another class. Arguments: root, class.
*/}}
{{- define "churn.priorityClassName" -}}
{{- $own := printf "%s-%s-%s" (include "churn.fullname" .root) .root.Release.Namespace (include "churn.own" (dict "root" .root "name" .class)) -}}
{{- $value := (index .root.Values.priorityClasses .class).value | int -}}
{{- if ne $value (get (dict "serving" 100000 "training" -1000) .class) -}}
{{- $own = printf "%s.%s%d" $own (ternary "minus" "" (lt $value 0)) (ternary (sub 0 $value) $value (lt $value 0)) -}}
{{- end -}}
{{- $given := (index .root.Values.priorityClasses .class).name -}}
{{- if $given -}}
{{- $given -}}
{{- else if .root.Values.priorityClasses.create -}}
{{- $own -}}
{{- end -}}
{{- end -}}

{{/* Whether the class of what can wait is made here: a pod that names a class which is not there is refused. */}}
{{- define "churn.trainingClassNeeded" -}}
{{- $trains := and (include "churn.holds" (dict "root" . "part" "training")) (or .Values.training.enabled .Values.scoring.enabled) -}}
{{- $reports := and (include "churn.holds" (dict "root" . "part" "monitoring")) .Values.monitoring.outcomes.enabled -}}
{{- if and (not .Values.priorityClasses.training.name) (or $trains $reports) -}}
true
{{- end -}}
{{- end -}}
