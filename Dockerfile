# docker build -t gtfsgen .
# docker run --rm -v "$PWD:/work" gtfsgen -i x.zip -o out -c nl -svu       (as the Java validator's)
# docker run --rm -v "$PWD:/work" --entrypoint gtfsgen gtfsgen build source -o feed
# Add --user "$(id -u):$(id -g)" where the mounted folder is not writable for user 10001.
FROM python:3.12-slim AS build
COPY . /src
RUN /src/ci/install-into /opt/gtfsgen

FROM python:3.12-slim
COPY --from=build /opt/gtfsgen /opt/gtfsgen
ENV PATH=/opt/gtfsgen/bin:$PATH HOME=/tmp
RUN useradd --uid 10001 --no-create-home --home-dir /tmp gtfsgen
USER 10001
WORKDIR /work
ENTRYPOINT ["gtfs-validator"]
