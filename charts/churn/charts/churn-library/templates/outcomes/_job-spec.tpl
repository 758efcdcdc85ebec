{{/* A container of the report's pod. Arguments: root, name, words. */}}
{{- define "churn.outcomesContainer" -}}
{{- $outcomes := .root.Values.monitoring.outcomes -}}
- name: {{ .name }}
  image: {{ include "churn.image" (dict "root" .root "image" .root.Values.training.image) }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args:
    - outcomes
    {{- range .words }}
    - {{ . | quote }}
    {{- end }}
    - --usecase
    - {{ include "churn.usecaseArgument" .root }}
    - --memory
    - {{ $outcomes.memory }}
    - --json
  env:
    {{- include "churn.lookingBackEnvironment" .root | nindent 4 }}
    - name: CHURN_GATEWAY_PREDICTION_LOG_KEYS
      value: /etc/churn/prediction-log-keys/prediction-log.json
  resources:
    {{- toYaml $outcomes.resources | nindent 4 }}
  securityContext:
    {{- include "churn.containerSecurityContext" .root | nindent 4 }}
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    {{- include "churn.tmpMount" .root | nindent 4 }}
    {{- with include "churn.authoritiesMount" .root }}
    {{- . | nindent 4 }}
    {{- end }}
    - name: prediction-log-keys
      mountPath: /etc/churn/prediction-log-keys
      readOnly: true
    {{- include "churn.usecaseMount" .root | nindent 4 }}
{{- end -}}

{{/* Outcomes are loaded before the report, so that it knows them; a file that is none fails the Job, and the former report stays. */}}
{{- define "churn.outcomesJobSpec" -}}
{{- $outcomes := .Values.monitoring.outcomes -}}
backoffLimit: {{ $outcomes.backoffLimit }}
activeDeadlineSeconds: {{ $outcomes.activeDeadlineSeconds }}
podFailurePolicy:
  rules:
    # Of either container.
    - action: FailJob
      onExitCodes:
        operator: In
        values: [2]
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
template:
  metadata:
    labels:
      {{- include "churn.podLabels" (dict "root" . "component" "outcomes-report") | nindent 6 }}
    {{- with include "churn.podAnnotations" (dict "root" . "component" "outcomes-report") }}
    {{- . | nindent 4 }}
    {{- end }}
  spec:
    {{- include "churn.podCommon" (dict "root" . "account" "outcomes-report" "priority" "training") | nindent 4 }}
    restartPolicy: Never
    terminationGracePeriodSeconds: 30
    {{- if $outcomes.labels }}
    initContainers:
      {{- include "churn.outcomesContainer" (dict "root" . "name" "load" "words" (list "load" $outcomes.labels)) | nindent 6 }}
    {{- end }}
    containers:
      {{- $words := list "report" "--into" (include "churn.reportsFolder" .) }}
      {{- if $outcomes.horizon }}{{ $words = concat $words (list "--horizon" $outcomes.horizon) }}{{ end }}
      {{- if $outcomes.arms }}{{ $words = concat $words (list "--arms" $outcomes.arms) }}{{ end }}
      {{- include "churn.outcomesContainer" (dict "root" . "name" "report" "words" $words) | nindent 6 }}
    volumes:
      {{- include "churn.tmpVolume" (dict "root" . "size" $outcomes.tmpSizeLimit) | nindent 6 }}
      {{- with include "churn.authoritiesVolume" . }}
      {{- . | nindent 6 }}
      {{- end }}
      - name: prediction-log-keys
        secret:
          secretName: {{ include "churn.predictionLogKeysName" . }}
          defaultMode: 0440
      {{- include "churn.usecaseVolume" . | nindent 6 }}
{{- end -}}
