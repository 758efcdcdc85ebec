{{/* The prediction log: where a gateway keeps answers, and the sidecar that takes them to object storage. */}}

{{- define "churn.predictionLogEnabled" -}}
{{- if and .Values.gateway.enabled .Values.gateway.predictionLog.enabled -}}
true
{{- end -}}
{{- end -}}

{{/* Folder of the tables. Rights of the development object storage are made for this one alone. */}}
{{- define "churn.predictionLogStore" -}}
{{- .Values.gateway.predictionLog.store | default (printf "s3://%s/predictions/" .Values.objectStorage.buckets.data) -}}
{{- end -}}

{{/* Below the volume, whose own folder may hold what its file system keeps there. */}}
{{- define "churn.predictionLogFolder" -}}
/var/lib/churn/prediction-log/segments
{{- end -}}

{{/* The kubelet evicts a pod that takes more than its volume: the gateway stops keeping answers before. */}}
{{- define "churn.predictionLogEnvironment" -}}
{{- $log := .Values.gateway.predictionLog -}}
{{- $mebibytes := include "churn.mebibytes" $log.volume.size | int -}}
- name: CHURN_GATEWAY_PREDICTION_LOG
  value: {{ include "churn.predictionLogFolder" . }}
- name: CHURN_GATEWAY_PREDICTION_LOG_KEYS
  value: /etc/churn/prediction-log-keys/prediction-log.json
- name: CHURN_GATEWAY_PREDICTION_LOG_MAXIMUM_BYTES
  value: {{ mul 1048576 (div (mul 9 $mebibytes) 10) | quote }}
- name: CHURN_GATEWAY_PREDICTION_LOG_SEGMENT_SECONDS
  value: {{ $log.segmentSeconds | quote }}
- name: CHURN_GATEWAY_PREDICTION_LOG_SYNC_SECONDS
  value: {{ $log.syncSeconds | quote }}
{{- end -}}

{{/*
A sidecar of Kubernetes' own kind: it is told to end when the gateway has ended, so what was answered last is taken along. No probe of
readiness and none at the start: whether answers are taken away must not decide whether they are given.
*/}}
{{- define "churn.predictionLogShipper" -}}
{{- $log := .Values.gateway.predictionLog -}}
- name: prediction-log
  image: {{ include "churn.image" (dict "root" . "image" .Values.training.image) }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  args:
    - log
    - ship
    - --grace
    - {{ printf "%vs" $log.handOverSeconds | quote }}
    - --give-way
    - {{ printf "%vs" $log.giveWaySeconds | quote }}
    - --metrics-host
    - 0.0.0.0
    - --metrics-port
    - "9091"
  env:
    {{- include "churn.homeEnvironment" . | nindent 4 }}
    - name: CHURN_TERMINATION_LOG
      value: /dev/termination-log
    - name: CHURN_GATEWAY_PREDICTION_LOG
      value: {{ include "churn.predictionLogFolder" . }}
    - name: CHURN_PREDICTION_LOG_STORE
      value: {{ include "churn.predictionLogStore" . | quote }}
    {{- include "churn.s3Environment" (dict "root" . "secret" (include "churn.s3PredictionLogName" .)) | nindent 4 }}
  ports:
    - name: log-metrics
      containerPort: 9091
  livenessProbe:
    httpGet:
      path: /metrics
      port: log-metrics
    initialDelaySeconds: 60
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  resources:
    {{- include "churn.predictionLogResources" . | nindent 4 }}
  securityContext:
    {{- include "churn.containerSecurityContext" . | nindent 4 }}
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    {{- include "churn.predictionLogMount" . | nindent 4 }}
    # The gateway's own is not shared with a process that has keys of object storage.
    - name: prediction-log-tmp
      mountPath: /tmp
    {{- with include "churn.authoritiesMount" . }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* What lies on the node's disk counts against the pod's ephemeral storage, so the room for it is asked for, and granted, here. */}}
{{- define "churn.predictionLogResources" -}}
{{- $log := .Values.gateway.predictionLog -}}
{{- $resources := deepCopy $log.resources -}}
{{- if not $log.volume.claim -}}
{{- $room := include "churn.mebibytes" $log.volume.size | int -}}
{{- range tuple "requests" "limits" -}}
{{- $part := index $resources . -}}
{{- $own := include "churn.mebibytes" (get $part "ephemeral-storage" | default 0) | int -}}
{{- $_ := set $part "ephemeral-storage" (printf "%dMi" (add $room $own)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{- define "churn.predictionLogMount" -}}
- name: prediction-log
  mountPath: /var/lib/churn/prediction-log
{{- end -}}

{{- define "churn.predictionLogVolumes" -}}
{{- $volume := .Values.gateway.predictionLog.volume -}}
- name: prediction-log
  {{- if $volume.claim }}
  ephemeral:
    volumeClaimTemplate:
      metadata:
        labels:
          {{- include "churn.podLabels" (dict "root" . "component" "gateway") | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with $volume.storageClass }}
        storageClassName: {{ . | quote }}
        {{- end }}
        resources:
          requests:
            storage: {{ $volume.size }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ $volume.size }}
  {{- end }}
- name: prediction-log-tmp
  emptyDir:
    sizeLimit: 32Mi
{{- with include "churn.authoritiesVolume" . }}
{{ . }}
{{- end }}
# The folder, not a file in it: only then another key arrives without a restart.
- name: prediction-log-keys
  secret:
    secretName: {{ include "churn.predictionLogKeysName" . }}
    defaultMode: 0440
{{- end -}}
