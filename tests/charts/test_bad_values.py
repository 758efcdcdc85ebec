"""Values that cannot work are refused before anything reaches the cluster, by the name of the key to change."""

from typing import Any

import pytest

from tests.charts.rendered import LOOKING_BACK, SHOWN, Chart, Refused, nested

DIGEST = "sha256:" + "0" * 64
ROUTE = {"enabled": True, "parents": [{"name": "public", "sectionName": "https"}], "hostnames": ["churn.example.com"]}


def of_outcomes(**values: str) -> dict[str, Any]:
    return nested(gateway__predictionLog__enabled=True, monitoring__outcomes={"enabled": True, **values})


def of_the_app(**values: Any) -> dict[str, Any]:
    return {**SHOWN, "marketing": {**SHOWN["marketing"], **values}}


OF_THE_SCHEMA = [
    (nested(marketing__publicUrl="http://app.example.com"), "/marketing/publicUrl"),
    (nested(marketing__scores__answers="scores/weekly"), "/marketing/scores/answers"),
    (nested(marketing__scores__kept=0), "/marketing/scores/kept"),
    (nested(marketing__oidc__issuer="http://login.example.com"), "/marketing/oidc/issuer"),
    (nested(marketing__trustedProxy="ingress"), "/marketing/trustedProxy"),
    (nested(marketing__replicas=2), "/marketing"),
    ({"gatway": {}}, "gatway"),
    (nested(gateway__replicas=3), "/gateway"),
    (nested(gateway__canaryPercent=101), "/gateway/canaryPercent"),
    (nested(gateway__canaryPercent="10"), "/gateway/canaryPercent"),
    (nested(gateway__canaryShadowPercent=101), "/gateway/canaryShadowPercent"),
    (nested(gateway__service__type="Loadbalancer"), "/gateway/service/type"),
    (nested(gateway__service__httpNodePort=0), "/gateway/service/httpNodePort"),
    (nested(gateway__routes__http__hostnames=["https://churn.example.com"]), "/gateway/routes/http/hostnames/0"),
    (nested(gateway__routes__grpc__parents=[{"sectionName": "https"}]), "/gateway/routes/grpc/parents/0"),
    (nested(gateway__lastKnownModel="package.json"), "/gateway/lastKnownModel"),
    (nested(gateway__drainSeconds=-1), "/gateway/drainSeconds"),
    (nested(gateway__resources__requests__memory="lots"), "/gateway/resources/requests/memory"),
    (nested(gateway__resources__limits__cpus="1"), "/gateway/resources/limits"),
    (nested(gateway__autoscaling__cpuUtilization=0), "/gateway/autoscaling/cpuUtilization"),
    (nested(gateway__networkPolicy__from=[{"podselector": {}}]), "/gateway/networkPolicy/from/0"),
    (nested(gateway__autoscaling__requestsPerSecond={"enabled": True}), "/gateway/autoscaling"),
    (nested(gateway__requestLog__linesPerSecond=-1), "/gateway/requestLog/linesPerSecond"),
    (nested(gateway__predictionLog__store="predictions"), "/gateway/predictionLog/store"),
    (nested(gateway__predictionLog__volume__size="lots"), "/gateway/predictionLog/volume/size"),
    (nested(gateway__predictionLog__segmentSeconds=0), "/gateway/predictionLog/segmentSeconds"),
    (nested(gateway__predictionLog__syncSeconds=61), "/gateway/predictionLog/syncSeconds"),
    (nested(gateway__predictionLog__giveWaySeconds=-1), "/gateway/predictionLog/giveWaySeconds"),
    (nested(gateway__predictionLog__handOverSeconds=0), "/gateway/predictionLog/handOverSeconds"),
    (nested(monitoring__podMonitor__interval="often"), "/monitoring/podMonitor/interval"),
    (nested(monitoring__prometheusRules__without=["Watchdog"]), "/monitoring/prometheusRules/without/0"),
    (nested(monitoring__drift__every="often"), "/monitoring/drift/every"),
    (nested(monitoring__drift__falseAlarms=0), "/monitoring/drift/falseAlarms"),
    (nested(monitoring__drift__tolerance=-0.1), "/monitoring/drift/tolerance"),
    (nested(monitoring__drift__holdDays=0), "/monitoring/drift/holdDays"),
    (nested(monitoring__drift__modelUri="models:/churn@champion"), "/monitoring/drift/modelUri"),
    (nested(rollout__git__url="https://me:word@git.example.com/platform.git"), "/rollout/git/url"),
    (nested(rollout__environment="../prod"), "/rollout/environment"),
    (nested(monitoring__outcomes__labels="labels.csv"), "/monitoring/outcomes/labels"),
    (nested(monitoring__outcomes__arms="s3://data/plan.xlsx"), "/monitoring/outcomes/arms"),
    (nested(monitoring__outcomes__horizon="soon"), "/monitoring/outcomes/horizon"),
    (nested(monitoring__outcomes__schedule=""), "/monitoring/outcomes/schedule"),
    (nested(monitoring__outcomes__memory="1Gi"), "/monitoring/outcomes/memory"),
    (nested(monitoring__outcomes__reports="reports"), "/monitoring/outcomes/reports"),
    (nested(gateway__ingress__host="https://churn.example.com"), "/gateway/ingress/host"),
    (nested(networkPolicy__more={"trainer": {}}), "/networkPolicy/more"),
    (nested(networkPolicy__more={"training": {"egress": [{"ports": [443]}]}}), "/networkPolicy/more/training/egress/0"),
    (nested(podAnnotations={"trainer": {}}), "/podAnnotations"),
    (nested(podAnnotations={"gateway": {"example.com/inject": True}}), "/podAnnotations/gateway/example.com~1inject"),
    (nested(certificateAuthorities__configMap="/etc/ssl"), "/certificateAuthorities/configMap"),
    (nested(certificateAuthorities__key="../ca.crt"), "/certificateAuthorities/key"),
    (nested(serviceAccounts__annotations={"predictor": {}}), "/serviceAccounts/annotations"),
    (nested(primary__autoscaling__minReplicas=0), "/primary/autoscaling/minReplicas"),
    (nested(primary__model__uri="s3://churn-models"), "/primary/model/uri"),
    (nested(primary__model__uri="s3://churn-models//"), "/primary/model/uri"),
    (nested(primary__model__uri="models:/churn@champion"), "/primary/model/uri"),
    (nested(primary__model__digest="abc"), "/primary/model/digest"),
    (nested(fallback__image__digest=DIGEST[:-1]), "/fallback/image/digest"),
    (nested(canary__target="bento"), "/canary/target"),
    (nested(capacity__headroom=0), "/capacity/headroom"),
    (nested(capacity__headroom=1.5), "/capacity/headroom"),
    (nested(capacity__lostPods=0.5), "/capacity/lostPods"),
    (nested(capacity__targetRequestsPerSecond=0), "/capacity/targetRequestsPerSecond"),
    (nested(training__schedule="every day"), "/training/schedule"),
    (nested(training__data="/customers.csv"), "/training/data"),
    (nested(training__budget="five minutes"), "/training/budget"),
    (nested(training__retrain__window=37), "/training/retrain/window"),
    (nested(training__retrain__coolDown="a day"), "/training/retrain/coolDown"),
    (nested(training__retrain__arms=["plan.csv"]), "/training/retrain/arms/0"),
    (nested(training__retrain__every=30), "/training/retrain"),
    (nested(training__dataClaim__path="../customers.csv"), "/training/dataClaim/path"),
    (nested(training__usecase="telco"), "/training/usecase"),
    (nested(training__backoffLimit=-1), "/training/backoffLimit"),
    (nested(training__concurrencyPolicy="forbid"), "/training/concurrencyPolicy"),
    (nested(scoring__schedule="every day"), "/scoring/schedule"),
    (nested(scoring__input="/customers"), "/scoring/input"),
    (nested(scoring__output="scores"), "/scoring/output"),
    (nested(scoring__modelUri="gs://models/1"), "/scoring/modelUri"),
    (nested(scoring__format="xlsx"), "/scoring/format"),
    (nested(scoring__shards=0), "/scoring/shards"),
    (nested(scoring__parallelism=0), "/scoring/parallelism"),
    (nested(objectStorage__external__endpoint="https://s3.example.com"), "/objectStorage/external/endpoint"),
    (nested(objectStorage__buckets__models="Models"), "/objectStorage/buckets/models"),
    (nested(mlflow__externalUri="mlflow.example.com"), "/mlflow/externalUri"),
    (nested(secrets__signingKey="-----BEGIN PRIVATE KEY-----"), "/secrets"),
    (nested(secrets__existing__apiKeys="-----BEGIN PRIVATE KEY-----"), "/secrets/existing/apiKeys"),
    (nested(networkPolicy__dns__ports=[]), "/networkPolicy/dns/ports"),
    (
        nested(networkPolicy__apiServer__to=[{"ipBlock": {"cidr": "10.0.0.1"}}]),
        "/networkPolicy/apiServer/to/0/ipBlock/cidr",
    ),
    (nested(podDisruptionBudgets__maxUnavailable=0), "/podDisruptionBudgets/maxUnavailable"),
    (nested(fullnameOverride="Churn"), "/fullnameOverride"),
    (nested(tmp__medium="memory"), "/tmp/medium"),
]
OF_THE_TEMPLATES = [
    (of_the_app(publicUrl=""), "marketing.publicUrl: "),
    (of_the_app(users={"secretName": ""}), "marketing.users.secretName: "),
    (of_the_app(oidc={"issuer": "https://login.example.com"}), "marketing.oidc.clientId: "),
    (of_the_app(oidc={"issuer": "https://login.example.com", "clientId": "churn"}), "networkPolicy.oidc.to: "),
    ({**SHOWN, "scoring": {}}, "marketing.scores.answers: "),
    ({**SHOWN, **nested(primary__enabled=False)}, "marketing.scores.modelUri: "),
    ({**SHOWN, **nested(gateway__enabled=False)}, "marketing.enabled: "),
    (of_the_app(scores={"customers": "s3://elsewhere/customers/"}), "marketing.scores.customers: "),
    (of_the_app(scores={"answers": "s3://churn-data/answers/"}), "marketing.scores.answers: "),
    (of_the_app(route={"enabled": True}), "marketing.route.parents: "),
    (nested(primary__enabled=False, fallback__enabled=False), "gateway.enabled: "),
    (nested(certificateAuthorities={"configMap": "a", "secret": "b"}), "certificateAuthorities.secret: "),
    (nested(gateway__canaryPercent=10), "gateway.canaryPercent: "),
    (nested(gateway__canaryShadowPercent=10), "gateway.canaryShadowPercent: "),
    (
        nested(
            canary__enabled=True,
            canary__model__uri="s3://m/2/",
            gateway__canaryPercent=1,
            gateway__canaryShadowPercent=10,
        ),
        "gateway.canaryShadowPercent: ",
    ),
    (nested(canary__enabled=True), "canary.model.uri: "),
    (nested(canary__enabled=True, canary__target="fallback", fallback__enabled=False), "canary.target: "),
    (nested(canary__enabled=True, canary__target="fallback", canary__model__uri="s3://m/2/"), "canary.model.uri: "),
    (nested(canary__enabled=True, canary__model__uri="s3://m/2/", primary__enabled=False), "canary.enabled: "),
    (nested(gateway__ingress__enabled=True), "gateway.ingress.host: "),
    (nested(gateway__ingress__host="churn.example.com"), "gateway.ingress.enabled: "),
    (nested(gateway__ingress__tls__secretName="certificate"), "gateway.ingress.enabled: "),
    (nested(gateway__routes__http={"enabled": True, "hostnames": ["a.example"]}), "gateway.routes.http.parents: "),
    (nested(gateway__routes__grpc={"enabled": True, "parents": [{"name": "g"}]}), "gateway.routes.grpc.hostnames: "),
    (nested(gateway__routes__grpc={"hostnames": ["a.example"]}), "gateway.routes.grpc.enabled: "),
    (nested(gateway__routes={"http": ROUTE, "grpc": ROUTE}), "gateway.routes.grpc.hostnames: "),
    (nested(gateway__lastKnownModel='{"manifest": "{}"}'), "gateway.lastKnownModel: "),
    (nested(gateway__service__httpNodePort=30080), "gateway.service.httpNodePort: "),
    (nested(gateway__service__grpcNodePort=30081), "gateway.service.grpcNodePort: "),
    (
        nested(gateway__service={"type": "NodePort", "httpNodePort": 30080, "grpcNodePort": 30080}),
        "gateway.service.grpcNodePort: ",
    ),
    (
        nested(gateway__predictionLog={"enabled": True, "store": "s3://elsewhere/log/"}),
        "gateway.predictionLog.store: ",
    ),
    (
        nested(gateway__predictionLog={"enabled": True, "volume": {"storageClass": "fast"}}),
        "gateway.predictionLog.volume.storageClass: ",
    ),
    (nested(gateway__predictionLog__volume__size="63Mi"), "gateway.predictionLog.volume.size: "),
    (nested(monitoring__podMonitor__enabled=True), "networkPolicy.monitoring.from: "),
    (nested(monitoring__prometheusRules__without=["ChurnNothing"]), "monitoring.prometheusRules.without: "),
    (
        nested(
            gateway__predictionLog__enabled=True,
            secrets__existing=dict.fromkeys(
                ("objectStorageRoot", "objectStorageUsers", "s3Serving", "s3Training", "s3Mlflow"), "mine"
            ),
        ),
        "secrets.existing.s3PredictionLog: ",
    ),
    (nested(monitoring__drift__enabled=True), "monitoring.drift.enabled: "),
    (nested(monitoring__outcomes__enabled=True), "monitoring.outcomes.enabled: "),
    (nested(rollout__enabled=True, rollout__environment="staging"), "networkPolicy.git.to: "),
    (nested(rollout__enabled=True, networkPolicy__enabled=False), "rollout.environment: "),
    ({**LOOKING_BACK, **nested(gateway__enabled=False)}, "monitoring.drift.enabled: "),
    ({**LOOKING_BACK, **nested(primary__enabled=False)}, "monitoring.drift.modelUri: "),
    ({**LOOKING_BACK, **nested(primary__model__uri="gs://models/1/")}, "monitoring.drift.modelUri: "),
    (nested(monitoring__outcomes__reports="s3://elsewhere/reports/"), "monitoring.outcomes.reports: "),
    (of_outcomes(labels="s3://churn-data/customers.csv"), "monitoring.outcomes.labels: "),
    (of_outcomes(arms="s3://elsewhere/labels/plan.csv"), "monitoring.outcomes.arms: "),
    (nested(objectStorage__external__endpoint="s3.example.com"), "objectStorage.external.endpoint: "),
    (nested(objectStorage__buckets={"models": "same", "data": "same"}), "objectStorage.buckets.data: "),
    (nested(mlflow__enabled=False), "mlflow.externalUri: "),
    (nested(objectStorage__enabled=False), "networkPolicy.objectStorage.to: "),
    (nested(mlflow={"enabled": False, "externalUri": "https://mlflow.example.com"}), "networkPolicy.mlflow.to: "),
    (nested(gateway__service__type="LoadBalancer"), "gateway.service.type: "),
    (nested(mlflow__externalUri="https://mlflow.example.com"), "mlflow.externalUri: "),
    (nested(secrets__existing__s3Serving="mine"), "secrets.existing.objectStorageRoot: "),
    (nested(secrets__existing__apiKeyInitial="mine"), "secrets.existing.apiKeys: "),
    (nested(secrets__trustStarter=False), "secrets.trustStarter: "),
    (nested(training__enabled=False, training__runOnInstall=True), "training.runOnInstall: "),
    (
        nested(training__data="s3://data/c.csv", training__dataClaim={"name": "c", "path": "c.csv"}),
        "training.dataClaim.name: ",
    ),
    (nested(training__dataClaim__name="customers"), "training.dataClaim.path: "),
    (nested(training__dataClaim__path="customers.csv"), "training.dataClaim.name: "),
    (nested(training__retrain__window=6), "training.retrain.window: given, but training.retrain.enabled is false"),
    (
        nested(training__retrain={"enabled": True, "window": 6}, training__data="s3://churn-data/customers.csv"),
        "training.retrain.window: ",
    ),
    (nested(training__retrain={"enabled": True, "arms": ["s3://data/plan.csv"]}), "training.retrain.arms: "),
    (
        nested(training__retrain={"enabled": True, "window": 6, "arms": ["s3://data/plan.csv"]}),
        "training.retrain.arms: given, but nothing here makes the keys",
    ),
    (nested(priorityClasses__training__value=100000), "priorityClasses.training.value: "),
    (nested(scoring__schedule="0 5 * * 0"), "scoring.input: "),
    (nested(scoring__input="s3://data/in/"), "scoring.output: "),
    (nested(scoring__output="s3://data/scores/"), "scoring.input: "),
    (nested(scoring__enabled=False, scoring__schedule="0 5 * * 0"), "scoring.schedule: "),
    (
        nested(
            scoring={"schedule": "0 5 * * 0", "input": "s3://data/in/", "output": "s3://data/o/"},
            primary__enabled=False,
        ),
        "scoring.modelUri: ",
    ),
]


@pytest.mark.parametrize(("values", "key"), OF_THE_SCHEMA, ids=[key for _, key in OF_THE_SCHEMA])
def test_the_schema_names_the_key(chart: Chart, values: dict[str, Any], key: str) -> None:
    with pytest.raises(Refused) as refused:
        chart.render(values)
    message = str(refused.value)
    assert "don't meet the specifications of the schema" in message
    assert f"'{key}'" in message


@pytest.mark.parametrize(("values", "key"), OF_THE_TEMPLATES, ids=[key for _, key in OF_THE_TEMPLATES])
def test_the_templates_name_the_key(chart: Chart, values: dict[str, Any], key: str) -> None:
    with pytest.raises(Refused) as refused:
        chart.render(values)
    assert f"): {key}" in str(refused.value)
