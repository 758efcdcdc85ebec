{{/* What asks for a training, as the drift watch and reports were told; Helm reads large numbers of a file as floats. */}}
{{- define "churn.retrainArguments" -}}
{{- $retrain := .Values.training.retrain -}}
{{- if $retrain.everyDays }}
- --every
- {{ $retrain.everyDays | int | quote }}
{{- end }}
- --labels
- {{ $retrain.labels | int | quote }}
- --cool-down
- {{ $retrain.coolDown | quote }}
- --false-alarms
- {{ .Values.monitoring.drift.falseAlarms | quote }}
- --tolerance
- {{ .Values.monitoring.drift.tolerance | quote }}
- --reports
- {{ include "churn.reportsFolder" . | quote }}
{{- if $retrain.window }}
- --window
- {{ $retrain.window | int | quote }}
- --memory
- 2GB
{{- with .Values.monitoring.outcomes.horizon }}
- --horizon
- {{ . | quote }}
{{- end }}
{{- range $retrain.arms }}
- --arms
- {{ . | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The words after `churn`. `churn train --on-cluster` puts its own in their place. */}}
{{- define "churn.trainingArguments" -}}
{{- $training := .Values.training -}}
- {{ ternary "retrain" "train" $training.retrain.enabled }}
- --usecase
- {{ ternary "/etc/churn/usecase/usecase.yaml" $training.usecase (not (empty $training.usecaseFile)) }}
{{- if $training.data }}
- --data
- {{ $training.data | quote }}
{{- else if $training.dataClaim.name }}
- --data
- {{ printf "/data/%s" $training.dataClaim.path | quote }}
{{- end }}
- --budget
- {{ $training.budget | quote }}
- --json
{{- if not $training.promote }}
- --no-promote
{{- end }}
{{- if $training.retrain.enabled }}
{{- include "churn.retrainArguments" . }}
{{- end }}
{{- end -}}

{{/* Spec of a training Job: the CronJob's template and the Job at install. */}}
{{- define "churn.trainingJobSpec" -}}
{{- $training := .Values.training -}}
backoffLimit: {{ $training.backoffLimit }}
activeDeadlineSeconds: {{ $training.activeDeadlineSeconds }}
{{ include "churn.podFailurePolicy" (dict "container" "training") }}
template:
  metadata:
    labels:
      {{- include "churn.podLabels" (dict "root" . "component" "training") | nindent 6 }}
    {{- with include "churn.podAnnotations" (dict "root" . "component" "training") }}
    {{- . | nindent 4 }}
    {{- end }}
  spec:
    {{- include "churn.podCommon" (dict "root" . "account" "training" "priority" "training") | nindent 4 }}
    restartPolicy: Never
    terminationGracePeriodSeconds: 30
    containers:
      - name: training
        image: {{ include "churn.image" (dict "root" . "image" $training.image) }}
        imagePullPolicy: {{ .Values.image.pullPolicy }}
        args:
          {{- include "churn.trainingArguments" . | nindent 10 }}
        env:
          {{- include "churn.homeEnvironment" . | nindent 10 }}
          - name: CHURN_TERMINATION_LOG
            value: /dev/termination-log
          # A retry finds, and closes, what a killed try of the same Job left open.
          - name: CHURN_JOB_NAME
            valueFrom:
              fieldRef:
                fieldPath: metadata.labels['batch.kubernetes.io/job-name']
          - name: CHURN_POD_NAME
            valueFrom:
              fieldRef:
                fieldPath: metadata.name
          - name: CHURN_TRACKING_URI
            value: {{ include "churn.trackingUri" . | quote }}
          {{- if $training.retrain.enabled }}
          - name: CHURN_PREDICTION_LOG_STORE
            value: {{ include "churn.predictionLogStore" . | quote }}
          {{- end }}
          {{- if $training.retrain.arms }}
          - name: CHURN_GATEWAY_PREDICTION_LOG_KEYS
            value: /etc/churn/prediction-log-keys/prediction-log.json
          {{- end }}
          - name: CHURN_SIGNING_KEY
            value: /etc/churn/signing/signing.pem
          - name: CHURN_VERIFY_KEY
            value: /etc/churn/verify/verify.pem
          {{- include "churn.s3Environment" (dict "root" . "secret" (include "churn.s3TrainingName" .)) | nindent 10 }}
        resources:
          {{- toYaml $training.resources | nindent 10 }}
        securityContext:
          {{- include "churn.containerSecurityContext" . | nindent 10 }}
        terminationMessagePolicy: FallbackToLogsOnError
        volumeMounts:
          {{- include "churn.tmpMount" . | nindent 10 }}
          {{- with include "churn.authoritiesMount" . }}
          {{- . | nindent 10 }}
          {{- end }}
          {{- include "churn.verifyKeyMount" . | nindent 10 }}
          - name: signing-key
            mountPath: /etc/churn/signing
            readOnly: true
          {{- if $training.retrain.arms }}
          - name: prediction-log-keys
            mountPath: /etc/churn/prediction-log-keys
            readOnly: true
          {{- end }}
          {{- if $training.usecaseFile }}
          - name: usecase
            mountPath: /etc/churn/usecase
            readOnly: true
          {{- end }}
          {{- if $training.dataClaim.name }}
          - name: data
            mountPath: /data
            readOnly: true
          {{- end }}
    volumes:
      {{- include "churn.tmpVolume" (dict "root" . "size" $training.tmpSizeLimit) | nindent 6 }}
      {{- with include "churn.authoritiesVolume" . }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- include "churn.verifyKeyVolume" . | nindent 6 }}
      - name: signing-key
        secret:
          secretName: {{ include "churn.signingKeyName" . }}
          defaultMode: 0440
      {{- if $training.retrain.arms }}
      - name: prediction-log-keys
        secret:
          secretName: {{ include "churn.predictionLogKeysName" . }}
          defaultMode: 0440
      {{- end }}
      {{- if $training.usecaseFile }}
      - name: usecase
        configMap:
          name: {{ include "churn.usecaseName" . }}
      {{- end }}
      {{- if $training.dataClaim.name }}
      - name: data
        persistentVolumeClaim:
          claimName: {{ $training.dataClaim.name }}
          readOnly: true
      {{- end }}
{{- end -}}

{{/* Named by its text: a Job that runs keeps the use case it started with. */}}
{{- define "churn.usecaseName" -}}
{{ include "churn.fullname" . }}-{{ include "churn.own" (dict "root" . "name" "usecase") }}-{{ sha256sum .Values.training.usecaseFile | trunc 8 }}
{{- end -}}
