{{/* The Job that makes what is missing of Secrets and keys. Argument: the root. */}}
{{- define "churn.bootstrapJobSpec" -}}
backoffLimit: 4
activeDeadlineSeconds: 300
{{- include "churn.podFailurePolicy" (dict "container" "bootstrap") | nindent 0 }}
template:
  metadata:
    labels:
      {{- include "churn.podLabels" (dict "root" $ "component" "bootstrap") | nindent 6 }}
    {{- with include "churn.podAnnotations" (dict "root" $ "component" "bootstrap") }}
    {{- . | nindent 4 }}
    {{- end }}
  spec:
    {{- include "churn.podCommon" (dict "root" $ "account" (include "churn.own" (dict "root" $ "name" "bootstrap")) "token" true) | nindent 4 }}
    restartPolicy: Never
    containers:
      - name: bootstrap
        image: {{ include "churn.image" (dict "root" $ "image" $.Values.training.image) }}
        imagePullPolicy: {{ $.Values.image.pullPolicy }}
        command: [python, -m, churn_cli.programs.cluster_bootstrap]
        env:
          {{- include "churn.homeEnvironment" $ | nindent 10 }}
          - name: CHURN_TERMINATION_LOG
            value: /dev/termination-log
          - name: CHURN_BOOTSTRAP_FULLNAME
            value: {{ include "churn.fullname" $ }}
          - name: CHURN_BOOTSTRAP_INSTANCE
            value: {{ include "churn.instance" $ }}
          - name: CHURN_BOOTSTRAP_NAMESPACE
            value: {{ $.Release.Namespace }}
          - name: CHURN_BOOTSTRAP_PARTS
            value: {{ include "churn.bootstrapParts" $ }}
          - name: CHURN_BOOTSTRAP_SIGNING_SECRET
            value: {{ include "churn.signingKeyName" $ }}
          - name: CHURN_BOOTSTRAP_STARTER_KEY
            value: /starter/verify.pem
          - name: CHURN_BOOTSTRAP_STARTER_IMAGE
            value: {{ include "churn.starterName" $ | quote }}
          - name: CHURN_BOOTSTRAP_TRUST_STARTER
            value: {{ $.Values.secrets.trustStarter | quote }}
          - name: CHURN_BOOTSTRAP_STORAGE_ENDPOINT
            value: {{ include "churn.s3Endpoint" $ | quote }}
          - name: CHURN_BOOTSTRAP_STORAGE_REGION
            value: {{ $.Values.objectStorage.external.region | quote }}
        resources:
          {{- toYaml $.Values.setupResources | nindent 10 }}
        securityContext:
          {{- include "churn.containerSecurityContext" $ | nindent 10 }}
        terminationMessagePolicy: FallbackToLogsOnError
        volumeMounts:
          {{- include "churn.tmpMount" $ | nindent 10 }}
    volumes:
      {{- include "churn.tmpVolume" (dict "root" $ "size" "64Mi") | nindent 6 }}
{{- end -}}
