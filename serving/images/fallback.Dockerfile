# The fallback with one model package inside, so that it can answer while storage, registry and network are down.
# docker build -f serving/images/fallback.Dockerfile -t docker.io/churn-serving/fallback:0.1.0 .
ARG BENTO=docker.io/churn-serving/bento:0.1.0

FROM ${BENTO}
# What ci/images trains and exports: a folder below the context with package/ and verify.pem.
ARG PACKAGE=.images/packages/starter
COPY ${PACKAGE}/package /model
COPY ${PACKAGE}/verify.pem /model-verify.pem
# A package that a server would refuse does not become an image.
RUN ["python", "-c", "from pathlib import Path; from churn_model.package import open_package; from churn_model.signing import TrustedKeys; open_package(Path('/model'), TrustedKeys.load(Path('/model-verify.pem')))"]
ENV CHURN_VERIFY_KEY=/model-verify.pem
ARG VERSION=unknown REVISION=unknown
LABEL org.opencontainers.image.title="churn fallback" org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
