# One image a service, from one file:  docker build --target rag .   (notes, documents, web, engine)
#
# No BuildKit-only instruction is used, because docker-compose v1 builds with the classic builder.
# Everything comes as a wheel from a lock with hashes, so no stage has a compiler, and the images have no pip of
# their own in the environment they run. The same RUN lines are executed without a container by `make image-steps`.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# ---- the project's own wheel, built by a backend that is locked too
FROM ${PYTHON_IMAGE} AS wheel
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements/images/build.lock ./
RUN python -m venv /opt/backend
RUN /opt/backend/bin/python -m pip install --require-hashes --no-deps --only-binary :all: -r build.lock
COPY pyproject.toml README.md ./
COPY src ./src
RUN /opt/backend/bin/python -m pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /wheels .

# ---- an empty environment, filled from outside: it holds no pip
FROM ${PYTHON_IMAGE} AS installer
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv --without-pip /opt/casewright

# A model's wheel is data only, and names as its own dependencies what is not run here (a llama.cpp to be compiled, a whole
# trainer's libraries). It goes in after the check, which would rightly miss them.
FROM installer AS rag-environment
COPY requirements/images/rag.lock requirements/embedding.txt ./
RUN python -m pip --python /opt/casewright/bin/python install --require-hashes --no-deps --only-binary :all: -r rag.lock
COPY --from=wheel /wheels /wheels
RUN python -m pip --python /opt/casewright/bin/python install --no-deps --no-index /wheels/*.whl
RUN python -m pip --python /opt/casewright/bin/python check
RUN python -m pip --python /opt/casewright/bin/python install --require-hashes --no-deps --only-binary :all: -r embedding.txt

FROM installer AS notes-environment
COPY requirements/images/notes.lock ./
RUN python -m pip --python /opt/casewright/bin/python install --require-hashes --no-deps --only-binary :all: -r notes.lock
COPY --from=wheel /wheels /wheels
RUN python -m pip --python /opt/casewright/bin/python install --no-deps --no-index /wheels/*.whl
RUN python -m pip --python /opt/casewright/bin/python check

FROM installer AS documents-environment
COPY requirements/images/documents.lock ./
RUN python -m pip --python /opt/casewright/bin/python install --require-hashes --no-deps --only-binary :all: -r documents.lock
COPY --from=wheel /wheels /wheels
RUN python -m pip --python /opt/casewright/bin/python install --no-deps --no-index /wheels/*.whl
RUN python -m pip --python /opt/casewright/bin/python check

FROM installer AS web-environment
COPY requirements/images/web.lock ./
RUN python -m pip --python /opt/casewright/bin/python install --require-hashes --no-deps --only-binary :all: -r web.lock
COPY --from=wheel /wheels /wheels
RUN python -m pip --python /opt/casewright/bin/python install --no-deps --no-index /wheels/*.whl
RUN python -m pip --python /opt/casewright/bin/python check

FROM installer AS engine-environment
COPY requirements/images/engine.lock requirements/model.txt ./
RUN python -m pip --python /opt/casewright/bin/python install --require-hashes --no-deps --only-binary :all: -r engine.lock
COPY --from=wheel /wheels /wheels
RUN python -m pip --python /opt/casewright/bin/python install --no-deps --no-index /wheels/*.whl
RUN python -m pip --python /opt/casewright/bin/python check
RUN python -m pip --python /opt/casewright/bin/python install --require-hashes --no-deps --only-binary :all: -r model.txt

# ---- what runs: a user without a shell, and one directory it may write
FROM ${PYTHON_IMAGE} AS runtime
RUN groupadd --gid 10001 casewright \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin casewright \
    && install -d -o 10001 -g 10001 -m 0750 /data
COPY deploy/healthcheck.py /opt/deploy/healthcheck.py
ENV PATH=/opt/casewright/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    ORT_DISABLE_TELEMETRY=1 \
    CASEWRIGHT_DATA=/data
WORKDIR /data
USER 10001:10001

FROM runtime AS rag
COPY --from=rag-environment /opt/casewright /opt/casewright
EXPOSE 8003
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "/opt/deploy/healthcheck.py", "http://127.0.0.1:8003/live"]
ENTRYPOINT ["casewright", "serve", "rag", "--host", "0.0.0.0"]

FROM runtime AS notes
COPY --from=notes-environment /opt/casewright /opt/casewright
EXPOSE 8100
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "/opt/deploy/healthcheck.py", "http://127.0.0.1:8100/live"]
ENTRYPOINT ["casewright", "serve", "notes", "--host", "0.0.0.0"]

FROM runtime AS documents
COPY --from=documents-environment /opt/casewright /opt/casewright
EXPOSE 8101
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-I", "/opt/deploy/healthcheck.py", "http://127.0.0.1:8101/live"]
ENTRYPOINT ["casewright", "serve", "documents", "--host", "0.0.0.0"]

FROM runtime AS web
COPY --from=web-environment /opt/casewright /opt/casewright
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "/opt/deploy/healthcheck.py", "http://127.0.0.1:3000/live"]
ENTRYPOINT ["casewright", "serve", "web", "--host", "0.0.0.0"]

# llama.cpp's wheel leaves OpenMP's library to the system, and the slim image has none.
FROM runtime AS engine
USER 0:0
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=engine-environment /opt/casewright /opt/casewright
EXPOSE 11435
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-I", "/opt/deploy/healthcheck.py", "http://127.0.0.1:11435/health"]
ENTRYPOINT ["casewright", "engine", "serve", "--api", "both", "--host", "0.0.0.0", "--port", "11435"]
