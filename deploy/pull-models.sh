#!/bin/sh
# Fill Ollama's model store and stop: run once before the server that uses the store.
# usage: pull-models.sh MODEL...     A model that is already there is not asked for again, so it works offline then.
set -eu

TRIES=${TRIES:-60}

ollama serve &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT

tries=0
until ollama list >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -ge "$TRIES" ] || ! kill -0 "$server" 2>/dev/null; then
        echo "pull-models: ollama serve does not answer" >&2
        exit 1
    fi
    sleep 1
done

for model in "$@"; do
    if ollama show "$model" >/dev/null 2>&1; then
        echo "pull-models: $model is there"
    else
        echo "pull-models: pulling $model"
        if ! ollama pull "$model"; then
            echo "pull-models: could not pull $model; is the network there, and is the name right?" >&2
            exit 1
        fi
    fi
done
