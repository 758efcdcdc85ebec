{{/*
The words after `churn`. `churn score --on-cluster` puts its own in their place. What is read and where answers go may be left to it; a Job
made without them fails at once and says so.
*/}}
{{- define "churn.scoringArguments" -}}
{{- $scoring := .Values.scoring -}}
- score
{{- if $scoring.input }}
- {{ $scoring.input | quote }}
- {{ $scoring.output | quote }}
{{- end }}
{{- with include "churn.scoringModelUri" . }}
- --model
- {{ . | quote }}
{{- end }}
- --shard
- {{ $scoring.shards | quote }}
- --format
- {{ $scoring.format }}
- --json
{{- end -}}

{{/* The model that scores: one of its own, else what the primary serves. */}}
{{- define "churn.scoringModelUri" -}}
{{- if .Values.scoring.modelUri -}}
{{- .Values.scoring.modelUri -}}
{{- else if .Values.primary.enabled -}}
{{- include "churn.modelUri" (dict "root" . "model" .Values.primary.model) -}}
{{- end -}}
{{- end -}}

{{/*
Spec of a scoring Job, a shard a pod. A shard that fails is tried again by itself, and one whose input is bad is given up, so that the others
end and only its answers are missing.
*/}}
{{- define "churn.scoringJobSpec" -}}
{{- $scoring := .Values.scoring -}}
completionMode: Indexed
completions: {{ $scoring.shards }}
parallelism: {{ min $scoring.parallelism $scoring.shards }}
backoffLimitPerIndex: {{ $scoring.backoffLimitPerShard }}
activeDeadlineSeconds: {{ $scoring.activeDeadlineSeconds }}
podFailurePolicy:
  rules:
    - action: FailIndex
      onExitCodes:
        containerName: scoring
        operator: In
        values: [2]
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
template:
  metadata:
    labels:
      {{- include "churn.podLabels" (dict "root" . "component" "scoring") | nindent 6 }}
    {{- with include "churn.podAnnotations" (dict "root" . "component" "scoring") }}
    {{- . | nindent 4 }}
    {{- end }}
  spec:
    {{- include "churn.podCommon" (dict "root" . "account" "scoring" "priority" "training") | nindent 4 }}
    restartPolicy: Never
    terminationGracePeriodSeconds: 30
    containers:
      - name: scoring
        image: {{ include "churn.image" (dict "root" . "image" .Values.training.image) }}
        imagePullPolicy: {{ .Values.image.pullPolicy }}
        args:
          {{- include "churn.scoringArguments" . | nindent 10 }}
        env:
          {{- include "churn.homeEnvironment" . | nindent 10 }}
          - name: CHURN_TERMINATION_LOG
            value: /dev/termination-log
          - name: CHURN_VERIFY_KEY
            value: /etc/churn/verify/verify.pem
          {{- include "churn.s3Environment" (dict "root" . "secret" (include "churn.s3ScoringName" .)) | nindent 10 }}
        resources:
          {{- toYaml $scoring.resources | nindent 10 }}
        securityContext:
          {{- include "churn.containerSecurityContext" . | nindent 10 }}
        terminationMessagePolicy: FallbackToLogsOnError
        volumeMounts:
          {{- include "churn.tmpMount" . | nindent 10 }}
          {{- with include "churn.authoritiesMount" . }}
          {{- . | nindent 10 }}
          {{- end }}
          {{- include "churn.verifyKeyMount" . | nindent 10 }}
    volumes:
      {{- include "churn.tmpVolume" (dict "root" . "size" $scoring.tmpSizeLimit) | nindent 6 }}
      {{- with include "churn.authoritiesVolume" . }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- include "churn.verifyKeyVolume" . | nindent 6 }}
{{- end -}}
