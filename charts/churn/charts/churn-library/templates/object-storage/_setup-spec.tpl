{{/* Makes buckets and policies of the development object storage and uploads the starter model; elsewhere it only uploads. */}}
{{- define "churn.storageSetupSpec" -}}
{{- $own := .Values.objectStorage.enabled -}}
{{- $secret := ternary (include "churn.objectStorageRootName" .) (include "churn.s3TrainingName" .) $own -}}
backoffLimit: 6
activeDeadlineSeconds: 1200
{{ include "churn.podFailurePolicy" (dict "container" "storage-setup") }}
template:
  metadata:
    labels:
      {{- include "churn.podLabels" (dict "root" . "component" "storage-setup") | nindent 6 }}
    {{- with include "churn.podAnnotations" (dict "root" . "component" "storage-setup") }}
    {{- . | nindent 4 }}
    {{- end }}
  spec:
    {{- include "churn.podCommon" (dict "root" . "account" "storage-setup") | nindent 4 }}
    restartPolicy: Never
    containers:
      - name: storage-setup
        image: {{ include "churn.image" (dict "root" . "image" .Values.training.image) }}
        imagePullPolicy: {{ .Values.image.pullPolicy }}
        command: [python, -m, churn_cli.programs.storage_setup]
        env:
          {{- include "churn.homeEnvironment" . | nindent 10 }}
          - name: CHURN_TERMINATION_LOG
            value: /dev/termination-log
          {{- include "churn.s3Environment" (dict "root" . "secret" $secret) | nindent 10 }}
          - name: CHURN_STORAGE_ADMINISTER
            value: {{ $own | quote }}
          - name: CHURN_STORAGE_MODELS_BUCKET
            value: {{ .Values.objectStorage.buckets.models | quote }}
          - name: CHURN_STORAGE_DATA_BUCKET
            value: {{ .Values.objectStorage.buckets.data | quote }}
          {{- if $own }}
          {{- $serving := include "churn.s3ServingName" . }}
          {{- $training := include "churn.s3TrainingName" . }}
          {{- $mlflow := include "churn.s3MlflowName" . }}
          {{- $users := dict "SERVING" $serving "TRAINING" $training "MLFLOW" $mlflow }}
          {{- if include "churn.predictionLogEnabled" . }}
          {{- $_ := set $users "PREDICTION_LOG" (include "churn.s3PredictionLogName" .) }}
          {{- end }}
          {{- if include "churn.looksBack" . }}
          {{- $_ := set $users "MONITORING" (include "churn.s3MonitoringName" .) }}
          {{- end }}
          {{- if .Values.marketing.enabled }}
          {{- $_ := set $users "MARKETING" (include "churn.s3MarketingName" .) }}
          - name: CHURN_STORAGE_MARKETING_CUSTOMERS
            value: {{ include "churn.marketingCustomers" . | quote }}
          {{- end }}
          {{- range $user, $name := $users }}
          - name: CHURN_STORAGE_{{ $user }}_USER
            valueFrom:
              secretKeyRef:
                name: {{ $name }}
                key: AWS_ACCESS_KEY_ID
          {{- end }}
          {{- end }}
          - name: CHURN_STORAGE_STARTER
            value: /starter/package
          - name: CHURN_STORAGE_STARTER_URI
            value: {{ include "churn.starterUri" . }}
        resources:
          {{- toYaml .Values.setupResources | nindent 10 }}
        securityContext:
          {{- include "churn.containerSecurityContext" . | nindent 10 }}
        terminationMessagePolicy: FallbackToLogsOnError
        volumeMounts:
          {{- include "churn.tmpMount" . | nindent 10 }}
          {{- with include "churn.authoritiesMount" . }}
          {{- . | nindent 10 }}
          {{- end }}
    volumes:
      {{- include "churn.tmpVolume" (dict "root" . "size" "128Mi") | nindent 6 }}
      {{- with include "churn.authoritiesVolume" . }}
      {{- . | nindent 6 }}
      {{- end }}
{{- end -}}
