{{/*
What primary and canary have in common. Arguments: root, component, model, resources, replicas (0: an autoscaler of ours decides).
Everything that a rollout depends on and changes often is here, so that one change of the ServingRuntime and one of the service are one rollout.
*/}}
{{- define "churn.inferenceService" -}}
{{- $root := .root -}}
{{- $serving := $root.Values.primary -}}
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {{ include "churn.fullname" $root }}-{{ .component }}
  # KServe hands these labels on to its pods, so none that changes with the chart alone is among them.
  labels:
    {{- include "churn.podLabels" . | nindent 4 }}
    app.kubernetes.io/managed-by: {{ $root.Release.Service }}
    networking.kserve.io/visibility: cluster-local
  annotations:
    serving.kserve.io/deploymentMode: Standard
    serving.kserve.io/autoscalerClass: {{ ternary "none" "external" (gt (int .replicas) 0) }}
spec:
  predictor:
    {{- with include "churn.podAnnotations" . }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- include "churn.podCommon" (dict "root" $root "account" "predictor" "priority" "serving") | nindent 4 }}
    {{- include "churn.topologySpread" . | nindent 4 }}
    {{- if gt (int .replicas) 0 }}
    minReplicas: {{ int .replicas }}
    maxReplicas: {{ int .replicas }}
    {{- end }}
    deploymentStrategy:
      type: RollingUpdate
      rollingUpdate:
        maxUnavailable: 0
        maxSurge: 1
    terminationGracePeriodSeconds: {{ include "churn.terminationGracePeriodSeconds" $serving }}
    {{- if not .model.uri }}
    initContainers:
      {{- include "churn.modelWait" $root | nindent 6 }}
    volumes:
      {{- include "churn.modelWaitVolume" $root | nindent 6 }}
    {{- end }}
    model:
      modelFormat:
        name: mlflow
        version: "3"
      protocolVersion: v2
      runtime: {{ include "churn.fullname" $root }}-predictor
      storageUri: {{ include "churn.modelUri" (dict "root" $root "model" .model) | quote }}
      image: {{ include "churn.image" (dict "root" $root "image" $serving.image) }}
      env:
        - name: CHURN_PREDICTOR_DIGEST
          value: {{ .model.digest | quote }}
      resources:
        {{- toYaml .resources | nindent 8 }}
{{- end -}}
