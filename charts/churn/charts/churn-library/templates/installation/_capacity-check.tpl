{{/*
Whether the nodes have room for what the pods ask for, seen with the eyes of whoever installs; a rendering without a cluster sees no nodes
and says nothing. Nodes are filled one after another, largest pod first, as an estimate of what the scheduler will find.
*/}}
{{- define "churn.checkCapacity" -}}
{{- if and .Values.installation.checkCapacity .Release.IsInstall -}}
{{- $nodes := include "churn.nodes" . | fromJsonArray -}}
{{- /* In a large cluster somebody else sees to it, and all its pods are a lot to read. */ -}}
{{- if and $nodes (le (len $nodes) 50) -}}
{{- $demand := include "churn.demand" . | fromJsonArray -}}
{{- $free := include "churn.freeRoom" $nodes -}}
{{- $left := include "churn.unplaced" (dict "demand" $demand "nodes" (fromJsonArray $free)) | fromJsonArray -}}
{{- if $left -}}
{{- include "churn.refuseForRoom" (dict "demand" $demand "left" $left "nodes" (fromJsonArray $free)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What each pod asks for at least: JSON list of name, cpu (millicores) and memory (mebibytes), a pod each. */}}
{{- define "churn.demand" -}}
{{- $values := .Values -}}
{{- $parts := list (dict "name" "set-up" "count" 1 "resources" $values.setupResources) -}}
{{- range tuple "gateway" "primary" "fallback" -}}
  {{- if (index $values .).enabled -}}
    {{- $count := include "churn.minReplicas" (dict "root" $ "component" .) | int -}}
    {{- $sidecar := dict -}}
    {{- if and (eq . "gateway") (include "churn.predictionLogEnabled" $) -}}{{- $sidecar = $values.gateway.predictionLog.resources.requests -}}{{- end -}}
    {{- $parts = append $parts (dict "name" . "count" $count "resources" (index $values .).resources "sidecar" $sidecar "part" "serving") -}}
  {{- end -}}
{{- end -}}
{{- if include "churn.canaryServiceEnabled" . -}}
  {{- $resources := mergeOverwrite (deepCopy $values.primary.resources) $values.canary.resources -}}
  {{- $parts = append $parts (dict "name" "canary" "count" (include "churn.canaryReplicas" . | int) "resources" $resources "part" "serving") -}}
{{- end -}}
{{- range tuple (list "mlflow" "mlflow") (list "object storage" "objectStorage") -}}
  {{- $part := index $values (last .) -}}
  {{- if $part.enabled -}}{{- $parts = append $parts (dict "name" (first .) "count" 1 "resources" $part.resources "part" "registry") -}}{{- end -}}
{{- end -}}
{{- if $values.monitoring.drift.enabled -}}
  {{- $parts = append $parts (dict "name" "drift" "count" 1 "resources" $values.monitoring.drift.resources "part" "monitoring") -}}
{{- end -}}
{{- if $values.monitoring.outcomes.enabled -}}
  {{- $parts = append $parts (dict "name" "outcomes" "count" 1 "resources" $values.monitoring.outcomes.showResources "part" "monitoring") -}}
{{- end -}}
{{- $development := $values.monitoring.development -}}
{{- if $development.enabled -}}
  {{- range tuple "prometheus" "alertmanager" -}}
    {{- $parts = append $parts (dict "name" . "count" 1 "resources" (index $development .).resources "part" "monitoring") -}}
  {{- end -}}
{{- end -}}
{{- if $values.training.runOnInstall -}}
  {{- $parts = append $parts (dict "name" "training" "count" 1 "resources" $values.training.resources "part" "training") -}}
{{- end -}}
{{- $pods := list -}}
{{- range $part := $parts -}}
  {{- $cpu := 0 -}}
  {{- $memory := 0 -}}
  {{- range tuple $part.resources.requests ($part.sidecar | default dict) -}}
    {{- $cpu = add $cpu (include "churn.millicores" (.cpu | default 0) | int) -}}
    {{- $memory = add $memory (include "churn.mebibytes" (.memory | default 0) | int) -}}
  {{- end -}}
  {{- $here := or (not $part.part) (include "churn.holds" (dict "root" $ "part" $part.part)) -}}
  {{- range until (ternary $part.count 0 (not (empty $here))) -}}
    {{- $pods = append $pods (dict "name" $part.name "cpu" $cpu "memory" $memory) -}}
  {{- end -}}
{{- end -}}
{{- toJson $pods -}}
{{- end -}}

{{/* Nodes that would take a pod of the chart: JSON list of name, cpu and memory, as far as pods may have them. */}}
{{- define "churn.nodes" -}}
{{- $found := list -}}
{{- range $node := (lookup "v1" "Node" "" "").items -}}
  {{- if include "churn.nodeTakes" (dict "root" $ "node" $node) -}}
    {{- $cpu := include "churn.millicores" $node.status.allocatable.cpu | int -}}
    {{- $memory := include "churn.mebibytes" $node.status.allocatable.memory | int -}}
    {{- $found = append $found (dict "name" $node.metadata.name "cpu" $cpu "memory" $memory) -}}
  {{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* Arguments: root, node. */}}
{{- define "churn.nodeTakes" -}}
{{- $takes := not .node.spec.unschedulable -}}
{{- $labels := .node.metadata.labels | default dict -}}
{{- range $key, $value := .root.Values.nodeSelector -}}
  {{- if ne (get $labels $key | toString) $value -}}{{- $takes = false -}}{{- end -}}
{{- end -}}
{{- range $taint := .node.spec.taints -}}
  {{- $tolerated := eq $taint.effect "PreferNoSchedule" -}}
  {{- range $.root.Values.tolerations -}}
    {{- if or (not .key) (eq .key $taint.key) -}}{{- $tolerated = true -}}{{- end -}}
  {{- end -}}
  {{- if not $tolerated -}}{{- $takes = false -}}{{- end -}}
{{- end -}}
{{- if $takes -}}
true
{{- end -}}
{{- end -}}

{{/* The same nodes with what is left beside the pods on them; "of" keeps the whole. Argument: nodes. */}}
{{- define "churn.freeRoom" -}}
{{- $nodes := dict -}}
{{- $inOrder := list -}}
{{- range . -}}
  {{- $node := dict "name" .name "cpu" (int .cpu) "memory" (int .memory) "of" . -}}
  {{- $_ := set $nodes .name $node -}}
  {{- $inOrder = append $inOrder $node -}}
{{- end -}}
{{- range $pod := (lookup "v1" "Pod" "" "").items -}}
  {{- $node := get $nodes ($pod.spec.nodeName | default "") -}}
  {{- if and $node (not (has ($pod.status.phase | default "") (list "Succeeded" "Failed"))) -}}
    {{- $running := $pod.spec.containers -}}
    {{- range $pod.spec.initContainers -}}{{- if eq (.restartPolicy | default "") "Always" -}}{{- $running = append $running . -}}{{- end -}}{{- end -}}
    {{- range $running -}}
      {{- $requests := (.resources | default dict).requests | default dict -}}
      {{- $_ := set $node "cpu" (sub $node.cpu (include "churn.millicores" ($requests.cpu | default 0) | int)) -}}
      {{- $_ := set $node "memory" (sub $node.memory (include "churn.mebibytes" ($requests.memory | default 0) | int)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $inOrder -}}
{{- end -}}

{{/* Pods that find no node, as a JSON list of names. Arguments: demand, nodes. */}}
{{- define "churn.unplaced" -}}
{{- $nodes := .nodes -}}
{{- $bySize := list -}}
{{- range .demand -}}{{- $bySize = append $bySize (printf "%09d %09d %s" (int .cpu) (int .memory) .name) -}}{{- end -}}
{{- $left := list -}}
{{- range $pod := $bySize | sortAlpha | reverse -}}
  {{- $words := regexSplit " " $pod 3 -}}
  {{- $cpu := index $words 0 | float64 | int -}}
  {{- $memory := index $words 1 | float64 | int -}}
  {{- $placed := false -}}
  {{- range $node := $nodes -}}
    {{- if and (not $placed) (ge (int $node.cpu) $cpu) (ge (int $node.memory) $memory) -}}
      {{- $_ := set $node "cpu" (sub (int $node.cpu) $cpu) -}}
      {{- $_ := set $node "memory" (sub (int $node.memory) $memory) -}}
      {{- $placed = true -}}
    {{- end -}}
  {{- end -}}
  {{- if not $placed -}}{{- $left = append $left (index $words 2) -}}{{- end -}}
{{- end -}}
{{- toJson $left -}}
{{- end -}}

{{/* Arguments: demand, left (names of pods), nodes. */}}
{{- define "churn.refuseForRoom" -}}
{{- $sum := dict "cpu" 0 "memory" 0 -}}
{{- range .demand -}}
  {{- $_ := set $sum "cpu" (add $sum.cpu (int .cpu)) -}}
  {{- $_ := set $sum "memory" (add $sum.memory (int .memory)) -}}
{{- end -}}
{{- $lines := list (printf "installation.checkCapacity: the nodes have no room for %d of %d pods (%s)." (len .left) (len .demand)
  (.left | uniq | join ", ")) -}}
{{- $lines = append $lines (printf "All pods together ask for %s cores and %.1f GiB; free are" (divf $sum.cpu 1000 | toString) (divf $sum.memory 1024)) -}}
{{- range .nodes -}}
  {{- $cpu := printf "%s of %s cores" (divf .cpu 1000 | toString) (divf .of.cpu 1000 | toString) -}}
  {{- $lines = append $lines (printf "  %s: %s, %.1f of %.1f GiB" .name $cpu (divf .memory 1024) (divf .of.memory 1024)) -}}
{{- end -}}
{{- $lines = append $lines "Ask for less with --values charts/churn/presets/small.yaml, add nodes, or set installation.checkCapacity=false where nodes are added on demand." -}}
{{- fail (join "\n" $lines) -}}
{{- end -}}
