{{/* Where scores and their model come from: what scoring reads and writes, unless values say otherwise. */}}
{{- define "churn.marketingCustomers" -}}
{{- .Values.marketing.scores.customers | default .Values.scoring.input -}}
{{- end -}}

{{- define "churn.marketingAnswers" -}}
{{- .Values.marketing.scores.answers | default .Values.scoring.output -}}
{{- end -}}

{{- define "churn.marketingModelUri" -}}
{{- .Values.marketing.scores.modelUri | default (include "churn.scoringModelUri" .) -}}
{{- end -}}

{{/* The host name that people type. */}}
{{- define "churn.marketingHost" -}}
{{- (urlParse .Values.marketing.publicUrl).hostname -}}
{{- end -}}

{{/* What the app is told. */}}
{{- define "churn.marketingEnvironment" -}}
{{- $marketing := .Values.marketing -}}
{{- $settings := dict
  "PUBLIC_URL" $marketing.publicUrl
  "USECASE" (ternary "/etc/churn/usecase/usecase.yaml" .Values.training.usecase (not (empty .Values.training.usecaseFile)))
  "GATEWAY_URL" (printf "http://%s-gateway:8080" (include "churn.fullname" .))
  "STATE" "/data/state"
  "BATCHES" "/data/scores/batches"
  "CUSTOMERS" "/data/scores/customers"
  "MODEL" "/data/scores/model"
  "STALE_HOURS" ($marketing.scores.staleHours | toString) -}}
{{- with $marketing.currency }}{{- $_ := set $settings "CURRENCY" . }}{{ end -}}
{{- with $marketing.trustedProxy }}{{- $_ := set $settings "TRUSTED_PROXY" . }}{{ end -}}
{{- if .Values.gateway.authentication.required }}{{- $_ := set $settings "GATEWAY_KEY_FILE" "/etc/churn/gateway/key" }}{{ end -}}
{{- if $marketing.users.secretName }}{{- $_ := set $settings "USERS" "/etc/churn/users/users.json" }}{{ end -}}
{{- with $marketing.oidc -}}
{{- if .issuer }}
{{- $_ := set $settings "OIDC_ISSUER" .issuer }}
{{- $_ := set $settings "OIDC_CLIENT_ID" .clientId }}
{{- $_ := set $settings "OIDC_ROLE_CLAIM" .roleClaim }}
{{- $_ := set $settings "OIDC_PLANNERS" .planners }}
{{- $_ := set $settings "OIDC_VIEWERS" .viewers }}
{{- if .clientSecret.name }}{{- $_ := set $settings "OIDC_CLIENT_SECRET_FILE" "/etc/churn/oidc/secret" }}{{ end -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := $settings }}
- name: CHURN_MARKETING_{{ $name }}
  value: {{ $value | quote }}
{{- end }}
- name: CHURN_VERIFY_KEY
  value: /etc/churn/verify/verify.pem
{{- end -}}

{{/* Files of Secrets: name of the volume, Secret, its key, and what the file is called. JSON. */}}
{{- define "churn.marketingSecrets" -}}
{{- $marketing := .Values.marketing -}}
{{- $files := list -}}
{{- if .Values.gateway.authentication.required -}}
{{- $own := dict "secret" (include "churn.initialApiKeyName" .) "key" "key" -}}
{{- with $marketing.gatewayKey -}}{{- if .name -}}{{- $own = dict "secret" .name "key" .key -}}{{- end -}}{{- end -}}
{{- $files = append $files (merge (dict "volume" "gateway" "file" "key") $own) -}}
{{- end -}}
{{- with $marketing.users.secretName -}}
{{- $files = append $files (dict "volume" "users" "secret" . "key" $marketing.users.key "file" "users.json") -}}
{{- end -}}
{{- if and $marketing.oidc.issuer $marketing.oidc.clientSecret.name -}}
{{- $files = append $files (dict "volume" "oidc" "secret" $marketing.oidc.clientSecret.name "key" $marketing.oidc.clientSecret.key "file" "secret") -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}

{{/* What values contradict. */}}
{{- define "churn.validateMarketing" -}}
{{- $marketing := .Values.marketing -}}
{{- if $marketing.enabled -}}
{{- $needed := dict "marketing.publicUrl" $marketing.publicUrl "marketing.scores.customers" (include "churn.marketingCustomers" .) "marketing.scores.answers" (include "churn.marketingAnswers" .) "marketing.scores.modelUri" (include "churn.marketingModelUri" .) -}}
{{- if $marketing.oidc.issuer -}}
  {{- $_ := set $needed "marketing.oidc.clientId" $marketing.oidc.clientId -}}
  {{- if .Values.networkPolicy.enabled -}}
    {{- $_ := set $needed "networkPolicy.oidc.to" .Values.networkPolicy.oidc.to -}}
  {{- end -}}
{{- else -}}
  {{- $_ := set $needed "marketing.users.secretName" $marketing.users.secretName -}}
{{- end -}}
{{- range $key, $value := $needed -}}
  {{- if not $value -}}
    {{- fail (printf "%s: needed, since marketing.enabled is true%s" $key (get (dict "marketing.users.secretName" " and marketing.oidc.issuer is not given: nobody could sign in" "marketing.scores.customers" " and scoring.input is not given" "marketing.scores.answers" " and scoring.output is not given" "networkPolicy.oidc.to" ": name the addresses of marketing.oidc.issuer") $key)) -}}
  {{- end -}}
{{- end -}}
{{- if not .Values.gateway.enabled -}}
  {{- fail "marketing.enabled: the app asks the gateway about single customers; set gateway.enabled" -}}
{{- end -}}
{{- if .Values.objectStorage.enabled -}}
  {{- range $key, $folder := dict "customers" (printf "s3://%s/" .Values.objectStorage.buckets.data) "answers" (printf "s3://%s/scores/" .Values.objectStorage.buckets.data) -}}
    {{- $place := include (printf "churn.marketing%s" (title $key)) $ -}}
    {{- if not (hasPrefix $folder $place) -}}
      {{- fail (printf "marketing.scores.%s: %s, but the development object storage lets the app read below %s alone" $key $place $folder) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- if and $marketing.route.enabled (not $marketing.route.parents) -}}
  {{- fail "marketing.route.parents: needed, since marketing.route.enabled is true" -}}
{{- end -}}
{{- if and (include "churn.holds" (dict "root" . "part" "marketing")) $marketing.enabled $marketing.route.enabled (.Capabilities.APIVersions.Has "apiregistration.k8s.io/v1") (not (.Capabilities.APIVersions.Has "gateway.networking.k8s.io/v1/HTTPRoute")) -}}
  {{- fail "marketing.route.enabled: this cluster has no HTTPRoute of Gateway API; install it, or switch this off" -}}
{{- end -}}
{{- end -}}
