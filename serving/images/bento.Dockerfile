# The fallback without a model: a BentoML service around a model package at /model. fallback.Dockerfile bakes one in.
# docker build -f serving/images/bento.Dockerfile -t docker.io/churn-serving/bento:0.1.0 .
ARG BUILDER=docker.io/library/python:3.11-bookworm
ARG BASE=docker.io/library/python:3.11-slim-bookworm

# Libraries change seldom: everything up to here is built once and kept.
FROM ${BUILDER} AS libraries
RUN python -m venv --without-pip /opt/churn
COPY serving/images/bento.lock /build/
# --no-deps: the lock is complete, and leaves out on purpose what bento.excludes gives reasons for.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip --python /opt/churn/bin/python install --quiet --no-deps --require-hashes --no-compile -r /build/bento.lock
COPY ci/image/stage/__init__.py ci/image/stage/slim.py ci/image/stage/shared_libraries.py /build/stage/
COPY serving/images/bento.prune /build/
WORKDIR /build
RUN python -m stage.slim /opt/churn bento.prune

FROM libraries AS sources
COPY ci/image/stage/install_sources.py /build/stage/
COPY LICENSE pyproject.toml /build/project/
COPY model_repo /build/project/model_repo
COPY serving/churn_serving /build/project/serving/churn_serving
RUN python -m stage.install_sources project /opt/sources churn_model churn_serving \
 && PYTHONPATH=/opt/sources /opt/churn/bin/python -c "import catboost; from churn_serving.bento import service; service.application()"

FROM ${BASE}
# Nothing can be installed in a running container.
RUN rm -rf /usr/local/bin/pip* /usr/bin/pip* /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/ensurepip \
      /usr/lib/python3.11/ensurepip /usr/lib/python3/dist-packages/pip* \
 && echo "churn:x:10001:10001::/tmp:/usr/sbin/nologin" >>/etc/passwd && echo "churn:x:10001:" >>/etc/group
ENV PATH=/opt/churn/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp CHURN_HOME=/tmp/churn \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 OMP_NUM_THREADS=1 \
    CHURN_BENTO_HOST=0.0.0.0 CHURN_BENTO_MODEL=/model CHURN_BENTO_PORT=8080 CHURN_BENTO_METRICS_PORT=9090
COPY --from=libraries /opt/churn /opt/churn
COPY --from=sources /opt/sources /opt/churn/lib/python3.11/site-packages/
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080 9090
ENTRYPOINT ["python", "-m", "churn_serving.bento"]
ARG VERSION=unknown REVISION=unknown
LABEL org.opencontainers.image.title="churn bento" org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" org.opencontainers.image.licenses="Apache-2.0"
