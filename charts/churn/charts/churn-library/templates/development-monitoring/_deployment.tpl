{{/*
A server of one pod that keeps what it knows in a folder that ends with it. Arguments: root, component, port, folder, settings (its
values), args, volumes (dicts of name, path, configMap and content, whose change replaces the pod).
*/}}
{{- define "churn.developmentDeployment" -}}
{{- $root := .root -}}
{{- $settings := .settings -}}
{{- $labels := dict "root" $root "component" .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "churn.fullname" $root }}-{{ .component }}
  labels:
    {{- include "churn.labels" $labels | nindent 4 }}
spec:
  replicas: 1
  revisionHistoryLimit: {{ $root.Values.revisionHistoryLimit }}
  # Two would tell the same twice, and a small cluster has room for one.
  strategy:
    type: Recreate
  selector:
    matchLabels:
      {{- include "churn.selectorLabels" $labels | nindent 6 }}
  template:
    metadata:
      annotations:
        {{- range .volumes }}
        checksum/{{ .name }}: {{ .content | sha256sum }}
        {{- end }}
      labels:
        {{- include "churn.podLabels" $labels | nindent 8 }}
    spec:
      {{- include "churn.podCommon" (dict "root" $root "account" .component) | nindent 6 }}
      terminationGracePeriodSeconds: 20
      containers:
        - name: {{ .component }}
          image: {{ include "churn.image" (dict "root" $root "image" $settings.image) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args:
            {{- toYaml .args | nindent 12 }}
          env:
            # Its own collector keeps it below the limit, at which the kernel would end it.
            - name: GOMEMLIMIT
              value: {{ div (mul 9 (include "churn.mebibytes" $settings.resources.limits.memory | int)) 10 }}MiB
          ports:
            - name: web
              containerPort: {{ .port }}
          {{- include "churn.probes" (dict "live" "/-/healthy" "ready" "/-/ready" "port" "web") | nindent 10 }}
          resources:
            {{- toYaml $settings.resources | nindent 12 }}
          securityContext:
            {{- include "churn.containerSecurityContext" $root | nindent 12 }}
          terminationMessagePolicy: FallbackToLogsOnError
          volumeMounts:
            {{- include "churn.tmpMount" $root | nindent 12 }}
            - name: data
              mountPath: {{ .folder }}
            {{- range .volumes }}
            - name: {{ .name }}
              mountPath: {{ .path }}
              readOnly: true
            {{- end }}
      volumes:
        {{- include "churn.tmpVolume" (dict "root" $root "size" $settings.tmpSizeLimit) | nindent 8 }}
        - name: data
          emptyDir:
            sizeLimit: {{ $settings.size }}
        {{- range .volumes }}
        - name: {{ .name }}
          configMap:
            name: {{ .configMap }}
        {{- end }}
{{- end -}}

{{/* Arguments: root, component, port. */}}
{{- define "churn.developmentService" -}}
{{- $labels := dict "root" .root "component" .component -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "churn.fullname" .root }}-{{ .component }}
  labels:
    {{- include "churn.labels" $labels | nindent 4 }}
spec:
  selector:
    {{- include "churn.selectorLabels" $labels | nindent 4 }}
  ports:
    - name: web
      port: {{ .port }}
      targetPort: web
      appProtocol: http
{{- end -}}

{{/* Files of rules as the chart has them, without the alerts that are left out: a dict of names and YAML texts, as JSON. */}}
{{- define "churn.ruleFiles" -}}
{{- $files := dict -}}
{{- range $path, $_ := (index .Subcharts "churn-library").Files.Glob "files/rules/*.yaml" -}}
{{- with include "churn.ruleGroups" (dict "root" $ "path" $path) | fromJsonArray -}}
{{- $_ := set $files (base $path) (dict "groups" . | toYaml) -}}
{{- end -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}
