# syntax=docker/dockerfile:1

# ---- builder: the environment, exactly as locked; nothing of pip's own stays in the final stage
FROM python:3.12-slim AS builder
# Before 3.12.2, concurrent ast.parse calls could fail; Casbin parses its matcher that way when policies are compiled.
RUN python -c 'import sys; sys.exit(sys.version_info < (3, 12, 2))'
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/tools \
 && /opt/tools/bin/pip install --require-hashes --only-binary :all: -r requirements-build.lock \
 && python -m venv --without-pip /opt/authz \
 && /opt/tools/bin/pip --python /opt/authz/bin/python install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md ./
COPY authz authz
COPY docs/findings docs/findings
RUN /opt/tools/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir dist . \
 && /opt/tools/bin/pip --python /opt/authz/bin/python install --no-deps --no-index dist/*.whl \
 && /opt/authz/bin/python -m compileall -q /opt/authz/lib

# ---- the service: interpreter, environment, policies; no pip, no compiler, no root
FROM python:3.12-slim
LABEL org.opencontainers.image.title="authz" \
      org.opencontainers.image.description="May contact X request action Y from address Z?"
RUN python -m pip uninstall --yes --quiet pip \
 && groupadd --system --gid 10001 authz \
 && useradd --system --uid 10001 --gid authz --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin authz \
 && install -d -o authz -g authz -m 0700 /var/lib/authz
COPY --from=builder /opt/authz /opt/authz
COPY model.conf /etc/authz/model.conf
COPY policies /etc/authz/policies
ENV PATH=/opt/authz/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AUTHZ_POLICIES=/etc/authz/policies \
    AUTHZ_MODEL=/etc/authz/model.conf \
    AUTHZ_DATA=/var/lib/authz \
    AUTHZ_PORT=8000
# AUTHZ_HOST stays the loopback: without API keys the service listens nowhere else. Its callers share its network name space
# (deploy/compose.yaml), or keys exist and AUTHZ_HOST=0.0.0.0 is set.
# The root file system may be read-only: all that is written goes to this volume.
VOLUME /var/lib/authz
WORKDIR /var/lib/authz
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['AUTHZ_PORT'] + '/health/live', timeout=2)"]
ENTRYPOINT ["authz"]
CMD ["serve"]
