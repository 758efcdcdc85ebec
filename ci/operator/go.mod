// Where the schemas of Prometheus Operator's resources come from (ci/charts). Nothing is built of it.
module operator

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
