{{/* What a schema cannot say: values that contradict each other. Every message begins with the key to change. */}}
{{- define "churn.validate" -}}
{{- $values := .Values -}}
{{- range tuple "gateway" "primary" "fallback" -}}
  {{- if (index $values .).enabled -}}
    {{- $_ := include "churn.maxReplicas" (dict "root" $ "component" .) -}}
  {{- end -}}
{{- end -}}
{{- if and $values.gateway.enabled (not $values.primary.enabled) (not $values.fallback.enabled) -}}
  {{- fail "gateway.enabled: there is nobody to ask; enable primary or fallback, or switch the gateway off" -}}
{{- end -}}
{{- if and (gt ($values.gateway.canaryPercent | float64) 0.0) (not $values.canary.enabled) -}}
  {{- fail (printf "gateway.canaryPercent: %v percent of customers, but canary.enabled is false" $values.gateway.canaryPercent) -}}
{{- end -}}
{{- if gt ($values.gateway.canaryShadowPercent | float64) 0.0 -}}
  {{- if not $values.canary.enabled -}}
    {{- fail (printf "gateway.canaryShadowPercent: copies of %v percent of requests, but canary.enabled is false" $values.gateway.canaryShadowPercent) -}}
  {{- end -}}
  {{- if gt ($values.gateway.canaryPercent | float64) 0.0 -}}
    {{- fail "gateway.canaryShadowPercent: copies are for a canary that has no customers yet; set gateway.canaryPercent to 0" -}}
  {{- end -}}
{{- end -}}
{{- if $values.canary.enabled -}}
  {{- if not $values.primary.enabled -}}
    {{- fail "canary.enabled: a canary needs a primary beside it; set primary.enabled" -}}
  {{- end -}}
  {{- if and (eq $values.canary.target "fallback") (not $values.fallback.enabled) -}}
    {{- fail "canary.target: fallback, but fallback.enabled is false" -}}
  {{- end -}}
  {{- if and (eq $values.canary.target "inferenceservice") (not $values.canary.model.uri) -}}
    {{- fail "canary.model.uri: needed, since canary.enabled is true; give the s3:// folder of the second model" -}}
  {{- end -}}
  {{- if and (eq $values.canary.target "fallback") $values.canary.model.uri -}}
    {{- fail "canary.model.uri: with canary.target fallback the model is in the fallback's image; leave it empty" -}}
  {{- end -}}
{{- end -}}
{{- include "churn.validateGateway" . -}}
{{- include "churn.validateTls" . -}}
{{- include "churn.validatePredictionLog" . -}}
{{- include "churn.validateMonitoring" . -}}
{{- include "churn.validateLookingBack" . -}}
{{- include "churn.validateStores" . -}}
{{- include "churn.validateTraining" . -}}
{{- include "churn.validateScoring" . -}}
{{- include "churn.validateRollout" . -}}
{{- include "churn.validateMarketing" . -}}
{{- include "churn.validateCluster" . -}}
{{- include "churn.checkCapacity" . -}}
{{- end -}}

