# Images of the two programs: docker build --target controller . and docker build --target apiserver .
# What they are built from is pinned by digest, so that a tag which moves changes nothing: to update, put in the digest that
# `docker buildx imagetools inspect IMAGE:TAG` prints.
FROM --platform=$BUILDPLATFORM golang:1.26@sha256:3aff6657219a4d9c14e27fb1d8976c49c29fddb70ba835014f477e1c70636647 AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
COPY api/go.mod api/go.sum api/
RUN go mod download
COPY . .
# The web console, which the facade embeds. It is the same for every platform.
RUN hack/console.sh
ENV CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH
RUN go build -trimpath -ldflags "-s -w -X github.com/prometheus/common/version.Version=$VERSION" -o /out/ ./cmd/controller ./cmd/apiserver ./cmd/taskexec-archive && \
    go build -tags=cloud -trimpath -ldflags "-s -w -X github.com/prometheus/common/version.Version=$VERSION" -o /out/controller-cloud ./cmd/controller

FROM gcr.io/distroless/static:nonroot@sha256:e2e927ec666bae08560abb3c55d0659eceabb657f56b6782ab500a9fc7f555e3 AS controller
COPY --from=build /out/controller /out/controller-cloud /
USER 65532:65532
ENTRYPOINT ["/controller"]

FROM gcr.io/distroless/static:nonroot@sha256:e2e927ec666bae08560abb3c55d0659eceabb657f56b6782ab500a9fc7f555e3 AS apiserver
COPY --from=build /out/apiserver /out/taskexec-archive /
USER 65532:65532
ENTRYPOINT ["/apiserver"]
