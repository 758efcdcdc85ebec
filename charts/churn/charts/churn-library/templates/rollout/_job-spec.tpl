{{/* One look at a rollout: a checkout of its own, then the command that everybody may run. */}}

{{/* What both containers have; the address and the branch are for the first alone. */}}
{{- define "churn.rolloutContainer" -}}
{{- $git := .Values.rollout.git -}}
image: {{ include "churn.image" (dict "root" . "image" .Values.training.image) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
resources:
  {{- toYaml .Values.rollout.resources | nindent 2 }}
securityContext:
  {{- include "churn.containerSecurityContext" . | nindent 2 }}
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  {{- include "churn.tmpMount" . | nindent 2 }}
  {{- with include "churn.authoritiesMount" . }}
  {{- . | nindent 2 }}
  {{- end }}
  - name: git
    mountPath: /etc/churn/git
    readOnly: true
env:
  {{- include "churn.homeEnvironment" . | nindent 2 }}
  {{- with include "churn.authoritiesEnvironment" . }}
  {{- . | nindent 2 }}
  {{- end }}
  - name: CHURN_TERMINATION_LOG
    value: /dev/termination-log
  {{- with $git.username }}
  - name: CHURN_GIT_USERNAME
    value: {{ . | quote }}
  {{- end }}
  - name: CHURN_GIT_PASSWORD_FILE
    value: /etc/churn/git/password
{{- end -}}

{{- define "churn.rolloutJobSpec" -}}
{{- $rollout := .Values.rollout -}}
# The next look is soon enough; a pod that a node takes away is nobody's failure.
backoffLimit: 0
activeDeadlineSeconds: {{ $rollout.activeDeadlineSeconds }}
ttlSecondsAfterFinished: {{ $rollout.keepSeconds }}
podFailurePolicy:
  rules:
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
template:
  metadata:
    labels:
      {{- include "churn.podLabels" (dict "root" . "component" "rollout") | nindent 6 }}
    {{- with include "churn.podAnnotations" (dict "root" . "component" "rollout") }}
    {{- . | nindent 4 }}
    {{- end }}
  spec:
    {{- include "churn.podCommon" (dict "root" . "account" "rollout") | nindent 4 }}
    restartPolicy: Never
    # A push that is under way ends or changes nothing.
    terminationGracePeriodSeconds: 30
    initContainers:
      - name: checkout
        command: [python, -m, churn_cli.programs.checkout]
        {{- include "churn.rolloutContainer" . | nindent 8 }}
          - name: CHURN_GIT_URL
            value: {{ $rollout.git.url | quote }}
          - name: CHURN_GIT_BRANCH
            value: {{ $rollout.git.branch | quote }}
          - name: CHURN_GIT_FOLDER
            value: /tmp/checkout
    containers:
      - name: step
        args:
          - rollout
          - step
          - --environment
          - {{ $rollout.environment | quote }}
          - --repository
          - /tmp/checkout
          - --environments
          - {{ $rollout.git.environments | quote }}
          - --prometheus
          - {{ $rollout.prometheus.url | quote }}
          {{- range $name, $value := $rollout.prometheus.labels }}
          - --label
          - {{ printf "%s=%s" $name $value | quote }}
          {{- end }}
          {{- if $rollout.dryRun }}
          - --dry-run
          {{- end }}
          - --json
        {{- include "churn.rolloutContainer" . | nindent 8 }}
          {{- range tuple "AUTHOR" "COMMITTER" }}
          - name: GIT_{{ . }}_NAME
            value: {{ $rollout.git.committer.name | quote }}
          - name: GIT_{{ . }}_EMAIL
            value: {{ $rollout.git.committer.email | quote }}
          {{- end }}
    volumes:
      {{- include "churn.tmpVolume" (dict "root" . "size" $rollout.tmpSizeLimit) | nindent 6 }}
      {{- with include "churn.authoritiesVolume" . }}
      {{- . | nindent 6 }}
      {{- end }}
      - name: git
        secret:
          secretName: {{ $rollout.git.passwordSecret.name }}
          defaultMode: 0440
          items:
            - key: {{ $rollout.git.passwordSecret.key }}
              path: password
{{- end -}}
