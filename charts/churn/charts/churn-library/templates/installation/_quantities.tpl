{{/* Kubernetes' quantities as whole numbers that templates can add. Argument of each: a quantity, text or number. */}}

{{- define "churn.millicores" -}}
{{- $text := toString . -}}
{{- if hasSuffix "m" $text -}}
{{- trimSuffix "m" $text | float64 | ceil | int64 -}}
{{- else -}}
{{- mulf 1000 ($text | float64) | ceil | int64 -}}
{{- end -}}
{{- end -}}

{{- define "churn.mebibytes" -}}
{{- $text := toString . -}}
{{- $factors := dict "Ki" 0.0009765625 "Mi" 1.0 "Gi" 1024.0 "Ti" 1048576.0 "Pi" 1073741824.0
  "k" 0.00095367431640625 "M" 0.95367431640625 "G" 953.67431640625 "T" 953674.31640625 "P" 953674316.40625 -}}
{{- $suffix := regexFind "[A-Za-z]+$" $text -}}
{{- if hasKey $factors $suffix -}}
{{- mulf (get $factors $suffix) (trimSuffix $suffix $text | float64) | ceil | int64 -}}
{{- else if eq $suffix "m" -}}
{{- divf (trimSuffix "m" $text | float64) 1048576000 | ceil | int64 -}}
{{- else -}}
{{- divf ($text | float64) 1048576 | ceil | int64 -}}
{{- end -}}
{{- end -}}
