{{- define "churn.firstAnswerEnabled" -}}
{{- if and .Values.installation.waitForAnswer .Values.installation.hooks .Values.gateway.enabled -}}
true
{{- end -}}
{{- end -}}

{{/* After an installation, never after an upgrade: what answers already must not hold up a change. Argument: weight. */}}
{{- define "churn.firstAnswerHook" -}}
helm.sh/hook: post-install
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* Who has to answer, as words of ask_gateway.py. */}}
{{- define "churn.servedBy" -}}
{{- ternary "primary,canary" "fallback" .Values.primary.enabled -}}
{{- end -}}

{{/* A container that runs one of the scripts in the gateway's image. Arguments: root, name, script, arguments, optionalKey. */}}
{{- define "churn.checkContainer" -}}
- name: {{ .name }}
  image: {{ include "churn.image" (dict "root" .root "image" .root.Values.gateway.image) }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [python, /etc/churn/checks/{{ .script }}]
  args:
    - http://{{ include "churn.fullname" .root }}-gateway:8080
    - --served-by={{ include "churn.servedBy" .root }}
    {{- range .arguments }}
    - {{ . }}
    {{- end }}
  env:
    {{- include "churn.homeEnvironment" .root | nindent 4 }}
    # The image's Python does not look beside a script by itself.
    - name: PYTHONPATH
      value: /etc/churn/checks
    {{- if .root.Values.gateway.authentication.required }}
    - name: CHURN_API_KEY
      valueFrom:
        secretKeyRef:
          name: {{ include "churn.initialApiKeyName" .root }}
          key: key
          {{- if .optionalKey }}
          optional: true
          {{- end }}
    {{- end }}
  resources:
    {{- toYaml .root.Values.setupResources | nindent 4 }}
  securityContext:
    {{- include "churn.containerSecurityContext" .root | nindent 4 }}
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    {{- include "churn.tmpMount" .root | nindent 4 }}
    - name: checks
      mountPath: /etc/churn/checks
      readOnly: true
{{- end -}}

{{- define "churn.checkVolumes" -}}
{{- include "churn.tmpVolume" (dict "root" . "size" "32Mi") }}
- name: checks
  configMap:
    name: {{ include "churn.fullname" . }}-checks
{{- end -}}
