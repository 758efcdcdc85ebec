{{/*
How many pods a component needs so that the target rate never waits for a scale-up:
ceil(targetRequestsPerSecond / (headroom * measured)) + lostPods. Arguments: root, component (gateway, primary or fallback).
*/}}
{{- define "churn.minReplicas" -}}
{{- $capacity := .root.Values.capacity -}}
{{- $given := (index .root.Values .component).autoscaling.minReplicas -}}
{{- $usable := include "churn.usableRequestsPerSecond" . | float64 -}}
{{- if kindIs "invalid" $given -}}
{{- add (divf $capacity.targetRequestsPerSecond $usable | ceil | int) $capacity.lostPods -}}
{{- else -}}
{{- int $given -}}
{{- end -}}
{{- end -}}

{{/* Requests per second that one pod is planned for. */}}
{{- define "churn.usableRequestsPerSecond" -}}
{{- $capacity := .root.Values.capacity -}}
{{- $measured := index $capacity.measuredRequestsPerSecondPerPod .component -}}
{{- $usable := mulf $capacity.headroom $measured -}}
{{- if lt $usable 1.0 -}}
{{- $text := "capacity.measuredRequestsPerSecondPerPod.%s: with capacity.headroom %v a pod would be planned for %v requests per second, less than 1" -}}
{{- fail (printf $text .component $capacity.headroom $usable) -}}
{{- end -}}
{{- $usable -}}
{{- end -}}

{{- define "churn.maxReplicas" -}}
{{- $given := (index .root.Values .component).autoscaling.maxReplicas -}}
{{- $minimum := include "churn.minReplicas" . | int -}}
{{- $maximum := mul 3 $minimum | int -}}
{{- if not (kindIs "invalid" $given) -}}
{{- $maximum = int $given -}}
{{- end -}}
{{- if lt $maximum $minimum -}}
{{- fail (printf "%s.autoscaling.maxReplicas: %d is less than the %d pods that %s.autoscaling.minReplicas or capacity ask for"
  .component $maximum $minimum .component) -}}
{{- end -}}
{{- $maximum -}}
{{- end -}}

{{/* Fewest pods of the canary: at a share of 100 percent it takes the primary's load, so it has the primary's pods. */}}
{{- define "churn.canaryReplicas" -}}
{{- $given := .Values.canary.replicas -}}
{{- $primary := include "churn.minReplicas" (dict "root" . "component" "primary") | float64 -}}
{{- if kindIs "invalid" $given -}}
{{- max 1 (ceil (divf (mulf $primary (maxf .Values.gateway.canaryPercent .Values.gateway.canaryShadowPercent)) 100) | int) -}}
{{- else -}}
{{- int $given -}}
{{- end -}}
{{- end -}}

{{/* Whether the canary scales as the primary does. */}}
{{- define "churn.canaryAutoscaled" -}}
{{- if and (include "churn.canaryServiceEnabled" .) (kindIs "invalid" .Values.canary.replicas) .Values.primary.autoscaling.enabled -}}
true
{{- end -}}
{{- end -}}

{{/*
The chart's own autoscaler. KServe's would drop "behavior" and know no container metrics.
Arguments: root, component, target (Deployment), container; optional: as (the component that it scales like), minReplicas.
*/}}
{{- define "churn.horizontalPodAutoscaler" -}}
{{- $like := dict "root" .root "component" (.as | default .component) -}}
{{- $autoscaling := (index .root.Values $like.component).autoscaling -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "churn.fullname" .root }}-{{ .component }}
  labels:
    {{- include "churn.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .target }}
  minReplicas: {{ .minReplicas | default (include "churn.minReplicas" $like) }}
  maxReplicas: {{ include "churn.maxReplicas" $like }}
  metrics:
    # One container, not the pod's sum: a sidecar that idles must not hide a busy server.
    - type: ContainerResource
      containerResource:
        name: cpu
        container: {{ .container }}
        target:
          type: Utilization
          averageUtilization: {{ $autoscaling.cpuUtilization }}
  behavior:
    {{- toYaml (mergeOverwrite (deepCopy .root.Values.autoscalingBehavior) $autoscaling.behavior) | nindent 4 }}
{{- end -}}
