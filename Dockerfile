# For everybody who has neither Debian 12 nor 13: builds sciexam-run, and leaves it alone in an empty image.
#
#   docker build -t sciexam .                                    (a quarter of an hour the first time, most of it libraries)
#   docker run --rm sciexam --demo
#   docker run --rm -v "$PWD:/exam" sciexam --package /exam/package --test /exam/test.csv --output /exam/submission.csv
#   docker build --output type=local,dest=. .                    (the program itself, as ./sciexam-run)
#
# The program finds GPUs where the container is given the driver's libraries (--gpus all).

FROM debian:bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates
WORKDIR /sciexam
COPY . .
RUN --mount=type=cache,target=/root/.cache ./build.sh build
RUN ./sciexam-run --version

FROM scratch
COPY --from=build /sciexam/sciexam-run /sciexam-run
WORKDIR /work
ENTRYPOINT ["/sciexam-run"]
