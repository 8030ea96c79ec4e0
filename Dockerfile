# syntax=docker/dockerfile:1
# bngcorr, all verbs: `serve` the packet process, `web` API and pages. docs/kubernetes.md; the chart in helm/bngcorr runs it.
#
#   docker build --tag bngcorr:0.1.0 --build-arg REVISION=$(git rev-parse HEAD) .

ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
# 1: the request path is compiled; 0: not, and no C compiler is used
ARG COMPILED=1
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY bngcorr ./bngcorr
COPY dictionaries ./dictionaries
COPY conf ./conf
RUN python3 -m venv /opt/bngcorr
# pure Python first: the build that is compiled trains with what this one depends on (hatch_build.py)
RUN /opt/bngcorr/bin/python -m pip install --no-cache-dir ".[embedded]"
RUN HATCH_BUILD_HOOKS_ENABLE=${COMPILED} BNGCORR_TRAIN=/opt/bngcorr/bin/python /opt/bngcorr/bin/python -m pip wheel --no-cache-dir --no-deps --wheel-dir wheel .
RUN /opt/bngcorr/bin/python -m pip install --no-cache-dir --no-deps --force-reinstall wheel/*.whl
RUN /opt/bngcorr/bin/python -m compileall -q /opt/bngcorr/lib

FROM python:${PYTHON}-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="bngcorr" \
      org.opencontainers.image.description="RADIUS proxy between broadband gateways and AAA" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/bngcorr /opt/bngcorr
ENV PATH=/opt/bngcorr/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN install -d -o 10001 -g 10001 -m 0750 /var/lib/bngcorr /run/bngcorr
WORKDIR /var/lib/bngcorr
USER 10001:10001
EXPOSE 1812/udp 1813/udp 3799/udp 9812/tcp 8080/tcp
# of `serve` with health.listen on its default port; Kubernetes does not look at it
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9812/healthz', timeout=2)"]
ENTRYPOINT ["bngcorr"]
CMD ["serve", "--config", "/etc/bngcorr/bngcorr.yaml"]