{{/* What the cluster must have. Every one serves apiregistration.k8s.io, so where that is missing there is none to ask (helm template). */}}
{{- define "churn.validateCluster" -}}
{{- $known := .Capabilities.APIVersions.Has "apiregistration.k8s.io/v1" -}}
{{- $serves := and $known (include "churn.holds" (dict "root" . "part" "serving")) -}}
{{- $monitors := and $known (include "churn.holds" (dict "root" . "part" "monitoring")) -}}
{{- if and $serves (include "churn.predictorEnabled" .) (not (.Capabilities.APIVersions.Has "serving.kserve.io/v1beta1")) -}}
  {{- fail "primary.enabled: this cluster has no KServe; install KServe 0.20 or newer in Standard mode, or set primary.enabled=false and the fallback answers alone" -}}
{{- end -}}
{{- range $name, $kind := dict "http" "HTTPRoute" "grpc" "GRPCRoute" -}}
{{- if and $serves (index $.Values.gateway.routes $name).enabled (not ($.Capabilities.APIVersions.Has (printf "gateway.networking.k8s.io/v1/%s" $kind))) -}}
  {{- fail (printf "gateway.routes.%s.enabled: this cluster has no %s of Gateway API; install it, or switch this off" $name $kind) -}}
{{- end -}}
{{- end -}}
{{- range tuple "podMonitor" "prometheusRules" -}}
{{- if and $monitors (index $.Values.monitoring .).enabled (not ($.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) -}}
  {{- fail (printf "monitoring.%s.enabled: this cluster has no Prometheus Operator; install it, or switch this off" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "churn.validateGateway" -}}
{{- $gateway := .Values.gateway -}}
{{- if and $gateway.ingress.enabled (not $gateway.ingress.host) -}}
  {{- fail "gateway.ingress.host: needed, since gateway.ingress.enabled is true" -}}
{{- end -}}
{{- if and (not $gateway.ingress.enabled) (or $gateway.ingress.host $gateway.ingress.tls.secretName) -}}
  {{- fail "gateway.ingress.enabled: false, but a host or a TLS secret is given; enable the ingress or leave them empty" -}}
{{- end -}}
{{- if and (eq $gateway.service.type "LoadBalancer") (not $gateway.service.loadBalancerIsSafe) -}}
  {{- fail "gateway.service.type: a LoadBalancer would carry API keys and customers in the clear; use gateway.ingress with TLS, or end TLS at the load balancer by gateway.service.annotations and set gateway.service.loadBalancerIsSafe" -}}
{{- end -}}
{{- include "churn.validateRoutes" . -}}
{{- if $gateway.lastKnownModel -}}
  {{- $shown := fromJson $gateway.lastKnownModel -}}
  {{- if not (and (hasKey $shown "manifest") (hasKey $shown "signature") (hasKey $shown "files")) -}}
    {{- fail "gateway.lastKnownModel: is not what GET /v1/package of a backend shows (manifest, signature, files)" -}}
  {{- end -}}
{{- end -}}
{{- range tuple "httpNodePort" "grpcNodePort" -}}
  {{- if and (index $gateway.service .) (ne $gateway.service.type "NodePort") -}}
    {{- fail (printf "gateway.service.%s: only a Service of type NodePort has one; set gateway.service.type" .) -}}
  {{- end -}}
{{- end -}}
{{- if and $gateway.service.httpNodePort (eq (toString $gateway.service.httpNodePort) (toString $gateway.service.grpcNodePort)) -}}
  {{- fail "gateway.service.grpcNodePort: is the port of gateway.service.httpNodePort" -}}
{{- end -}}
{{- end -}}

{{- define "churn.validatePredictionLog" -}}
{{- $log := .Values.gateway.predictionLog -}}
{{- if and $log.store .Values.objectStorage.enabled -}}
  {{- fail "gateway.predictionLog.store: the development object storage has rights for predictions/ of its data bucket alone; leave it empty, or set objectStorage.enabled=false" -}}
{{- end -}}
{{- if and $log.volume.storageClass (not $log.volume.claim) -}}
  {{- fail "gateway.predictionLog.volume.storageClass: given, but gateway.predictionLog.volume.claim is false" -}}
{{- end -}}
{{- if lt (include "churn.mebibytes" $log.volume.size | int) 64 -}}
  {{- fail (printf "gateway.predictionLog.volume.size: %s is less than 64Mi, some minutes of answers" $log.volume.size) -}}
{{- end -}}
{{- end -}}

{{- define "churn.validateMonitoring" -}}
{{- $monitoring := .Values.monitoring -}}
{{- if and $monitoring.podMonitor.enabled .Values.networkPolicy.enabled (not .Values.networkPolicy.monitoring.from) -}}
  {{- fail "networkPolicy.monitoring.from: needed, since monitoring.podMonitor.enabled is true: nobody may read metrics; name the pods of Prometheus" -}}
{{- end -}}
{{- range $monitoring.prometheusRules.without -}}
  {{- $alerts := include "churn.alertNames" $ | fromJsonArray -}}
  {{- if not (has . $alerts) -}}
    {{- fail (printf "monitoring.prometheusRules.without: there is no alert %s; there are %s" . (join ", " $alerts)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "churn.validateLookingBack" -}}
{{- $values := .Values -}}
{{- range tuple "drift" "outcomes" -}}
  {{- if and (index $values.monitoring .).enabled (not (include "churn.predictionLogEnabled" $)) -}}
    {{- fail (printf "monitoring.%s.enabled: true, but no answers are kept to look back at; set gateway.predictionLog.enabled, or switch this off" .) -}}
  {{- end -}}
{{- end -}}
{{- if and $values.monitoring.drift.enabled (not (include "churn.driftModelUri" .)) -}}
  {{- fail "monitoring.drift.modelUri: needed, since monitoring.drift.enabled is true and there is no primary whose model lies at an s3:// address" -}}
{{- end -}}
{{- $outcomes := $values.monitoring.outcomes -}}
{{- if and $outcomes.reports $values.objectStorage.enabled -}}
  {{- fail "monitoring.outcomes.reports: the development object storage has rights for reports/ of its data bucket alone; leave it empty, or set objectStorage.enabled=false" -}}
{{- end -}}
{{- if and $outcomes.enabled $values.objectStorage.enabled -}}
  {{- range tuple "labels" "arms" -}}
    {{- $place := index $outcomes . -}}
    {{- $folder := printf "s3://%s/labels/" $values.objectStorage.buckets.data -}}
    {{- if and $place (not (hasPrefix $folder $place)) -}}
      {{- fail (printf "monitoring.outcomes.%s: the development object storage lets it be read below %s alone" . $folder) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "churn.validateStores" -}}
{{- $values := .Values -}}
{{- $storage := $values.objectStorage -}}
{{- if and $storage.enabled $storage.external.endpoint -}}
  {{- fail "objectStorage.external.endpoint: is only used when objectStorage.enabled is false" -}}
{{- end -}}
{{- if eq $storage.buckets.models $storage.buckets.data -}}
  {{- fail "objectStorage.buckets.data: must differ from objectStorage.buckets.models, whose readers may not see data" -}}
{{- end -}}
{{- if and $values.mlflow.enabled $values.mlflow.externalUri -}}
  {{- fail "mlflow.externalUri: is only used when mlflow.enabled is false" -}}
{{- end -}}
{{- if $values.networkPolicy.enabled -}}
  {{- $asks := or $values.primary.enabled $values.training.enabled $values.scoring.enabled $values.mlflow.enabled $values.gateway.predictionLog.enabled $values.marketing.enabled -}}
  {{- if and $asks (not $storage.enabled) (not $values.networkPolicy.objectStorage.to) -}}
    {{- fail "networkPolicy.objectStorage.to: needed, since objectStorage.enabled is false: name the addresses of your object storage, or say 0.0.0.0/0 as an ipBlock where pods may send to any" -}}
  {{- end -}}
  {{- if and $values.mlflow.externalUri $values.training.enabled (not $values.networkPolicy.mlflow.to) -}}
    {{- fail "networkPolicy.mlflow.to: needed, since mlflow.externalUri is given: name the addresses of your MLflow, or say 0.0.0.0/0 as an ipBlock where pods may send to any" -}}
  {{- end -}}
{{- end -}}
{{- if and $values.certificateAuthorities.configMap $values.certificateAuthorities.secret -}}
  {{- fail "certificateAuthorities.secret: certificateAuthorities.configMap is given too; they come from one place" -}}
{{- end -}}
{{- $existing := $values.secrets.existing -}}
{{- $names := list "objectStorageRoot" "objectStorageUsers" "s3Serving" "s3Training" "s3Mlflow" -}}
{{- if include "churn.predictionLogEnabled" . -}}{{- $names = append $names "s3PredictionLog" -}}{{- end -}}
{{- if include "churn.looksBack" . -}}{{- $names = append $names "s3Monitoring" -}}{{- end -}}
{{- if $values.marketing.enabled -}}{{- $names = append $names "s3Marketing" -}}{{- end -}}
{{- $given := 0 -}}
{{- range $names -}}{{- if index $existing . -}}{{- $given = add1 $given -}}{{- end -}}{{- end -}}
{{- if and $storage.enabled (gt (int $given) 0) (lt (int $given) (len $names)) -}}
  {{- $text := "secrets.existing.%s: users of the development object storage are brought all together (%s) or not at all" -}}
  {{- range $names -}}
    {{- if not (index $existing .) -}}
      {{- fail (printf $text . (join ", " $names)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and (not $values.secrets.trustStarter) $values.primary.enabled (not $values.primary.model.uri) -}}
  {{- fail "secrets.trustStarter: false, but the primary serves the starter model; give primary.model.uri first, and switch this off in a later upgrade" -}}
{{- end -}}
{{- if and $existing.apiKeyInitial (not $existing.apiKeys) $values.secrets.bootstrap -}}
  {{- fail "secrets.existing.apiKeys: needed together with secrets.existing.apiKeyInitial, which is one of its keys" -}}
{{- end -}}
{{- end -}}

{{- define "churn.validateTraining" -}}
{{- $values := .Values -}}
{{- $training := $values.training -}}
{{- if and $training.enabled (not $values.mlflow.enabled) (not $values.mlflow.externalUri) -}}
  {{- fail "mlflow.externalUri: needed, since training.enabled is true and mlflow.enabled is false" -}}
{{- end -}}
{{- if and $training.runOnInstall (not $training.enabled) -}}
  {{- fail "training.runOnInstall: true, but training.enabled is false" -}}
{{- end -}}
{{- if and $training.retrain.window (not $training.retrain.enabled) -}}
  {{- fail "training.retrain.window: given, but training.retrain.enabled is false" -}}
{{- end -}}
{{- if and $training.retrain.window (or $training.data $training.dataClaim.name) -}}
  {{- fail "training.retrain.window: training.data or training.dataClaim is given too; data comes from one place" -}}
{{- end -}}
{{- if and $training.retrain.arms (not $training.retrain.window) -}}
  {{- fail "training.retrain.arms: given, but training.retrain.window is 0, so no window leaves their customers out" -}}
{{- end -}}
{{- $keysAreMade := or (include "churn.predictionLogEnabled" .) (not (include "churn.holds" (dict "root" . "part" "serving"))) -}}
{{- if and $training.retrain.arms (not $keysAreMade) (not $values.secrets.existing.predictionLogKeys) -}}
  {{- fail "training.retrain.arms: given, but nothing here makes the keys that their customers are found by; name their Secret in secrets.existing.predictionLogKeys, or set gateway.predictionLog.enabled" -}}
{{- end -}}
{{- if and $training.data $training.dataClaim.name -}}
  {{- fail "training.dataClaim.name: training.data is given too; data comes from one place" -}}
{{- end -}}
{{- if and $training.dataClaim.name (not $training.dataClaim.path) -}}
  {{- fail "training.dataClaim.path: needed, since training.dataClaim.name is given" -}}
{{- end -}}
{{- if and $training.dataClaim.path (not $training.dataClaim.name) -}}
  {{- fail "training.dataClaim.name: needed, since training.dataClaim.path is given" -}}
{{- end -}}
{{- if ge (int $values.priorityClasses.training.value) (int $values.priorityClasses.serving.value) -}}
  {{- fail "priorityClasses.training.value: must be less than priorityClasses.serving.value" -}}
{{- end -}}
{{- end -}}

{{- define "churn.validateScoring" -}}
{{- $scoring := .Values.scoring -}}
{{- if and $scoring.schedule (not $scoring.enabled) -}}
  {{- fail "scoring.schedule: given, but scoring.enabled is false" -}}
{{- end -}}
{{- if and $scoring.schedule (not $scoring.input) -}}
  {{- fail "scoring.input: needed, since scoring.schedule is given" -}}
{{- end -}}
{{- if and $scoring.input (not $scoring.output) -}}
  {{- fail "scoring.output: needed, since scoring.input is given" -}}
{{- end -}}
{{- if and $scoring.output (not $scoring.input) -}}
  {{- fail "scoring.input: needed, since scoring.output is given" -}}
{{- end -}}
{{- if and $scoring.schedule (not (include "churn.scoringModelUri" .)) -}}
  {{- fail "scoring.modelUri: needed, since scoring.schedule is given and primary.enabled is false" -}}
{{- end -}}
{{- end -}}

{{- define "churn.validateRollout" -}}
{{- $rollout := .Values.rollout -}}
{{- if $rollout.enabled -}}
{{- $needed := dict "rollout.environment" $rollout.environment "rollout.git.url" $rollout.git.url "rollout.git.passwordSecret.name" $rollout.git.passwordSecret.name "rollout.prometheus.url" $rollout.prometheus.url -}}
{{- if .Values.networkPolicy.enabled -}}
  {{- $_ := set $needed "networkPolicy.git.to" .Values.networkPolicy.git.to -}}
  {{- $_ := set $needed "networkPolicy.prometheus.to" .Values.networkPolicy.prometheus.to -}}
{{- end -}}
{{- range $key, $value := $needed -}}
  {{- if not $value -}}
    {{- fail (printf "%s: needed, since rollout.enabled is true" $key) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
