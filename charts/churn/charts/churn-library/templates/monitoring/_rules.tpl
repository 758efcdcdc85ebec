{{/* Names of all alerts in files/rules, as a JSON list. */}}
{{- define "churn.alertNames" -}}
{{- $names := list -}}
{{- $files := (index .Subcharts "churn-library").Files -}}
{{- range $path, $_ := $files.Glob "files/rules/*.yaml" -}}
{{- range ($files.Get $path | fromYaml).groups -}}
{{- range .rules -}}
{{- if .alert -}}{{- $names = append $names .alert -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $names | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* The groups of a file without the alerts that are left out, as a JSON list. Arguments: root, path. */}}
{{- define "churn.ruleGroups" -}}
{{- $groups := list -}}
{{- range $group := ((index .root.Subcharts "churn-library").Files.Get .path | fromYaml).groups -}}
{{- $rules := list -}}
{{- range $group.rules -}}
{{- if not (has (.alert | default "") $.root.Values.monitoring.prometheusRules.without) -}}{{- $rules = append $rules . -}}{{- end -}}
{{- end -}}
{{- if $rules -}}{{- $groups = append $groups (set (deepCopy $group) "rules" $rules) -}}{{- end -}}
{{- end -}}
{{- toJson $groups -}}
{{- end -}}
