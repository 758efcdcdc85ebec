{{/* What a schema cannot say of routes. Gateway API takes one host name at one listener for HTTP or for gRPC, and rejects the later of two. */}}
{{- define "churn.validateRoutes" -}}
{{- $routes := .Values.gateway.routes -}}
{{- range $name, $route := $routes -}}
  {{- range tuple "parents" "hostnames" -}}
    {{- if and $route.enabled (not (index $route .)) -}}
      {{- fail (printf "gateway.routes.%s.%s: needed, since gateway.routes.%s.enabled is true" $name . $name) -}}
    {{- else if and (not $route.enabled) (index $route .) -}}
      {{- fail (printf "gateway.routes.%s.enabled: false, but %s are given; enable the route or leave them empty" $name .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and $routes.http.enabled $routes.grpc.enabled -}}
  {{- range $routes.grpc.parents -}}
    {{- if has . $routes.http.parents -}}
      {{- range $routes.grpc.hostnames -}}
        {{- if has . $routes.http.hostnames -}}
          {{- fail (printf "gateway.routes.grpc.hostnames: %s is a host name of gateway.routes.http at the same listener, which takes one of both; give gRPC another one, or another listener by sectionName" .) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
