{{/*
Before KServe's storage initializer, which it puts behind the containers that are here: at an installation the starter model is uploaded
while the primary starts. Only patience: it gives up in time and leaves what is wrong to the storage initializer to say.
*/}}
{{- define "churn.modelWait" -}}
- name: model-wait
  image: {{ include "churn.image" (dict "root" . "image" .Values.training.image) }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [python, -m, churn_cli.programs.model_wait]
  env:
    {{- include "churn.homeEnvironment" . | nindent 4 }}
    {{- include "churn.s3Environment" (dict "root" . "secret" (include "churn.s3ServingName" .)) | nindent 4 }}
    - name: CHURN_MODEL_WAIT_URI
      value: {{ include "churn.starterUri" . }}
    - name: CHURN_MODEL_WAIT_SECONDS
      value: {{ .Values.installation.waitSeconds | quote }}
  resources:
    {{- toYaml .Values.setupResources | nindent 4 }}
  securityContext:
    {{- include "churn.containerSecurityContext" . | nindent 4 }}
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    - name: model-wait
      mountPath: /tmp
    {{- with include "churn.authoritiesMount" . }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* Of its own: the server's /tmp is the ServingRuntime's. */}}
{{- define "churn.modelWaitVolume" -}}
- name: model-wait
  emptyDir:
    sizeLimit: 32Mi
{{- with include "churn.authoritiesVolume" . }}
{{ . }}
{{- end }}
{{- end -}}
