{{/* MLflow's database, and what brings its schema to that of the image's MLflow before the server starts. */}}

{{/* Where a variable gets its address from: a Secret, or the file on the volume. */}}
{{- define "churn.mlflowDatabase" -}}
{{- with .Values.mlflow.backendStoreUriSecret -}}
{{- if .name -}}
valueFrom:
  secretKeyRef:
    name: {{ .name }}
    key: {{ .key }}
{{- else -}}
value: sqlite:////data/mlflow.db
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Nobody else writes meanwhile: the old pod has ended (Recreate). */}}
{{- define "churn.mlflowSchemaUpgrade" -}}
- name: schema-upgrade
  image: {{ include "churn.image" (dict "root" . "image" .Values.mlflow.image) }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [python, -m, churn_cli.programs.run_database]
  env:
    {{- include "churn.homeEnvironment" . | nindent 4 }}
    - name: CHURN_TERMINATION_LOG
      value: /dev/termination-log
    - name: CHURN_RUN_DATABASE
      {{- include "churn.mlflowDatabase" . | nindent 6 }}
  resources:
    {{- toYaml .Values.mlflow.resources | nindent 4 }}
  securityContext:
    {{- include "churn.containerSecurityContext" . | nindent 4 }}
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    {{- include "churn.tmpMount" . | nindent 4 }}
    {{- if not .Values.mlflow.backendStoreUriSecret.name }}
    - name: data
      mountPath: /data
    {{- end }}
{{- end -}}
