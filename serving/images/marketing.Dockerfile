# The app for people, and what fetches its batches from object storage: one image, a container each in one pod.
# docker build -f serving/images/marketing.Dockerfile -t docker.io/churn-serving/marketing:0.1.0 .
ARG BUILDER=docker.io/library/python:3.11-bookworm
ARG BASE=docker.io/library/python:3.11-slim-bookworm

# Libraries change seldom: everything up to here is built once and kept.
FROM ${BUILDER} AS libraries
RUN python -m venv --without-pip /opt/churn
COPY serving/images/marketing.lock /build/
# --no-deps: the lock is complete, and leaves out on purpose what marketing.excludes gives reasons for.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip --python /opt/churn/bin/python install --quiet --no-deps --require-hashes --no-compile -r /build/marketing.lock
COPY ci/image/stage/__init__.py ci/image/stage/slim.py ci/image/stage/shared_libraries.py /build/stage/
COPY serving/images/marketing.prune /build/
WORKDIR /build
RUN python -m stage.slim /opt/churn marketing.prune

FROM libraries AS sources
COPY ci/image/stage/install_sources.py /build/stage/
COPY LICENSE pyproject.toml /build/project/
COPY model_repo /build/project/model_repo
COPY serving/churn_campaigns /build/project/serving/churn_campaigns
COPY serving/churn_marketing /build/project/serving/churn_marketing
RUN python -m stage.install_sources project /opt/sources churn_model churn_data churn_campaigns churn_marketing \
 && PYTHONPATH=/opt/sources /opt/churn/bin/python -c "import catboost, churn_marketing.application, churn_marketing.command, churn_marketing.fetching.process, churn_marketing.planning.tasks, churn_marketing.store.movement, churn_marketing.store.preparation, openpyxl"

FROM ${BASE}
# Nothing can be installed in a running container.
RUN rm -rf /usr/local/bin/pip* /usr/bin/pip* /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/ensurepip \
      /usr/lib/python3.11/ensurepip /usr/lib/python3/dist-packages/pip* \
 && echo "churn:x:10001:10001::/tmp:/usr/sbin/nologin" >>/etc/passwd && echo "churn:x:10001:" >>/etc/group
ENV PATH=/opt/churn/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp CHURN_HOME=/tmp/churn \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 OMP_NUM_THREADS=1 \
    CHURN_MARKETING_HOST=0.0.0.0
COPY --from=libraries /opt/churn /opt/churn
COPY --from=sources /opt/sources /opt/churn/lib/python3.11/site-packages/
USER 10001:10001
WORKDIR /tmp
EXPOSE 8085
ENTRYPOINT ["python", "-m", "churn_marketing"]
ARG VERSION=unknown REVISION=unknown
LABEL org.opencontainers.image.title="churn marketing" org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" org.opencontainers.image.licenses="Apache-2.0"
