{{/* What every pod of the chart has in common: Pod Security "restricted", read-only root, probes that fail fast. */}}

{{/* fsGroup lets a non-root process, KServe's storage initializer among them, write to volumes. */}}
{{- define "churn.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "churn.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What values note on a component's pods, for meshes, scrapers and scanners; nothing where they say nothing. Arguments: root, component. */}}
{{- define "churn.podAnnotations" -}}
{{- with index .root.Values.podAnnotations .component -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* Fields of a pod that every workload carries. Arguments: root, account, priority (serving, training or empty), token (true for one). */}}
{{- define "churn.podCommon" -}}
serviceAccountName: {{ include "churn.fullname" .root }}-{{ .account }}
automountServiceAccountToken: {{ .token | default false }}
enableServiceLinks: false
securityContext:
  {{- include "churn.podSecurityContext" . | nindent 2 }}
{{- if .priority }}
{{- with include "churn.priorityClassName" (dict "root" .root "class" .priority) }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
One pod less on a node or in a zone that fails; pods of another revision do not count, nor do nodes that take none (drained, gone).
Nodes are told apart by a label that all have; insisting on zones would shut out nodes without one. Arguments: root, component.
*/}}
{{- define "churn.topologySpread" -}}
{{- $spread := .root.Values.topologySpread -}}
{{- if $spread.enabled -}}
topologySpreadConstraints:
  {{- range $key, $when := dict "kubernetes.io/hostname" $spread.whenUnsatisfiable "topology.kubernetes.io/zone" $spread.zones }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $when }}
    nodeTaintsPolicy: Honor
    labelSelector:
      matchLabels:
        {{- include "churn.selectorLabels" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- end -}}

{{/*
Seconds a pod gets to end: it leaves the endpoints, answers what still arrives, finishes what is under way; then a sidecar hands over what
was answered. Argument: settings of a component.
*/}}
{{- define "churn.terminationGracePeriodSeconds" -}}
{{- $handOver := ternary (add 5 (dig "predictionLog" "handOverSeconds" 0 .)) 0 (dig "predictionLog" "enabled" false .) -}}
{{- add .preStopSeconds (ceil .drainSeconds) .stopSeconds 5 $handOver -}}
{{- end -}}

{{/* Time for every kube-proxy to hear that the pod is gone, before the process is told. */}}
{{- define "churn.preStop" -}}
{{- if .preStopSeconds -}}
lifecycle:
  preStop:
    sleep:
      seconds: {{ .preStopSeconds }}
{{- end }}
{{- end -}}

{{/* Arguments: live, ready (paths), port (name or number), host (optional: the only names that the server answers to), tls (empty: in the clear). The kubelet asks for no name and believes every certificate. */}}
{{- define "churn.probes" -}}
startupProbe:
  httpGet:
    path: {{ .live }}
    port: {{ .port }}
    {{- with .host }}
    httpHeaders:
      - name: Host
        value: {{ . }}
    {{- end }}
    {{- if .tls }}
    scheme: HTTPS
    {{- end }}
  periodSeconds: 1
  timeoutSeconds: 2
  failureThreshold: 120
readinessProbe:
  httpGet:
    path: {{ .ready }}
    port: {{ .port }}
    {{- with .host }}
    httpHeaders:
      - name: Host
        value: {{ . }}
    {{- end }}
    {{- if .tls }}
    scheme: HTTPS
    {{- end }}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet:
    path: {{ .live }}
    port: {{ .port }}
    {{- with .host }}
    httpHeaders:
      - name: Host
        value: {{ . }}
    {{- end }}
    {{- if .tls }}
    scheme: HTTPS
    {{- end }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}

{{/* Arguments: root, size. */}}
{{- define "churn.tmpVolume" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .size }}
    {{- with .root.Values.tmp.medium }}
    medium: {{ . }}
    {{- end }}
{{- end -}}

{{- define "churn.tmpMount" -}}
- name: tmp
  mountPath: /tmp
{{- end -}}

{{/* Public keys whose packages may be served. */}}
{{- define "churn.verifyKeyVolume" -}}
- name: verify-key
  configMap:
    name: {{ include "churn.verifyKeyName" . }}
{{- end -}}

{{- define "churn.verifyKeyMount" -}}
- name: verify-key
  mountPath: /etc/churn/verify
  readOnly: true
{{- end -}}

{{/* Environment of every process of ours: all that is ever written goes to /tmp. */}}
{{- define "churn.homeEnvironment" -}}
- name: HOME
  value: /tmp
- name: CHURN_HOME
  value: /tmp/churn
{{- end -}}

{{/* A failed Job that cannot succeed must not be retried; a node that goes away is nobody's failure. Argument: container. */}}
{{- define "churn.podFailurePolicy" -}}
podFailurePolicy:
  rules:
    - action: FailJob
      onExitCodes:
        containerName: {{ .container }}
        operator: In
        values: [2]
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
{{- end -}}

{{/* A ServiceAccount without a token. Arguments: root, component, secrets (optional list of names). */}}
{{- define "churn.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "churn.fullname" .root }}-{{ .account | default .component }}
  labels:
    {{- include "churn.labels" . | nindent 4 }}
  {{- with index .root.Values.serviceAccounts.annotations .component }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- with .secrets }}
secrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Arguments: root, component. */}}
{{- define "churn.podDisruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "churn.fullname" .root }}-{{ .component }}
  labels:
    {{- include "churn.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .root.Values.podDisruptionBudgets.maxUnavailable }}
  # A pod that is not ready protects nobody and must not hold up a drain.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "churn.selectorLabels" . | nindent 6 }}
{{- end -}}

{{/* Arguments: root, component, persistence (its values). */}}
{{- define "churn.persistentVolumeClaim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "churn.fullname" .root }}-{{ .component }}
  labels:
    {{- include "churn.labels" . | nindent 4 }}
  {{- if .persistence.retain }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
spec:
  accessModes: [ReadWriteOnce]
  {{- with .persistence.storageClass }}
  storageClassName: {{ . | quote }}
  {{- end }}
  resources:
    requests:
      storage: {{ .persistence.size }}
{{- end -}}

{{/* Arguments: root, component, persistence. */}}
{{- define "churn.dataVolume" -}}
- name: data
  {{- if .persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ .persistence.existingClaim | default (printf "%s-%s" (include "churn.fullname" .root) .component) }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .persistence.size }}
  {{- end }}
{{- end -}}
