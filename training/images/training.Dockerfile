# Training, MLflow's server and the cluster's set-up jobs, with the starter package that a new cluster begins with.
# docker build -f training/images/training.Dockerfile -t docker.io/churn-serving/training:0.1.0 .
ARG BUILDER=docker.io/library/python:3.11-bookworm
ARG BASE=docker.io/library/python:3.11-slim-bookworm

# Libraries change seldom: everything up to here is built once and kept.
FROM ${BUILDER} AS libraries
RUN python -m venv --without-pip /opt/churn
COPY training/images/training.lock /build/
# --no-deps: the lock is complete, and leaves out on purpose what training.excludes gives reasons for.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip --python /opt/churn/bin/python install --quiet --no-deps --require-hashes --no-compile -r /build/training.lock
COPY ci/image/stage/__init__.py ci/image/stage/slim.py ci/image/stage/shared_libraries.py /build/stage/
COPY training/images/training.prune /build/
WORKDIR /build
RUN python -m stage.slim /opt/churn training.prune

FROM libraries AS sources
COPY ci/image/stage/install_sources.py /build/stage/
COPY LICENSE pyproject.toml /build/project/
COPY model_repo /build/project/model_repo
COPY training/churn_training /build/project/training/churn_training
COPY training/churn_cli /build/project/training/churn_cli
COPY serving/churn_campaigns /build/project/serving/churn_campaigns
COPY serving/churn_monitoring /build/project/serving/churn_monitoring
COPY serving/churn_delivery /build/project/serving/churn_delivery
RUN python -m stage.install_sources project /opt/sources churn_model churn_data churn_training churn_campaigns churn_monitoring churn_delivery churn_cli \
 && PYTHONPATH=/opt/sources /opt/churn/bin/python -c "import churn_cli.commands.train, churn_cli.environment_actions, churn_cli.log_actions, churn_cli.programs.cluster_bootstrap, churn_cli.programs.storage_setup, churn_training.pipeline" \
 && printf "#!/opt/churn/bin/python\\nimport sys\\nfrom churn_cli.main import main\\nsys.exit(main())\\n" >/build/churn && chmod 755 /build/churn

FROM ${BASE}
# What ci/images trains and exports: a folder below the context with package/ and verify.pem.
ARG PACKAGE=.images/packages/starter
# Nothing can be installed in a running container.
RUN rm -rf /usr/local/bin/pip* /usr/bin/pip* /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/ensurepip \
      /usr/lib/python3.11/ensurepip /usr/lib/python3/dist-packages/pip* \
 && echo "churn:x:10001:10001::/tmp:/usr/sbin/nologin" >>/etc/passwd && echo "churn:x:10001:" >>/etc/group
ENV PATH=/opt/churn/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp CHURN_HOME=/tmp/churn \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 OMP_NUM_THREADS=1 \
    LOGNAME=churn GIT_PYTHON_REFRESH=quiet MLFLOW_DISABLE_TELEMETRY=true
COPY --from=libraries /opt/churn /opt/churn
COPY --from=sources /build/churn /opt/churn/bin/
COPY --from=sources /opt/sources /opt/churn/lib/python3.11/site-packages/
COPY ${PACKAGE}/package /starter/package
COPY ${PACKAGE}/verify.pem /starter/verify.pem
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["churn"]
CMD ["--help"]
ARG VERSION=unknown REVISION=unknown
LABEL org.opencontainers.image.title="churn training" org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" org.opencontainers.image.licenses="Apache-2.0"
