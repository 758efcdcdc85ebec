{{/*
A chart of a part (churn-serving, ...) has the value `family`, the chart of all parts has not. Releases of one family in one namespace have
names and labels of their objects in common, as if they were one release, and so find each other; what each of them has to have for itself
(its keys' hook, its default deny) has the part in its name.
*/}}

{{/* Which part this release is; empty: all. */}}
{{- define "churn.part" -}}
{{- if hasKey .Values "family" -}}
{{- trimPrefix "churn-" .Chart.Name -}}
{{- end -}}
{{- end -}}

{{/* Whether this release holds a part. Arguments: root, part. */}}
{{- define "churn.holds" -}}
{{- if has (include "churn.part" .root) (list "" .part) -}}
true
{{- end -}}
{{- end -}}

{{/* What labels of the release's objects call it. */}}
{{- define "churn.instance" -}}
{{- .Values.family | default .Release.Name -}}
{{- end -}}

{{/* End of the name of something that each release of a family has for itself. Arguments: root, name. */}}
{{- define "churn.own" -}}
{{- with include "churn.part" .root }}{{ . }}-{{ end }}{{ .name -}}
{{- end -}}

{{/* The part that a component belongs to; empty: each has its own. */}}
{{- define "churn.partOf" -}}
{{- $component := . -}}
{{- $parts := dict "serving" (list "gateway" "primary" "canary" "fallback" "rollout" "test" "first-answer")
  "registry" (list "mlflow" "object-storage")
  "training" (list "training" "scoring")
  "marketing" (list "marketing")
  "monitoring" (list "drift" "outcomes" "outcomes-report" "prometheus" "alertmanager") -}}
{{- range $part, $components := $parts -}}
{{- if has $component $components -}}{{ $part }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* The values of a part's chart, with those of the rest of the family laid under them; harmless when done twice. */}}
{{- define "churn.complete" -}}
{{- with .Files.Get "files/elsewhere.yaml" -}}
{{- include "churn.layUnder" (dict "over" $.Values "under" (fromYaml .)) -}}
{{- end -}}
{{- end -}}

{{- define "churn.layUnder" -}}
{{- range $key, $value := .under -}}
{{- if not (hasKey $.over $key) -}}
{{- $_ := set $.over $key $value -}}
{{- else if and (kindIs "map" $value) (kindIs "map" (get $.over $key)) -}}
{{- include "churn.layUnder" (dict "over" (get $.over $key) "under" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* All objects of a part's chart. Arguments: root, objects (names of templates, without "churn."). */}}
{{- define "churn.objects" -}}
{{- include "churn.complete" .root -}}
{{- include "churn.validate" .root -}}
{{- range .objects }}
---
{{ include (printf "churn.%s" .) $.root }}
{{- end }}
{{- end -}}
